"""Every distribution as a wheel, installed by pip into an environment of its own, away from the source tree: a server
runs a program with them, and an agent does without what only a server needs."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from contextlib import contextmanager
from pathlib import Path

import pytest

from .workspace import ROOT, distributions

OF_SERVERS = ("arq", "asyncpg", "litestar", "piccolo", "redis", "uvicorn")
WITHOUT = f"""
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {OF_SERVERS!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
"""
ALTERNATES = ROOT / "tests" / "alternates"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """A wheel of each distribution that users install."""
    folder = tmp_path_factory.mktemp("wheels")
    for each in distributions():
        if ALTERNATES not in each.folder.parents:
            command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
            subprocess.run(command, cwd=each.folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def installed(wheels, tmp_path_factory):
    """An environment with all of them. What they need of others is found where this environment has it; its links to
    the source tree are not followed from there."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--no-deps", "--quiet"]
    subprocess.run([*pip, *map(str, sorted(wheels.glob("*.whl")))], check=True)
    (site,) = (folder / "lib").glob("python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run(python, *arguments, cwd, **environ):
    """What a program of that environment prints."""
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), **environ}
    done = subprocess.run(
        [python, *arguments], capture_output=True, text=True, timeout=120, cwd=cwd, env=variables, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_is_imported_from_the_source_tree(installed, tmp_path):
    modules = [each.package.name for each in distributions() if ALTERNATES not in each.folder.parents]
    found = run(
        installed,
        "-c",
        f"import {', '.join(modules)}; print(*[m.__file__ for m in ({', '.join(modules)},)])",
        cwd=tmp_path,
    )
    assert all(Path(path).is_relative_to(installed.parent.parent) for path in found.split()), found


@contextmanager
def serving(yard, cwd, **environ):
    """A program that says where it serves, until the block ends."""
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), **environ}
    process = subprocess.Popen(yard, stdout=subprocess.PIPE, text=True, env=variables, cwd=cwd)
    try:
        yield process.stdout.readline()
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_a_server_of_wheels_has_a_program_run_by_an_agent_without_what_only_a_server_needs(installed, tmp_path):
    (tmp_path / "train.py").write_text("import trainyard\nwith trainyard.init() as run:\n    run.log({'loss': 0.5})\n")
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sitecustomize.py").write_text(WITHOUT)
    yard, here = [installed, "-W", "ignore", "-m", "trainyard.cli"], {"TRAINYARD_DATA": str(tmp_path / "data")}
    with serving([*yard, "up", "--port", "0"], tmp_path, **here, TRAINYARD_AGENT="") as said:
        token = json.loads(run(*yard, "agents", "add", "far", "--json", cwd=tmp_path, **here))["token"]
        environ = {"TRAINYARD_TOKEN": token, "PYTHONPATH": str(tmp_path / "without")}
        command = [*yard, "agent", "--name", "far", "--url", said.split()[-1], "--data", str(tmp_path / "far")]
        with serving(command, tmp_path, **environ):
            run(*yard, "run", "--watch", "--", str(installed), "-W", "ignore", "train.py", cwd=tmp_path, **here)
        assert "succeeded" in run(*yard, "ls", cwd=tmp_path, **here)
        assert "loss" in run(*yard, "metrics", "latest", cwd=tmp_path, **here)
        assert "scheduler_process" in run(*yard, "plugins", "ls", cwd=tmp_path, **here)


def test_yard_up_says_what_an_agents_installation_lacks(installed, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    done = subprocess.run(
        [installed, "-m", "trainyard.cli", "up", "--data", "data"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(tmp_path)},
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("yard up: this installation has no server")
    assert "pip install 'trainyard-core[server]'" in done.stderr
