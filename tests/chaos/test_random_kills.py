"""Random SIGKILL of whatever there is, while runs come and go: every accepted run ends, no attempt runs twice, nothing that was logged is lost.

`make chaos` runs it at full scale (CHAOS_SCALE=1: 500 runs, 300 kills); without it a twentieth.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
from collections import Counter
from pathlib import Path

import pytest

from .stage import Stage, check_books, kill, wait_until

SCALE = float(os.environ.get("CHAOS_SCALE", "0.05"))
RUNS, KILLS = max(5, int(500 * SCALE)), max(5, int(300 * SCALE))
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1 << 30)


@pytest.fixture
def stage(tmp_path: Path):
    settings = {
        "TRAINYARD_PLATFORM_RETRIES": "1000",
        "TRAINYARD_BACKOFF_FIRST": "0.05",
        "TRAINYARD_BACKOFF_MOST": "0.2",
        "TRAINYARD_SCHEDULER_PROCESS__CPU": "1",
    }
    stage = Stage(tmp_path, environ=settings)
    yield stage
    stage.down()


class Killer:
    """Chooses a victim at random and counts what was going on when it fell."""

    def __init__(self, stage: Stage, chance: random.Random) -> None:
        self._stage, self._chance = stage, chance
        self.victims: Counter[str] = Counter()
        self.phases: Counter[str] = Counter()

    def strike(self) -> None:
        self._stage.up()
        if self._chance.random() < 0.8:
            self._wait_for_life()
        self.phases.update(f"{phase}" for phase in self._stage.phases())
        victim = self._chance.choice(["server", "server", "runner", "runner", "valkey", "flush"])
        self.victims[victim] += getattr(self, f"_{victim}")()

    def _wait_for_life(self) -> None:
        """Most strikes fall when something runs, the others whenever they come."""
        with contextlib.suppress(AssertionError):
            wait_until(self._stage.runners, within=3, what="a runner lives")

    def _server(self) -> int:
        assert self._stage.process is not None
        self._stage.process.kill()
        self._stage.process.wait()
        return 1

    def _runner(self) -> int:
        runners = self._stage.runners()
        if runners:
            kill(self._chance.choice(runners))
        return bool(runners)

    def _valkey(self) -> int:
        valkeys = self._stage.valkeys()
        for pid in valkeys:
            kill(pid)
        return len(valkeys)

    def _flush(self) -> int:
        """Empty the queue by its own protocol."""
        sockets = list(self._stage.valkeys().values())
        for path in sockets:
            flush(path)
        return len(sockets)


def flush(path: str) -> None:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        connection.connect(path)
        connection.sendall(b"FLUSHALL\r\n")
        connection.recv(64)


def test_random_kills_lose_nothing_and_repeat_nothing(stage: Stage, capsys: pytest.CaptureFixture[str]):
    chance = random.Random(SEED)
    killer, runs = Killer(stage, chance), {}
    acts = ["submit"] * RUNS + ["kill"] * KILLS
    chance.shuffle(acts)
    for number, act in enumerate(acts):
        if act == "kill":
            killer.strike()
        else:
            runs[f"run-{number}"] = stage.submit_surely(f"run-{number}", points=chance.choice([20, 200, 1000]))
    stage.up()
    wait_until(
        lambda: stage.up() or not stage.phases(), within=60 + 2 * RUNS, what=f"every run ends (seed {SEED}): {stage.phases()}"
    )
    outcomes = check_books(stage, runs)
    with capsys.disabled():
        print(f"\nchaos seed {SEED}: outcomes {dict(outcomes)}, victims {dict(killer.victims)}, starts {stage.starts}")
        for phase, count in killer.phases.most_common():
            print(f"  kills with a run {phase:<10} {count:>4} {'#' * min(60, count)}")
    assert outcomes["succeeded"] == len(runs), outcomes


def test_a_server_without_its_queue_goes_on(stage: Stage):
    """The doorbell is optional: with Valkey dead for good, runs still end."""
    stage.up()
    valkeys = list(stage.valkeys())
    assert valkeys
    for pid in valkeys:
        kill(pid, signal.SIGSTOP)
    try:
        run = stage.submit("mute", points=5)
        wait_until(lambda: stage.statuses()[run] == "succeeded", within=60, what="the run ends without a queue")
    finally:
        for pid in valkeys:
            kill(pid, signal.SIGCONT)
