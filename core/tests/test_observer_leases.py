"""One process at a time reads for an observer; one that was frozen, or is gone, writes nothing more."""

from __future__ import annotations

import asyncio

import pytest
from observer_harness import PLUGIN, Reader, append, held, reading, registry_of, row_of, running, stands
from web import serving

from trainyard_core.clock import LATEST
from trainyard_core.contracts.observer import Observer
from trainyard_core.db import observers
from trainyard_core.db.observers import Checkpoint, DeferredEvent, Holding
from trainyard_core.observers import runner

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""SQLite has one process."""


@pytest.fixture
def workers(database_url, tmp_path, monkeypatch):
    """A server on the same database, and its reader, for each name."""
    monkeypatch.setattr(runner, "LEASE", 1.0)
    monkeypatch.setattr(runner, "RENEW_EVERY", 0.1)

    def of(name, **more):
        reader = Reader()
        registry = registry_of(Observer(name="books", handle=reader.handle, kinds=("noted",), **more))
        return serving(database_url, tmp_path / name, registry=registry), reader

    return of


@ON_POSTGRESQL
async def test_of_two_workers_one_reads_and_the_other_takes_over(workers):
    (one, first), (two, second) = workers("one"), workers("two")
    async with one as web, two as other:
        other.arrange.clock.turn(3600)  # whose clock is an hour ahead
        async with reading(web.runtime):
            async with running(other.runtime):
                await append(web.runtime, *range(20))
                await first.until(*range(20))
            await append(web.runtime, 20)
            await first.until(20)
            assert second.tries == []
        async with running(other.runtime):
            await append(web.runtime, 21)
            await second.until(21)
    assert first.given == [*range(21)]
    assert second.given == [21]


@ON_POSTGRESQL
async def test_a_holder_that_cannot_renew_its_lease_stops_and_another_goes_on(workers, monkeypatch):
    (one, first), (two, second) = workers("one"), workers("two")
    first.held = {1}
    async with one as web, two as other, reading(web.runtime), running(other.runtime):
        await append(other.runtime, 1)
        await first.entered.wait()

        async def away(work, *, name):
            await asyncio.Event().wait()

        monkeypatch.setattr(web.runtime.database, "write", away)
        await second.until(1)
        assert first.given == []
        first.let.set()
        await append(other.runtime, 2)
        await second.until(2)
    assert first.given == []


async def test_what_a_holder_writes_after_another_took_over_is_refused(workers, monkeypatch):
    """It hears of it when it writes, long before it would renew its lease."""
    one, reader = workers("one")
    monkeypatch.setattr(runner, "LEASE", 100.0)
    monkeypatch.setattr(runner, "RENEW_EVERY", 60.0)
    reader.held = {1}
    async with one as web, reading(web.runtime):
        before = await row_of(web.runtime)
        await append(web.runtime, 1)
        await reader.entered.wait()
        (taken,) = await web.runtime.database.write(
            lambda tx: observers.take(tx, [(PLUGIN, "books")], "another", now=LATEST, until=LATEST)
        )
        reader.let.set()
        await reader.until(1)
        async with asyncio.timeout(30):
            while [task for task in asyncio.all_tasks() if task.get_name() == f"observer {PLUGIN}:books"]:
                await asyncio.sleep(0.01)
        after = await row_of(web.runtime)
        assert (after["cursor_id"], after["lease_holder"]) == (before["cursor_id"], "another")
        assert after["epoch"] == taken["epoch"] == before["epoch"] + 1


async def test_a_checkpoint_of_an_earlier_epoch_changes_nothing(workers):
    one, _ = workers("one")
    event = DeferredEvent(activity=7, subject="s", event="{}", attempts=1, delay=0, error="x", dead=True)
    async with one as web:
        database = web.runtime.database
        place = (await row_of(web.runtime))["cursor_id"]
        (row,) = await database.write(lambda tx: observers.take(tx, [(PLUGIN, "books")], "me", now=1, until=2))
        late, mine = (Holding(PLUGIN, "books", row["epoch"] - number) for number in (1, 0))
        reached = Checkpoint(cursor=place + 6, deferred=[event], finished=[])
        assert not await database.write(lambda tx: observers.checkpoint(tx, late, reached, now=0))
        await database.write(lambda tx: observers.release(tx, late))
        assert await database.write(lambda tx: observers.renew(tx, [late], until=5)) == []
        row = await row_of(web.runtime)
        assert (row["cursor_id"], row["dead"], row["lease_holder"]) == (place, 0, "me")
        assert await database.write(lambda tx: observers.checkpoint(tx, mine, reached, now=0))
        row = await row_of(web.runtime)
        assert (row["cursor_id"], row["dead"]) == (place + 6, 1)


async def test_an_observer_keeps_its_place_while_its_plugin_is_gone(workers, database_url, tmp_path):
    one, reader = workers("one")
    async with one as web:
        async with reading(web.runtime):
            await append(web.runtime, 1)
            await reader.until(1)
        assert not await held(web.runtime)
    async with serving(database_url, tmp_path / "without", registry=registry_of()) as web:
        await append(web.runtime, 2)
        (found,) = await web.admin.observers.list()
        assert (found.plugin, found.installed, found.lag > 0) == (PLUGIN, False, True)
    again, reader = workers("again")
    async with again as web, running(web.runtime):
        await reader.until(2)
        await stands(web.runtime, waiting=0)
    assert reader.given == [2]
