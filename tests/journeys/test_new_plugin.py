"""`yard plugins new`: a package that pip installs, that passes the suite of its contract, and that runs the digits
example, with no edit to core."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from yard import YARD, Yard, ended, eventually

DIGITS = Path(__file__).resolve().parents[2] / "deploy" / "examples" / "digits"
CODE = {"scheduler": "TRAINYARD_SCHEDULER", "tracker": "TRAINYARD_TRACKER"}


class Environment:
    """A virtual environment of its own that sees what is installed beside the tests, and the package in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.create(folder, symlinks=True)
        self.python = folder / "bin" / "python"
        site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
        (site / "beside.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")

    def install(self, package: Path) -> None:
        """By pip, with what it depends on, from nowhere but here."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python)]
        self.run(
            *pip, "install", "-q", "--no-build-isolation", "--no-index", "--disable-pip-version-check", str(package)
        )

    def run(self, *command: str) -> str:
        """A program of it; it must end well."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TRAINYARD_", "PYTEST"))}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=300, cwd=self.folder, env={**inherited, **self.variables}
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    @property
    def variables(self) -> dict[str, str]:
        """What activating it sets."""
        path = os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]])
        return {"VIRTUAL_ENV": str(self.folder), "PATH": path, "TRAINYARD_DATA": str(self.folder / "none")}


@pytest.fixture
def environment(tmp_path):
    return Environment(tmp_path / "env")


@pytest.mark.parametrize("kind", ["scheduler", "tracker"])
def test_a_new_plugin_installs_passes_its_suite_and_runs_the_digits_example(environment, kind, tmp_path, monkeypatch):
    pytest.importorskip("sklearn", reason="the digits example needs scikit-learn: make demo installs it")
    python = str(environment.python)
    environment.run(python, *YARD[1:], "plugins", "new", kind, "demo", "--into", str(tmp_path))
    package = tmp_path / f"{kind}_demo"
    environment.install(package)
    assert " passed" in environment.run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(package / "tests"))
    assert environment.run(python, *YARD[1:], "plugins", "check", f"{kind}_demo") == (
        f"ok      {kind}_demo  {kind}:demo\n"
    )
    monkeypatch.setattr("yard.YARD", [python, *YARD[1:]])
    with Yard(
        tmp_path, environ={**environment.variables, "TRAINYARD_DATA": str(tmp_path / "data"), CODE[kind]: "demo"}
    ) as yard:
        _digits(yard, kind)
        if kind == "scheduler":
            attempts = tmp_path / "data" / "plugins" / f"{kind}_demo" / "attempts"
            eventually(lambda: not list(attempts.glob("[!.]*")), what="no folder of a released run is left")


def _digits(yard: Yard, kind: str) -> None:
    """As `yard run -f digits.yaml` in its folder; what was tracked is read back."""
    with yard.client() as client:
        assert f"{kind}:demo" in [offer for plugin in client.plugins() for offer in plugin.offers]
        printed = yard.command("run", "-f", str(DIGITS / "digits.yaml"), "-P", "epochs=2", "--json")
        run = ended(client, json.loads(printed)["id"], within=120)
        assert run.status == "succeeded", run.last_lines
        assert run.metrics["test/accuracy"] > 0.5
        (series,) = client.runs.series(run.id, ["test/accuracy"], points=0)
        assert series.total == 2
        assert list(client.runs.lines(run.id))
