"""Random SIGSTOP for seconds and SIGCONT of whatever there is, among random kills of it: what stands still is no dead
one. Every accepted run ends, no attempt runs twice or beside another one, nothing that was logged is lost.

`make chaos` runs it at full scale (CHAOS_SCALE=1: 200 runs, 200 pauses, 100 kills); without it a fiftieth.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from .pauses import Pauses
from .stage import Stage, check_books, wait_until
from .test_random_kills import SEED, Killer

SCALE = float(os.environ.get("CHAOS_SCALE", "0.02"))
RUNS, PAUSES, KILLS = max(4, int(200 * SCALE)), max(5, int(200 * SCALE)), max(2, int(100 * SCALE))
POINTS = (20, 100, 300) if SCALE < 1 else (20, 200, 1000)
LONGEST = 1.0 if SCALE < 1 else 4.0
VERY_LONG = 14.0
"""Seconds after which somebody who was silent counts as away."""
WHOLE = ("server", "fork_server", "runner", "program", "valkey")
PARTED = ("far", *WHOLE)
PARTS = ("api", "worker", "agent", "backend", *WHOLE)


class Pauser(Killer):
    """A killer who also lets its victims stand still for a while."""

    def __init__(self, stage: Stage, chance: random.Random, victims: tuple[str, ...], pauses: Pauses) -> None:
        super().__init__(stage, chance, victims)
        self._pauses = pauses
        self.paused: Counter[str] = Counter()

    def pause(self) -> None:
        """Choose one that lives, and stop it."""
        self._stage.up()
        victim = self._chance.choice(self._victims)
        found = self._stage.processes(victim)
        if found and self._pauses.pause(self._chance.choice(found), self._seconds()):
            self.paused[victim] += 1

    def _seconds(self) -> float:
        if SCALE >= 1 and self._chance.random() < 0.1:
            return VERY_LONG
        return self._chance.uniform(0.1, LONGEST)


def test_random_pauses_and_kills_lose_nothing(alone: Stage, capsys: pytest.CaptureFixture[str]):
    endure(alone, WHOLE, capsys)


def test_random_pauses_and_kills_of_every_part_on_postgresql(split: Stage, capsys: pytest.CaptureFixture[str]):
    endure(split, PARTS, capsys)


def test_random_pauses_and_kills_of_a_server_and_its_agent_elsewhere(parted: Stage, capsys: pytest.CaptureFixture[str]):
    endure(parted, PARTED, capsys)


def endure(stage: Stage, victims: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Submit, pause and kill in random order, wait for all to end, and compare the books."""
    chance, made = random.Random(SEED), {}
    acts = ["submit"] * RUNS + ["pause"] * PAUSES + ["kill"] * KILLS
    chance.shuffle(acts)
    with Pauses() as pauses:
        pauser = Pauser(stage, chance, victims, pauses)
        for number, act in enumerate(acts):
            if act == "kill":
                pauser.strike()
            elif act == "pause":
                pauser.pause()
            else:
                name, points = f"run-{number}", chance.choice(POINTS)
                made[name] = stage.submit_surely(name, points=points, training=0.002, retries=1000)
    wait_until(lambda: not stage.phases(), within=60 + 3 * RUNS, what=f"every run ends (seed {SEED})", else_=stage.up)
    outcomes = check_books(stage, made)
    with capsys.disabled():
        print(f"\nchaos seed {SEED}: {dict(outcomes)}, killed {dict(pauser.victims)}, paused {dict(pauser.paused)}")
    assert outcomes["succeeded"] == len(made), outcomes
