"""Healthy trials of a sweep, run side by side by two servers on one PostgreSQL, are all judged by their last value:
none fails for want of a metric that it has, none is given a value that came before the last one.

`make chaos` runs it at full scale (CHAOS_SCALE=1: 3,000 trials, 500 of them with a last value that comes late); without
it a fiftieth.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from trainyard.client import Client
from trainyard.client.models import CreateRun

from .stage import Stage, wait_until

SCALE = float(os.environ.get("CHAOS_SCALE", "0.02"))
QUICK, LATE = max(40, int(2500 * SCALE)), max(10, int(500 * SCALE))
PROGRAM = """
import sys, time, trainyard
x, kind = float(sys.argv[1]), sys.argv[2]
run = trainyard.init()
values = [99.0, x * x] if kind == "late" else [x * x + 4 - i for i in range(5)]
for step, value in enumerate(values):
    run.log({"m": value}, step)
    time.sleep(1.7 if kind == "late" and step == 0 else 0.05)
"""


@pytest.fixture
def servers(tmp_path: Path, postgres_url: str, valkey_url: str):
    """Two servers with an agent each; their tracker's folder is one."""
    shared = {
        "TRAINYARD_DATABASE": postgres_url,
        "TRAINYARD_VALKEY": valkey_url,
        "TRAINYARD_TRACKER_FOLDER__ROOT": str(tmp_path / "tracked"),
        "TRAINYARD_SCHEDULER_PROCESS__CPU": "12",
    }
    stages = []
    for name in ("one", "other"):
        stages.append(Stage(tmp_path / name, environ={**shared, "TRAINYARD_AGENT": name}))
        stages[-1].up()
    yield stages
    for stage in stages:
        stage.down()


def test_every_healthy_trial_is_judged_by_its_last_value(servers: list[Stage]) -> None:
    one, other = servers
    with one.client() as first, other.client() as second:
        sweeps = {begin(first, "quick", QUICK): QUICK, begin(second, "late", LATE): LATE}
        wait_until(
            lambda: all(first.runs.get(sweep).is_final for sweep in sweeps),
            within=120 + 2 * (QUICK + LATE),
            what="both sweeps end",
        )
        for sweep, count in sweeps.items():
            check(second, sweep, count)


def begin(client: Client, kind: str, trials: int) -> str:
    """A sweep of that many trials, 12 at a time."""
    operation = {
        "version": 1.1,
        "kind": "operation",
        "matrix": {
            "kind": "tpe",
            "numRuns": trials,
            "concurrency": 12,
            "seed": 7,
            "metric": {"name": "m", "optimization": "minimize"},
            "params": {"x": {"kind": "uniform", "value": {"low": -2, "high": 2}}},
        },
        "component": {
            "inputs": [{"name": "x", "type": "float"}],
            "run": {
                "kind": "job",
                "container": {
                    "command": [sys.executable, "-c", PROGRAM],
                    "args": ["{{ x }}", kind],
                    "resources": {"requests": {"cpu": "100m"}},
                },
            },
        },
    }
    return client.runs.create(CreateRun(operation=operation)).id


def check(client: Client, sweep: str, count: int) -> None:
    """Every trial has succeeded, with the last value of its run, which is the one that its program logged last."""
    trials = list(client.sweeps.trials(sweep))
    assert Counter(trial.phase for trial in trials) == {"succeeded": count}, [t.message for t in trials if t.message]
    metrics = {run.id: run.metrics["m"] for run in client.runs.list(q=f"sweep:{sweep}")}
    for trial in trials:
        last = metrics[trial.run]
        assert trial.value == last == pytest.approx(float(trial.params["x"]) ** 2, abs=1e-9), trial
