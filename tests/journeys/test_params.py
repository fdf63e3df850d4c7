"""The params of a run, from `yard run -P` and from a sweep to its program."""

from __future__ import annotations

import json
import sys

import pytest
from yard import Yard, ended

PROGRAM = "import json, trainyard; p = trainyard.params(); print(json.dumps({**p, 'note': len(p['note'])}))"


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    with Yard(tmp_path_factory.mktemp("params")) as running:
        yield running


def written(folder, **more):
    """A file that runs the program, with an input that has a default and one that has none."""
    component = {
        "inputs": [
            {"name": "lr", "type": "float", "value": 0.1, "isOptional": True},
            {"name": "note", "type": "str", "value": "x", "isOptional": True},
        ],
        "run": {"kind": "job", "container": {"command": [sys.executable, "-W", "ignore", "-c", PROGRAM]}},
    }
    path = folder / "operation.json"
    path.write_text(json.dumps({"version": 1.1, "kind": "operation", "component": component, **more}))
    return str(path)


def printed(client, run):
    """What the program read, of the note its length, once the run has succeeded."""
    done = ended(client, run)
    assert done.status == "succeeded"
    assert done.started_at < done.finished_at, "it took a moment, also when only its end was seen"
    (line,) = client.runs.lines(run)
    return json.loads(line.text)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), {"lr": 0.1, "note": 1}),
        (("-P", "lr=0.5"), {"lr": 0.5, "note": 1}),
        (("-P", f"note={'y' * 80_000}"), {"lr": 0.1, "note": 80_000}),
    ],
    ids=["defaults", "given", "long"],
)
def test_a_program_reads_the_params_of_its_run(yard, tmp_path, given, expected):
    run = yard.command("run", "-f", written(tmp_path), *given).split()[0]
    with yard.client() as client:
        assert printed(client, run) == expected


def test_a_program_reads_the_params_of_its_trial(yard, tmp_path):
    matrix = {"kind": "grid", "params": {"lr": {"kind": "choice", "value": [0.25, 0.75]}}}
    sweep = yard.command("run", "-f", written(tmp_path, matrix=matrix)).split()[0]
    with yard.client() as client:
        assert ended(client, sweep).status == "succeeded"
        trials = [trial.run for trial in client.sweeps.trials(sweep)]
        seen = [printed(client, run) for run in trials]
    assert sorted(params["lr"] for params in seen) == [0.25, 0.75]
    assert all(params["note"] == 1 for params in seen)
