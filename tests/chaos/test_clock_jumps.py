"""The server's clock is set ahead by an hour and back by a day, again and again, while runs come and go and the server
is killed: nobody is given up, nothing waits for a time that does not come, nothing is lost.

Agent and programs go by the machine's clock all the while: the clocks of two machines differ by days. `make chaos`
runs it at full scale (CHAOS_SCALE=1: 100 runs, 50 jumps, 20 kills).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from .clock import TurnedClock
from .stage import PROGRAM, SETTINGS, Stage, check_books, read_book, wait_until
from .test_random_kills import SEED

SCALE = float(os.environ.get("CHAOS_SCALE", "0.02"))
RUNS, JUMPS, KILLS = max(3, int(100 * SCALE)), max(3, int(50 * SCALE)), max(1, int(20 * SCALE))
HOUR, DAY = 3600, 24 * 3600
GIVING_UP = {"TRAINYARD_LOST_AFTER": "60", "TRAINYARD_TRACKED_SILENCE": "60"}


@pytest.fixture
def clock(tmp_path: Path) -> TurnedClock:
    return TurnedClock(tmp_path / "clock")


@pytest.fixture
def stage(tmp_path: Path, clock: TurnedClock):
    """A server whose clock can be turned, and an agent of its own whose clock stays."""
    stage = Stage(tmp_path / "stage", environ={**SETTINGS, **GIVING_UP}, of_server=clock.environ, far=True)
    yield stage
    stage.end(stage.process.pid)  # with libfaketime, sleep fails in one that ends by itself after its clock went back
    stage.down()


@pytest.fixture
def watched(stage: Stage):
    """A program that nobody scheduled, which tracks itself for as long as the clock is turned."""
    stage.up()
    with begin_by_hand(stage) as process:
        yield process
        process.kill()


def test_a_clock_that_is_set_gives_nobody_up_and_holds_nothing_up(
    stage: Stage, clock: TurnedClock, watched: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
):
    chance, made = random.Random(SEED), {}
    acts = ["submit"] * RUNS + ["jump"] * JUMPS + ["kill"] * KILLS
    chance.shuffle(acts)
    long = stage.submit_surely("long", points=100, training=0.05)
    wait_until((stage.books / "long.jsonl").exists, within=60, what="the long run starts", else_=stage.up)
    for number, act in enumerate(acts):
        if act == "jump":
            clock.turn(chance.choice((HOUR, -DAY)))
            stage.up()
            clock.wait(stage.url)
        elif act == "kill":
            stage.end(stage.process.pid)
        else:
            made[f"run-{number}"] = stage.submit_surely(f"run-{number}", points=20, training=0.01)
    stage.up()
    (stage.books / "turned").touch()
    assert watched.wait(120) == 0
    (by_hand,) = [fact["run"] for fact in read_book(stage.books / "by_hand.jsonl") if "run" in fact]
    books = {**made, "long": long, "by_hand": by_hand}
    wait_until(lambda: not stage.phases(), within=60 + 2 * RUNS, what=f"every run ends (seed {SEED})", else_=stage.up)
    outcomes = check_books(stage, books)
    with capsys.disabled():
        print(f"\nclock, chaos seed {SEED}: {dict(outcomes)}, in the end {clock.ahead} s ahead, starts {stage.starts}")
    assert outcomes == {"succeeded": len(books)}
    with stage.client() as client:
        tries = {name: len(client.runs.get(run).attempts) for name, run in made.items()}
    assert set(tries.values()) == {1}, f"given up and tried again: {tries}"


def begin_by_hand(stage: Stage) -> subprocess.Popen[bytes]:
    environ = {
        **os.environ,
        "TRAINYARD_DATA": str(stage.data.parent / "elsewhere"),
        "TRAINYARD_URL": stage.url,
        "TRAINYARD_TOKEN": (stage.data / "token").read_text().strip(),
    }
    books = stage.books
    command = [sys.executable, str(PROGRAM), str(books / "by_hand.jsonl"), "50", "0.02", str(books / "turned")]
    with stage.log.open("a") as log:
        return subprocess.Popen(command, env=environ, stdout=log, stderr=log)
