"""The example operations: each compiles, refuses what it says it refuses, and the smallest is tracked by hand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from trainyard.cli import main
from trainyard.compile import compile_operation
from trainyard.compile.context import example_globals
from trainyard.spec import load_file
from trainyard.spec.error import SpecError

EXAMPLES = Path(__file__).resolve().parents[2] / "deploy" / "examples"
DIGITS = EXAMPLES / "digits"
OPERATIONS = sorted(EXAMPLES.rglob("*.yaml"))


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.name)
def test_an_example_compiles_with_its_defaults(path, capsys):
    assert main(["lint", str(path)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.name)
def test_an_example_calls_a_program_that_is_there(path):
    for program in re.findall(r"command: \[python, ([a-z_]+\.py)\]", path.read_text()):
        assert (path.parent / program).is_file()


@pytest.mark.parametrize("params", [{"lr": "7"}, {"lr": "fast"}, {"hidden": "0"}, {"rate": "0.1"}])
def test_digits_refuses_params_that_make_no_sense(params):
    operation = {"version": 1.1, "kind": "operation", "component": load_file(DIGITS / "component.yaml").data}
    with pytest.raises(SpecError):
        compile_operation(operation, globals=example_globals(), params=params)


def test_hello_is_tracked_when_a_person_starts_it(tmp_path):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRAINYARD_")}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "hello" / "train.py"), "--steps", "5"],
        env={**environ, "TRAINYARD_DATA": str(tmp_path), "TRAINYARD_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "after 5 steps" in done.stdout
    (spool,) = (tmp_path / "spool").iterdir()
    assert any(path.stat().st_size for path in spool.rglob("*") if path.is_file())
