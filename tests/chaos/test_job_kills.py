"""Random SIGKILL and pauses of whatever there is while background jobs run: each that was enqueued has its effect, at
least once, whatever died in between. The jobs are those of a plugin that keeps a book of its own.

`make chaos` runs it at full scale (CHAOS_SCALE=1: 10,000 jobs, 100 kills, 100 pauses); without it a twentieth.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from trainyard_core.testing.distributions import install

from .pauses import Pauses
from .stage import SETTINGS, Stage, wait_until
from .test_random_kills import SEED
from .test_random_pauses import Pauser

SCALE = float(os.environ.get("CHAOS_SCALE", "0.05"))
JOBS, KILLS, PAUSES = max(100, int(10_000 * SCALE)), max(4, int(100 * SCALE)), max(4, int(100 * SCALE))
WHOLE = ("server", "valkey", "flush")
PARTS = ("server", "api", "worker", "worker", "valkey", "flush", "backend")
PRESS = '''
import asyncio, os, sys
from types import ModuleType
from pathlib import Path
from trainyard_core.contracts.job import Job
from trainyard_core.contracts.plugin import Migrations
from trainyard_core.hookspecs import hookimpl

BOOK, TOTAL = os.environ["PRESS_BOOK"], int(os.environ["PRESS_TOTAL"])
STEPS = ModuleType("press_steps")
STEPS.__path__ = [str(Path(__file__).parent / "press_steps")]
sys.modules["press_steps"] = STEPS


async def seed(platform, call):
    """Enqueue some more, in the transaction that notes how many there are."""
    async def work(tx):
        row = await tx.one("SELECT count FROM press_seed")
        last = min(TOTAL, row["count"] + max(10, TOTAL // 8))
        for number in range(row["count"], last):
            await tx.enqueue("print", str(number), {"number": number})
        await tx.run("UPDATE press_seed SET count = ?", last)
    await platform.jobs.write(call, work)


async def print_(platform, call):
    assert str(call.args["number"]) == call.key
    await asyncio.sleep(0.001)
    with open(BOOK, "a") as book:
        book.write(f"{call.key} {call.epoch}\\n")


@hookimpl
def register_migrations():
    return [Migrations(STEPS)]


@hookimpl
def register_jobs():
    return [Job(name="seed", run=seed, every=1, timeout=5), Job(name="print", run=print_, attempts=1000, timeout=5)]
'''
STEP = """
async def forwards(tx):
    await tx.run("CREATE TABLE press_seed (count INTEGER NOT NULL)")
    await tx.run("INSERT INTO press_seed (count) VALUES (0)")
"""


class Striker(Pauser):
    """One that waits for no run: there is none."""

    def _wait_for_life(self) -> None:
        """Jobs go on all the time."""


@pytest.fixture
def settings(tmp_path: Path) -> Mapping[str, str]:
    """The plugin is on the servers' path, as pip would have put it there."""
    site = tmp_path / "site"
    install(site, "press", PRESS)
    (site / "press_steps").mkdir()
    (site / "press_steps" / "m0001_seed.py").write_text(STEP)
    book = {"PRESS_BOOK": str(tmp_path / "book"), "PRESS_TOTAL": str(JOBS)}
    return {**SETTINGS, "PYTHONPATH": str(site), "TRAINYARD_PLUGINS": "press,scheduler_process,tracker_folder", **book}


def test_every_job_has_its_effect_whatever_dies(alone: Stage, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    endure(alone, WHOLE, tmp_path / "book", capsys)


def test_every_job_of_several_processes_has_its_effect(
    split: Stage, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    endure(split, PARTS, tmp_path / "book", capsys)


def endure(stage: Stage, victims: tuple[str, ...], book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Kill and pause at times that are spread over the jobs; then read the book."""
    stage.up()
    chance = random.Random(SEED)
    acts = ["kill"] * KILLS + ["pause"] * PAUSES
    chance.shuffle(acts)
    with Pauses() as pauses:
        striker = Striker(stage, chance, victims, pauses)
        for number, act in enumerate(acts):
            due = JOBS * number // len(acts)
            what = f"job {due} (seed {SEED})"
            wait_until(lambda due=due: len(printed(book)) >= due, within=600, what=what, else_=stage.up)
            striker.strike() if act == "kill" else striker.pause()
    what = f"every job has run (seed {SEED})"
    wait_until(lambda: len(printed(book)) >= JOBS and not left(stage), within=60 + JOBS / 20, what=what, else_=stage.up)
    calls = printed(book)
    with capsys.disabled():
        more = sum(calls.values()) - JOBS
        told = f"killed {dict(striker.victims)}, paused {dict(striker.paused)}, starts {stage.starts}"
        print(f"\njobs, chaos seed {SEED}: {JOBS} jobs, {more} calls more; {told}")
    assert calls.keys() == {str(number) for number in range(JOBS)}


def printed(book: Path) -> Counter[str]:
    """How often each job has had its effect."""
    lines = book.read_text().splitlines() if book.exists() else []
    return Counter(line.split()[0] for line in lines)


def left(stage: Stage) -> list[str]:
    """The jobs that wait, run or are dead. While the server is away there may be some."""
    with contextlib.suppress(Exception), stage.client() as client:
        return [job.key for job in client.jobs.list(plugin="press") if job.name == "print"]
    return ["?"]
