"""Random SIGKILL of whatever there is, while runs come and go: every accepted run ends, no attempt runs twice,
nothing that was logged is lost.

`make chaos` runs it at full scale (CHAOS_SCALE=1: 500 runs, 300 kills); without it a twentieth.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
from collections import Counter

import pytest

from .stage import Stage, check_books, kill, wait_until

SCALE = float(os.environ.get("CHAOS_SCALE", "0.05"))
RUNS, KILLS = max(5, int(500 * SCALE)), max(5, int(300 * SCALE))
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1 << 30)

WHOLE = ("server", "runner", "valkey", "flush")
PARTED = ("server", "far", "runner", "valkey")
PARTS = ("server", "api", "worker", "agent", "runner", "valkey", "flush")
ENDINGS = {"backend": signal.SIGTERM}
"""How a victim falls that SIGKILL would not end alone: PostgreSQL then begins all backends anew."""


class Killer:
    """Chooses a victim at random and counts what was going on when it fell."""

    def __init__(self, stage: Stage, chance: random.Random, victims: tuple[str, ...]) -> None:
        self._stage, self._chance, self._victims = stage, chance, victims
        self.victims: Counter[str] = Counter()
        self.phases: Counter[str] = Counter()

    def strike(self) -> None:
        self._stage.up()
        if self._chance.random() < 0.8:
            self._wait_for_life()
        self.phases.update(f"{phase}" for phase in self._stage.phases())
        victim = self._chance.choice(self._victims)
        if not self._kill(victim):
            victim = "server"
            assert self._kill(victim), "there is always a server to kill"
        self.victims[victim] += 1

    def _kill(self, victim: str) -> bool:
        """Whether there was such a one."""
        if victim == "flush":
            return self._flush()
        found = self._stage.processes(victim)
        if found:
            self._stage.end(self._chance.choice(found), ENDINGS.get(victim, signal.SIGKILL))
        return bool(found)

    def _wait_for_life(self) -> None:
        """Most strikes fall when something runs, the others whenever they come."""
        with contextlib.suppress(AssertionError):
            wait_until(self._stage.runners, within=3, what="a runner lives")

    def _flush(self) -> bool:
        """Empty the queue by its own protocol."""
        sockets = list(self._stage.valkeys().values())
        for path in sockets:
            flush(path)
        return bool(sockets)


def flush(path: str) -> None:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        connection.connect(path)
        connection.sendall(b"FLUSHALL\r\n")
        connection.recv(64)


def test_random_kills_lose_nothing_and_repeat_nothing(alone: Stage, capsys: pytest.CaptureFixture[str]):
    endure(alone, WHOLE, RUNS, KILLS, capsys)


def test_random_kills_of_every_part_on_postgresql(split: Stage, capsys: pytest.CaptureFixture[str]):
    endure(split, PARTS, RUNS, KILLS, capsys)


def test_random_kills_of_a_server_and_its_agent_elsewhere(parted: Stage, capsys: pytest.CaptureFixture[str]):
    endure(parted, PARTED, RUNS, KILLS, capsys)


def endure(stage: Stage, victims: tuple[str, ...], runs: int, kills: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Submit and kill in random order, wait for all to end, and compare the books."""
    chance = random.Random(SEED)
    killer, made = Killer(stage, chance, victims), {}
    acts = ["submit"] * runs + ["kill"] * kills
    chance.shuffle(acts)
    for number, act in enumerate(acts):
        if act == "kill":
            killer.strike()
        else:
            made[f"run-{number}"] = stage.submit_surely(f"run-{number}", points=chance.choice([20, 200, 1000]))
    stage.up()
    wait_until(lambda: not stage.phases(), within=60 + 2 * runs, what=f"every run ends (seed {SEED})", else_=stage.up)
    outcomes = check_books(stage, made)
    with capsys.disabled():
        print(f"\nchaos seed {SEED}: outcomes {dict(outcomes)}, victims {dict(killer.victims)}, starts {stage.starts}")
        for phase, count in killer.phases.most_common():
            print(f"  kills with a run {phase:<10} {count:>4} {'#' * min(60, count)}")
    assert outcomes["succeeded"] == len(made), outcomes


def test_a_server_without_its_queue_goes_on(alone: Stage):
    """The notifier is optional: with Valkey dead for good, runs still end."""
    alone.up()
    valkeys = list(alone.valkeys())
    assert valkeys
    for pid in valkeys:
        kill(pid, signal.SIGSTOP)
    try:
        run = alone.submit("mute", points=5)
        wait_until(lambda: alone.statuses()[run] == "succeeded", within=60, what="the run ends without a queue")
    finally:
        for pid in valkeys:
            kill(pid, signal.SIGCONT)
