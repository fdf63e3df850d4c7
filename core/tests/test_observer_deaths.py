"""An observer whose process ends without releasing it: what was under way is handled with care by whoever takes the
observer next, and what ends its process counts as failed. Both databases."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from observer_harness import PLUGIN, Reader, append, reading, registry_of, row_of, running, stands
from web import serving

from trainyard_core.cancellation import end_all
from trainyard_core.clock import LATEST
from trainyard_core.contracts.observer import Observer
from trainyard_core.db import activities, observers
from trainyard_core.db.observers import Checkpoint, Holding
from trainyard_core.observers import backlog, session

ENDED = "its process ended while it was handled"


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """A failed event is tried again at once or nearly so, and no handler is waited for in the end."""
    monkeypatch.setattr(session, "LEAVE", 0.05)
    monkeypatch.setattr(backlog, "FIRST_BACKOFF", 0.01)
    monkeypatch.setattr(backlog, "MOST_BACKOFF", 0.05)


@pytest.fixture
def reader():
    return Reader()


@pytest.fixture
def observed(database_url, tmp_path, reader):
    """A server whose plugin has this one observer, to which each number is a subject."""

    def of(**more):
        more = {"handle": reader.handle, "kinds": ("noted",), "subject": lambda event: str(event.data["n"]), **more}
        return serving(database_url, tmp_path / "data", registry=registry_of(Observer(name="books", **more)))

    return of


@pytest.fixture
def dying(monkeypatch):
    """The observers of a worker that is killed in the end: nothing of it is written any more. Its lease is over."""

    @asynccontextmanager
    async def of(runtime):
        async with reading(runtime) as task:
            yield
            with monkeypatch.context() as patch:
                patch.setattr(runtime.database, "write", _gone)
                await end_all([task], patience=10)
        await runtime.database.write(lambda tx: tx.run("UPDATE observer SET lease_until = 0"))

    return of


async def _gone(work, *, name):
    raise ConnectionError("the process is dead")


def calls(row):
    return json.loads(row["calling"])


async def ids(runtime):
    """The id of each activity by its number."""
    rows = await runtime.database.read(lambda tx: tx.all("SELECT id, data FROM activity WHERE kind = 'noted'"))
    return {json.loads(row["data"])["n"]: row["id"] for row in rows}


async def test_an_event_that_ends_the_process_again_and_again_becomes_a_dead_letter(observed, reader, dying):
    reader.held = {2}
    async with observed(attempts=3) as web:
        async with dying(web.runtime):
            await append(web.runtime, 1, 2, 3)
            await reader.until_tried(2, 1)
            await reader.until(1, 3)
        number = (await ids(web.runtime))[2]
        for attempt in range(3):
            reader.entered.clear()
            async with dying(web.runtime):
                await reader.until_tried(2, attempt + 2)
                row = await row_of(web.runtime)
                assert (calls(row), row["waiting"]) == ([number], int(attempt > 0))
                assert [each["attempts"] for each in await failed(web.runtime)] == [attempt][: int(attempt > 0)]
                if attempt:
                    await reader.until(3)
        async with running(web.runtime):
            await stands(web.runtime, dead=1, waiting=0)
            await append(web.runtime, 4)
            await reader.until(4)
        (letter,) = await failed(web.runtime)
        assert (letter["activity"], letter["attempts"], letter["error"]) == (number, 3, ENDED)
        assert calls(await row_of(web.runtime)) == []
    assert reader.tries.count(2) == 4


async def failed(runtime):
    return await runtime.database.read(lambda tx: observers.unfinished(tx, PLUGIN, "books", limit=9))


async def test_others_are_handled_while_the_event_that_ended_the_process_waits(observed, reader, dying, monkeypatch):
    reader.held = {1}
    async with observed(parallel=2, subject=lambda event: str(event.data["n"] % 2)) as web:
        for deaths in (1, 2):
            async with dying(web.runtime):
                if deaths == 1:
                    await append(web.runtime, *range(1, 7))
                await reader.until_tried(1, deaths)
        monkeypatch.setattr(backlog, "FIRST_BACKOFF", 60.0)
        monkeypatch.setattr(backlog, "MOST_BACKOFF", 60.0)
        async with running(web.runtime):
            await reader.until(2, 4, 6)
            await stands(web.runtime, blocked=1, waiting=3)
    assert not {3, 5} & set(reader.tries)


async def test_what_may_have_been_under_way_is_handled_alone_and_what_came_later_is_not(observed, dying):
    running_now, most, given, let = set(), {}, [], asyncio.Event()

    async def handle(platform, event):
        n = event.data["n"]
        running_now.add(n)
        most[n] = len(running_now)
        if not let.is_set() and not 10 <= n < 15:
            await let.wait()
        await asyncio.sleep(0)
        running_now.discard(n)
        given.append(n)

    async with observed(handle=handle) as web:
        async with dying(web.runtime):
            await append(web.runtime, *range(15))
            await until(lambda: len(most) == 15)
        assert most[14] > 1
        let.set()
        most.clear()
        running_now.clear()
        async with running(web.runtime):
            await until(lambda: set(range(15)) <= set(given))
            assert set(most.values()) == {1}
            let.clear()
            await append(web.runtime, *range(20, 25))
            await until(lambda: most.keys() >= {*range(20, 25)})
            assert most[24] == 5
            let.set()
            await until(lambda: {*range(20, 25)} <= set(given))


async def test_another_event_waits_until_it_is_written_how_such_a_one_ended(database_url, tmp_path, reader, dying):
    noted, witness = {}, Reader()

    async def handle(platform, event):
        noted[event.data["n"]] = calls(await row_of(web.runtime))
        await reader.handle(platform, event)

    found = [Observer(name=name, handle=of, kinds=("noted",), subject=lambda event: str(event.id))
             for name, of in (("books", handle), ("witness", witness.handle))]  # fmt: skip
    reader.held = {1}
    async with serving(database_url, tmp_path / "data", registry=registry_of(*found)) as web:
        async with dying(web.runtime):
            await append(web.runtime, 1)
            await reader.until_tried(1, 1)
        async with running(web.runtime):
            await reader.until_tried(1, 2)
            await append(web.runtime, 2)
            await witness.until(2)
            assert noted.keys() == {1}
            reader.let.set()
            await reader.until(1, 2)
        assert noted == {1: [(await ids(web.runtime))[1]], 2: []}


async def until(is_so):
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_new_events_are_not_noted(observed, reader):
    reader.held = {1}
    async with observed() as web, reading(web.runtime):
        await append(web.runtime, 1, 2)
        await reader.entered.wait()
        await reader.until(2)
        await stands(web.runtime, waiting=0)
        assert calls(await row_of(web.runtime)) == []
        reader.let.set()
        await reader.until(1)


@pytest.fixture
def hanging(reader):
    """A handler that fails at first, and then waits."""

    async def handle(platform, event):
        n = {event.data["n"]}
        reader.poisoned, reader.held = (set(), n) if reader.tries else (n, set())
        await reader.handle(platform, event)

    return handle


async def test_a_clean_stop_while_an_event_is_tried_again_costs_no_attempt(observed, reader, hanging):
    async with observed(handle=hanging, attempts=2) as web:
        async with reading(web.runtime):
            await append(web.runtime, 1)
            await reader.entered.wait()
            assert calls(await row_of(web.runtime)) == [(await ids(web.runtime))[1]]
        row = await row_of(web.runtime)
        assert (calls(row), row["dead"], row["lease_holder"]) == ([], 0, "")
        reader.let.set()
        async with running(web.runtime):
            await reader.until(1)
            await stands(web.runtime, waiting=0, dead=0)
    assert reader.tries == [1, 1, 1]


async def test_a_death_while_an_event_is_tried_again_costs_an_attempt(observed, reader, hanging, dying):
    async with observed(handle=hanging, attempts=2) as web:
        async with dying(web.runtime):
            await append(web.runtime, 1)
            await reader.entered.wait()
        async with running(web.runtime):
            await stands(web.runtime, dead=1)
        (letter,) = await failed(web.runtime)
        assert (letter["attempts"], letter["error"]) == (2, ENDED)
    assert reader.tries == [1, 1]


@pytest.mark.parametrize(
    ("former", "is_suspect", "is_counted"),
    [("another", True, True), ("", False, True), ("me", False, False)],
    ids=["it did not release it", "it released it", "it was this one"],
)
async def test_what_the_holder_before_has_left(observed, former, is_suspect, is_counted):
    async with observed() as web:
        database, key = web.runtime.database, (PLUGIN, "books")

        async def take(holder):
            (taken,) = await database.write(lambda tx: observers.take(tx, [key], holder, now=LATEST, until=1))
            return taken

        await database.write(lambda tx: observers.ensure(tx, *key, cursor=0, at=0))
        await append(web.runtime, 1)
        taken = await take(former or "another")
        assert (taken.ended, taken.suspect_upto) == ([], 0)
        holding = Holding(*key, taken.row["epoch"])
        reached = Checkpoint(cursor=0, deferred=[], finished=[], calling=[7])
        assert await database.write(lambda tx: observers.checkpoint(tx, holding, reached, now=0))
        if not former:
            await database.write(lambda tx: observers.release(tx, holding))
        newest = await database.read(activities.newest)
        taken = await take("me")
        assert (taken.ended, taken.suspect_upto) == ([7] if is_counted else [], newest if is_suspect else 0)
        assert calls(await row_of(web.runtime)) == taken.ended
