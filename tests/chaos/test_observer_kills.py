"""Random kills while an observer reads: every event is handled at least once, in order for each subject, by books that
the observer keeps in a file of its own.

`make chaos` runs it at full scale (CHAOS_SCALE=1: 10,000 events, 200 kills); without it a twentieth.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pytest

from trainyard.client import Client
from trainyard.client.errors import ClientError
from trainyard.client.models import CreateRun, EditRun
from trainyard_core.testing.distributions import install

from .pauses import Pauses
from .stage import SETTINGS, Stage, read_book, wait_until
from .test_random_kills import flush

T = TypeVar("T")
SCALE = float(os.environ.get("CHAOS_SCALE", "0.05"))
EVENTS, KILLS = int(10_000 * SCALE), max(5, int(200 * SCALE))
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1 << 30)
SUBJECTS = 10
PLUGIN = """
import json, os
from pathlib import Path
from trainyard_core.contracts.observer import Observer
from trainyard_core.hookspecs import hookimpl

BOOK = os.open({book!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
FAILED = Path({book!r}).with_suffix(".failed")
FAILED.mkdir(exist_ok=True)

async def handle(platform, event):
    failed = FAILED / str(event.id)
    if event.id % 41 == 0 and not failed.exists():  # once in all lives: each failure doubles the wait
        failed.touch()
        raise ConnectionError("the other side is away for a moment")
    line = {{"life": os.getpid(), "event": event.id, "run": event.run, "name": event.data["name"]}}
    os.write(BOOK, json.dumps(line).encode() + b"\\n")

@hookimpl
def register_observers():
    return [Observer(name="books", handle=handle, kinds=("edited",))]
"""
POINTS = [
    f"{name}:{place}" for name in ("observer", "observer_lease") for place in ("before_commit", "after_commit")
] + ["observer:before_call", "observer:after_call"]
WHOLE = ("server", "server", "valkey", "flush")
PARTS = ("server", "api", "worker", "worker", "valkey", "flush", "frozen worker")
FROZEN = 12.0
"""Seconds for which a worker stands still: longer than its leases."""


@pytest.fixture
def settings(tmp_path: Path) -> Mapping[str, str]:
    """A server with the plugin, whose book is `observer.jsonl`."""
    site, book = tmp_path / "site", tmp_path / "books" / "observer.jsonl"
    install(site, "bookkeeper", PLUGIN.format(book=str(book)))
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**SETTINGS, "PYTHONPATH": path}


class Writer:
    """Makes events, one after the other, of a few runs in turn; each is made once, however often the server dies."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._made = stage, 0
        self._client: Client | None = None
        self.runs = [self._surely(lambda client, n=n: client.runs.create(CreateRun(managed=False), key=f"run-{n}").id)
                     for n in range(SUBJECTS)]  # fmt: skip

    def write(self, events: int) -> None:
        """Make so many more."""
        for number in range(self._made, self._made + events):
            run, name = self.runs[number % SUBJECTS], EditRun(name=f"event-{number}")
            self._surely(lambda client, run=run, name=name: client.runs.edit(run, name, key=name.name))
        self._made += events

    def close(self) -> None:
        """Disconnect."""
        if self._client is not None:
            self._client.close()

    def _surely(self, send: Callable[[Client], T]) -> T:
        while True:
            self._stage.up()
            self._client = self._client or self._stage.client()
            try:
                return send(self._client)
            except (ClientError, OSError):
                self.close()
                self._client = None


@pytest.mark.skipif(SCALE < 1, reason="the points below are on SQLite too; this is the same at random, for make chaos")
def test_random_kills_lose_no_event(alone: Stage, capsys: pytest.CaptureFixture[str]):
    endure(alone, WHOLE, capsys)


def test_random_kills_and_pauses_of_every_part_lose_no_event_on_postgresql(
    split: Stage, capsys: pytest.CaptureFixture[str]
):
    endure(split, PARTS, capsys)


def endure(stage: Stage, victims: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Write events and kill in random order, wait until all are handled, and compare the books."""
    chance, fallen = random.Random(SEED), []
    writer = Writer(stage)
    with Pauses() as pauses, contextlib.closing(writer):
        for share in shares(chance, EVENTS, KILLS):
            writer.write(share)
            fallen.append(chance.choice(victims))
            strike(stage, fallen[-1], chance, pauses)
        expected = edits(stage)
        wait_until(
            lambda: handled(stage) >= set(expected), within=120, what=f"all events (seed {SEED})", else_=stage.up
        )
    assert len(expected) == EVENTS
    check(stage, expected)
    with capsys.disabled():
        print(f"\nchaos seed {SEED}: {len(expected)} events, {stage.starts} starts, {sorted(fallen)}")


def shares(chance: random.Random, events: int, parts: int) -> list[int]:
    """So many events in so many parts of any size."""
    cuts = sorted(chance.randrange(events + 1) for _ in range(parts - 1))
    return [after - before for before, after in pairwise([0, *cuts, events])]


def strike(stage: Stage, victim: str, chance: random.Random, pauses: Pauses) -> None:
    stage.up()
    if victim == "flush":
        for path in stage.valkeys().values():
            flush(path)
    elif victim == "frozen worker":
        for pid in stage.processes("worker"):
            pauses.pause(pid, FROZEN)
    elif found := stage.processes(victim):
        stage.end(chance.choice(found), signal.SIGKILL)


def edits(stage: Stage) -> dict[int, str]:
    """The run of each event in the log, by its id."""
    while True:
        stage.up()
        with contextlib.suppress(ClientError, OSError), stage.client() as client:
            found = [*client.activities.list(kind="edited")]
            return {each.id: each.run for each in reversed(found)}


def handled(stage: Stage) -> set[int]:
    return {line["event"] for line in read_book(stage.books / "observer.jsonl")}


def check(stage: Stage, expected: Mapping[int, str]) -> None:
    """The events of a run were handled for the first time in order, and each process left none out on its way."""
    for run in {*expected.values()}:
        order = [event for event, of in expected.items() if of == run]
        lives: dict[int, list[int]] = defaultdict(list)
        for line in read_book(stage.books / "observer.jsonl"):
            if line["run"] == run:
                lives[line["life"]].append(line["event"])
        assert [*dict.fromkeys(event for each in lives.values() for event in each)] == order
        for events in lives.values():
            for before, after in pairwise(events):
                assert after <= before or order.index(after) == order.index(before) + 1, (run, before, after)


def test_a_server_killed_at_any_point_loses_no_event(alone: Stage):
    alone.faults += [{"TRAINYARD_FAULT": point} for point in POINTS]
    with contextlib.closing(Writer(alone)) as writer:
        for _ in range(10 * len(POINTS)):  # how far an observer came is written now and then, not with each event
            writer.write(3)
            made = set(edits(alone))
            wait_until(lambda made=made: handled(alone) >= made, within=60, what="these are handled", else_=alone.up)
            if alone.starts > len(POINTS):
                break
    assert alone.starts == len(POINTS) + 1
    check(alone, edits(alone))
