"""A handler that ends its process: the event becomes a dead letter, and all others are handled, those of its subject
and those behind it among them.

The processes of the split layout have leases on PostgreSQL that must end each time: `make chaos` waits for them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from trainyard.client.errors import ClientError
from trainyard.client.models import FailedEvent
from trainyard_core.testing.distributions import install

from .stage import SETTINGS, Stage, read_book, wait_until
from .test_observer_kills import SCALE, Writer, edits, handled

ATTEMPTS, EVENTS, POISONED = 2, 30, "event-12"
PLUGIN = """
import json, os
from trainyard_core.contracts.observer import Observer
from trainyard_core.hookspecs import hookimpl

BOOK, CALLS = (os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND) for path in {books!r})

async def handle(platform, event):
    line = json.dumps({{"event": event.id, "run": event.run}}).encode() + b"\\n"
    os.write(CALLS, line)
    if event.data["name"] == {poisoned!r}:
        os._exit(9)
    os.write(BOOK, line)

@hookimpl
def register_observers():
    return [Observer(name="books", handle=handle, kinds=("edited",), attempts={attempts})]
"""


@pytest.fixture
def settings(tmp_path: Path) -> Mapping[str, str]:
    """A server with the plugin, which writes to `calls.jsonl` what it is given and to `observer.jsonl` what it has
    handled."""
    site = tmp_path / "site"
    books = [str(tmp_path / "books" / name) for name in ("observer.jsonl", "calls.jsonl")]
    install(site, "bookkeeper", PLUGIN.format(books=books, poisoned=POISONED, attempts=ATTEMPTS))
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**SETTINGS, "PYTHONPATH": path}


def test_an_event_that_ends_the_server_becomes_a_dead_letter(alone: Stage):
    alone.faults += [{}, *[{"TRAINYARD_FAULT": ""}] * ATTEMPTS * 2]  # none, but such a start may die before it answers
    endure(alone, within=60)
    assert alone.starts == 2 + ATTEMPTS


@pytest.mark.skipif(SCALE < 1, reason="each death waits for a lease of ten seconds: this is for make chaos")
def test_an_event_that_ends_the_worker_becomes_a_dead_letter(split: Stage):
    endure(split, within=180)


def endure(stage: Stage, *, within: float) -> None:
    """Write events and start again what dies, until all is done but for the poisoned one; nobody but it has an attempt
    counted, and it kills once more than it has attempts at most: what is in flight in a first death is not known."""
    with contextlib.closing(Writer(stage)) as writer:
        writer.write(EVENTS)
        expected = edits(stage)
        (letter,) = wait_until(lambda: dead(stage), within=within, what="a dead letter", else_=stage.up)
        assert (letter.attempts, letter.error) == (ATTEMPTS, "its process ended while it was handled")
        others = expected.keys() - {letter.activity}
        wait_until(lambda: handled(stage) >= others, within=within, what="all others", else_=stage.up)
    assert len(expected) == EVENTS
    assert letter.activity not in handled(stage)
    assert [line["event"] for line in read_book(stage.books / "calls.jsonl")].count(letter.activity) == ATTEMPTS + 1


def dead(stage: Stage) -> list[FailedEvent]:
    """What failed, once there is a dead letter; nothing while the server is away."""
    with contextlib.suppress(ClientError, OSError), stage.client() as client:
        found = client.observers.get("bookkeeper", "books")
        return found.failures if found.dead else []
    return []
