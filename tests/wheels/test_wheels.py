"""Every distribution as a wheel, installed by pip into an environment of its own, away from the source tree: a server
runs a program with them, and an agent does without what only a server needs."""

from __future__ import annotations

import json

import pytest

from .conftest import FOLDERS
from .environment import Environment


@pytest.fixture(scope="module")
def of_agent(wheels, tmp_path_factory):
    """An environment in which nothing is that only a server needs."""
    environment = Environment(tmp_path_factory.mktemp("agent") / "venv")
    environment.install(*wheels)
    environment.hide_what_servers_need()
    return environment


def test_nothing_is_imported_from_the_source_tree(installed, tmp_path):
    modules = [path.parent.name for folder in FOLDERS for path in (folder / "src").glob("*/__init__.py")]
    code = f"import importlib; print(*[importlib.import_module(name).__file__ for name in {modules}])"
    found = installed.run("-c", code, cwd=tmp_path).split()
    assert len(found) == len(FOLDERS)
    assert all(path.startswith(str(installed.folder)) for path in found), found


def test_a_server_of_wheels_has_a_program_run_by_an_agent_without_what_only_a_server_needs(
    installed, of_agent, tmp_path
):
    (tmp_path / "train.py").write_text("import trainyard\nwith trainyard.init() as run:\n    run.log({'loss': 0.5})\n")
    here = {"cwd": tmp_path, "TRAINYARD_DATA": str(tmp_path / "data")}
    with installed.serving("up", "--port", "0", **here, TRAINYARD_AGENT="") as said:
        token = json.loads(installed.yard("agents", "add", "far", "--json", **here))["token"]
        agent = ("agent", "--name", "far", "--url", said.split()[-1], "--data", str(tmp_path / "far"))
        with of_agent.serving(*agent, cwd=tmp_path, TRAINYARD_TOKEN=token):
            installed.yard("run", "--watch", "--", str(installed.python), "-W", "ignore", "train.py", **here)
        assert "succeeded" in installed.yard("ls", **here)
        assert "loss" in installed.yard("metrics", "latest", **here)
        assert "scheduler_process" in installed.yard("plugins", "ls", **here)


def test_yard_up_says_what_an_agents_installation_lacks(of_agent, tmp_path):
    said = of_agent.yard("up", "--data", "data", cwd=tmp_path, code=1)
    assert said.startswith("yard up: this installation has no server: No module named")
    assert "pip install 'trainyard-core[server]'" in said
