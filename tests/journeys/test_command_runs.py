"""`yard run -- COMMAND`: a program of a user's folder becomes a run, word for word, with its options as params."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from yard import Yard

PROGRAM = """
import json, pathlib, sys, trainyard
run = trainyard.init()
run.log({"loss": 0.5})
run.log_outputs({"words": json.dumps(sys.argv[1:]), "folder": str(pathlib.Path.cwd())})
"""
ODD = "{{ name }} {# no comment #} {% if %} ${HOME} }}"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Yard(tmp_path_factory.mktemp("commands")) as yard:
        (yard.folder / "train.py").write_text(PROGRAM)
        yield yard


def ran(served, *arguments):
    """A run that a command line made, once it has ended."""
    served.command("run", "--watch", *arguments)
    return json.loads(served.command("get", "latest", "--json"))


def test_a_command_runs_here_word_for_word_and_its_options_are_params(served):
    words = [
        "--lr",
        "1e-3",
        "--depth=4",
        "--cuda",
        "3.10",
        "--cut=",
        "--note",
        ODD,
        "--layer",
        "1",
        "--layer",
        "2",
        "--amp",
    ]
    run = ran(served, "--", sys.executable, "train.py", *words)
    assert (run["status"], run["name"], run["metrics"]) == ("succeeded", "train", {"loss": 0.5})
    assert run["params"] == {"lr": 0.001, "depth": 4, "cuda": "3.10", "cut": ""}
    assert run["outputs"]["folder"] == str(served.folder)
    assert json.loads(run["outputs"]["words"]) == ["--lr", "0.001", *words[2:]]


def test_it_runs_again_with_another_param(served):
    first = ran(served, "--", sys.executable, "train.py", "--lr", "0.1")
    again = served.command("restart", first["id"][-8:], "-P", "lr=0.2").strip()
    served.client().runs.wait(again, timeout=60)
    run = json.loads(served.command("get", again, "--json"))
    assert json.loads(run["outputs"]["words"]) == ["--lr", "0.2"]


def test_a_commit_is_taken_along_and_the_command_starts_where_it_was_called(served):
    below = served.folder / "repository" / "below"
    below.mkdir(parents=True)
    (below / "train.py").write_text(PROGRAM)
    git = ["git", "-C", str(below.parent), "-c", "user.name=n", "-c", "user.email=e@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *arguments], check=True)
    (below / "train.py").write_text(PROGRAM.replace("0.5", "0.25"))
    folder, served.folder = served.folder, below
    try:
        served.command("run", "--watch", "--code", "git", "--", sys.executable, "train.py")
    finally:
        served.folder = folder
    run = json.loads(served.command("get", "latest", "--json"))
    assert {name: value for name, value in run["metrics"].items() if not name.startswith("system/")} == {"loss": 0.25}
    assert run["outputs"]["folder"].endswith("/below")
    assert not run["outputs"]["folder"].startswith(str(folder / "repository"))
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    assert commit[:12] in served.command("get", "latest")


def test_a_file_needs_no_option(served):
    (served.folder / "train.yaml").write_text(
        f"version: 1.1\nkind: operation\nname: written\ncomponent:\n  run:\n    kind: job\n    container:\n"
        f"      command: [{sys.executable}, train.py]\n"
    )
    assert ran(served, "train.yaml")["name"] == "written"
