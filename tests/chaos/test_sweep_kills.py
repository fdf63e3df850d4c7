"""Random SIGKILL of whatever there is while a sweep goes on: it ends with exactly the trials that it should have, none
twice and none forgotten, however often its director, its runners and its queue die.

`make chaos` runs it at full scale (CHAOS_SCALE=1: 2,000 trials, 100 kills); without it a twentieth.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from trainyard.client.models import CreateRun

from .stage import SETTINGS, Stage, wait_until
from .test_random_kills import PARTS, SEED, WHOLE, Killer

SCALE = float(os.environ.get("CHAOS_SCALE", "0.05"))
TRIALS, KILLS = max(20, int(2000 * SCALE)), max(5, int(100 * SCALE))
NOTE = 'echo "$0 $TRAINYARD_RUN $TRAINYARD_ATTEMPT" >> "$1"'


@pytest.fixture
def settings() -> dict[str, str]:
    """Room for the sweep's trials at a time."""
    return {**SETTINGS, "TRAINYARD_SCHEDULER_PROCESS__CPU": "8"}


def test_a_sweep_counts_every_trial_once_whatever_dies(alone: Stage, capsys: pytest.CaptureFixture[str]):
    endure(alone, WHOLE, capsys)


def test_a_sweep_of_several_processes_counts_every_trial_once(split: Stage, capsys: pytest.CaptureFixture[str]):
    endure(split, PARTS, capsys)


def endure(stage: Stage, victims: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Kill until enough has died, at times that are spread over the sweep; then compare the books."""
    stage.up()
    chance, book = random.Random(SEED), stage.books / "trials"
    killer, sweep = Killer(stage, chance, victims), begin(stage, book)
    for number in range(KILLS):
        due = TRIALS * number // KILLS
        wait_until(lambda due=due: len(notes(book)) >= due, within=600, what=f"trial {due} has run", else_=stage.up)
        killer.strike()
    wait_until(lambda: not stage.phases(), within=60 + TRIALS, what=f"the sweep ends (seed {SEED})", else_=stage.up)
    with capsys.disabled():
        print(f"\nsweep, chaos seed {SEED}: victims {dict(killer.victims)}, starts {stage.starts}")
    check(stage, sweep, book)


def begin(stage: Stage, book: Path, *, key: str = "noop") -> str:
    """The run of the sweep of that key."""
    operation = {
        "version": 1.1,
        "kind": "operation",
        "name": "noop",
        "matrix": {
            "kind": "random",
            "numRuns": TRIALS,
            "concurrency": 8,
            "seed": 5,
            "params": {"x": {"kind": "uniform", "value": [1, 1_000_000_000]}},
        },
        "component": {
            "inputs": [{"name": "x", "type": "int"}],
            "run": {
                "kind": "job",
                "container": {
                    "command": ["sh", "-c", NOTE],
                    "args": ["{{ x }}", str(book)],
                    "resources": {"requests": {"cpu": 1}},
                },
            },
        },
    }
    with stage.client() as client:
        return client.runs.create(CreateRun(operation=operation), key=key).id


def notes(book: Path) -> list[list[str]]:
    """What the programs wrote down: x, run, attempt."""
    with contextlib.suppress(FileNotFoundError):
        return [line.split() for line in book.read_text().splitlines()]
    return []


def check(stage: Stage, sweep: str, book: Path) -> None:
    """Exactly so many trials, all of them well, no point tried twice, no attempt run twice."""
    with stage.client() as client:
        ended = client.runs.get(sweep)
        assert (ended.status, ended.message) == ("succeeded", f"{TRIALS} of {TRIALS} trials succeeded")
        runs = list(client.runs.list(q=f"sweep:{sweep}"))
    assert Counter(run.status for run in runs) == {"succeeded": TRIALS}
    tried = Counter(run.params["x"] for run in runs)
    assert len(tried) == TRIALS, "a point was tried twice"
    written = notes(book)
    assert max(Counter((run, attempt) for _, run, attempt in written).values()) == 1, "an attempt ran twice"
    assert {(int(x), run) for x, run, _ in written} == {(run.params["x"], run.id) for run in runs}
