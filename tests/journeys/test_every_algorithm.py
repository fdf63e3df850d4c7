"""Every kind of matrix that is installed, from a file to its end on a real server: a parabola whose lowest point is at
x = 3, logged step by step."""

from __future__ import annotations

import json
import sys

import pytest
from yard import Yard, ended

PROGRAM = """
import sys, trainyard
x, steps = float(sys.argv[1]), int(sys.argv[2])
run = trainyard.init()
for step in range(1, steps + 1):
    run.log({"loss": (x - 3) ** 2 + 1 / step, "size": abs(x)}, step=step)
"""
TUNER = """
import json, sys, trainyard
trials = json.loads(sys.argv[1])
trainyard.init().log_outputs(suggestions=[{"x": 1.0}, {"x": 2.5}] if not trials else [{"x": 3.0}])
"""
X = {"x": {"kind": "uniform", "value": [-5, 5]}}
LOSS = {"name": "loss", "optimization": "minimize"}
TUNED = {
    "component": {
        "inputs": [{"name": "iteration", "type": "int"}, {"name": "trials", "type": "list"}],
        "run": {
            "kind": "job",
            "container": {"command": [sys.executable, "-c", TUNER], "args": ["{{ trials | tojson }}"]},
        },
    }
}
KINDS = {
    "mapping": ({"values": [{"x": 1.0}, {"x": 2.0}]}, 2),
    "grid": ({"params": {"x": {"kind": "linspace", "value": {"start": 0, "stop": 4, "num": 3}}}}, 3),
    "random": ({"numRuns": 3, "seed": 1, "params": X}, 3),
    "hyperband": (
        {"maxIterations": 3, "eta": 3, "resource": {"name": "steps"}, "metric": LOSS, "seed": 1, "params": X},
        6,
    ),
    "asha": ({"numRuns": 4, "maxIterations": 3, "eta": 3, "metric": LOSS, "seed": 1, "params": X}, 4),
    "tpe": ({"numRuns": 3, "metric": LOSS, "seed": 1, "params": X}, 3),
    "hyperopt": ({"algorithm": "tpe", "numRuns": 3, "metric": LOSS, "seed": 1, "params": X}, 3),
    "bayes": ({"numInitialRuns": 2, "maxIterations": 1, "metric": LOSS, "seed": 1, "params": X}, 3),
    "ax": (
        {"numTrials": 3, "metrics": [LOSS, {"name": "size", "optimization": "minimize"}], "seed": 1, "params": X},
        3,
    ),
    "iterative": ({"maxIterations": 2, "tuner": TUNED, "params": X}, 3),
}


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    with Yard(tmp_path_factory.mktemp("algorithms")) as running:
        yield running


@pytest.mark.parametrize("kind", KINDS)
def test_a_sweep_of_this_kind(yard, tmp_path, kind):
    fields, trials = KINDS[kind]
    operation = {
        "version": 1.1,
        "kind": "operation",
        "name": kind,
        "matrix": {"kind": kind, "concurrency": 2, **fields},
        "component": {
            "inputs": [{"name": "x", "type": "float"}, {"name": "steps", "type": "int", "value": 3}],
            "run": {
                "kind": "job",
                "container": {
                    "command": [sys.executable, "-c", PROGRAM],
                    "args": ["{{ x }}", "{{ steps }}"],
                    "resources": {"requests": {"cpu": 0.1}},
                },
            },
        },
    }
    path = tmp_path / "sweep.yaml"
    path.write_text(json.dumps(operation))
    sweep = json.loads(yard.command("run", "-f", str(path), "--json"))["id"]
    with yard.client() as client:
        done = ended(client, sweep)
        assert done.status == "succeeded", done.message
        runs = [run for run in client.runs.list(q=f"sweep:{sweep}") if "tuner" not in run.meta]
        assert len(runs) == trials
        assert {run.status for run in runs} <= {"succeeded", "stopped"}
    shown = json.loads(yard.command("sweep", sweep, "--no-watch", "--json"))
    assert len(shown["trials"]) == trials
    assert shown["sweep"]["algorithm"] == ("tpe" if kind == "hyperopt" else kind)
