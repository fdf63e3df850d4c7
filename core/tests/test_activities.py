"""Activities: a reader passes no id that commits later, and is not held up by what never will."""

from __future__ import annotations

import asyncio

import pytest

from trainyard_core.db import activities
from trainyard_core.db.activities import NewActivity, Tail
from trainyard_core.db.connect import connect


class Held:
    """A transaction that has taken its activity's id and is kept open."""

    def __init__(self, database, name):
        self._taken, self._go = asyncio.Event(), asyncio.Event()
        self._fail = False
        self._task = asyncio.create_task(database.write(lambda tx: self._work(tx, name)))

    async def _work(self, tx, name):
        await activities.append(tx, NewActivity(project="default", run=None, kind=name, actor="t", at=1, data={}))
        self._taken.set()
        await self._go.wait()
        if self._fail:
            raise RuntimeError("aborted on purpose")

    async def taken(self):
        await asyncio.wait_for(self._taken.wait(), 30)
        return self

    async def commit(self):
        self._go.set()
        await self._task

    async def abort(self):
        self._fail = True
        self._go.set()
        with pytest.raises(RuntimeError):
            await self._task


async def names(tail):
    return [row["kind"] for row in await tail.read()]


@pytest.fixture
async def server(postgres_url):
    database = await connect(postgres_url)
    yield database
    await database.close()


async def test_commits_in_reverse_order_are_all_seen_and_in_order(server):
    tail = Tail(server)
    held = [await Held(server, f"{place}").taken() for place in range(5)]
    for one in reversed(held[1:]):
        await one.commit()
        assert await names(tail) == [], "the oldest is not certain yet, so nothing behind it is"
    await held[0].commit()
    assert await names(tail) == ["0", "1", "2", "3", "4"]
    assert await names(tail) == []


async def test_an_aborted_transaction_is_a_gap_that_holds_nobody_up(server):
    tail = Tail(server)
    first, second, third = [await Held(server, name).taken() for name in "abc"]
    await first.commit()
    await third.commit()
    assert await names(tail) == ["a"]
    await second.abort()
    assert await names(tail) == ["c"]


async def test_a_gap_is_waited_for_as_long_as_somebody_could_fill_it(server):
    tail = Tail(server)
    held = await Held(server, "early").taken()
    await (await Held(server, "late").taken()).commit()
    for _ in range(3):
        assert await names(tail) == []
        await (await Held(server, "more").taken()).commit()
    await held.commit()
    assert await names(tail) == ["early", "late", "more", "more", "more"]


async def test_an_unrelated_open_transaction_delays_only_gaps(server):
    """Without a gap nothing waits, however long others take."""
    tail = Tail(server)
    first = await Held(server, "a").taken()
    await first.commit()
    other = await Held(server, "open").taken()
    assert await names(tail) == ["a"]
    await other.commit()
    assert await names(tail) == ["open"]


async def test_many_writers_and_a_reader_miss_nothing(database_url, database):
    """Some commit, some abort, in any order; a reader that follows all the time sees exactly what was committed."""
    seen: list[str] = []
    tail, done = Tail(database), asyncio.Event()

    async def write(place):
        async def work(tx):
            await activities.append(
                tx, NewActivity(project="default", run=None, kind=str(place), actor="t", at=1, data={})
            )
            if place % 7 == 0:
                raise RuntimeError("aborted")

        if place % 7:
            await database.write(work)
        else:
            with pytest.raises(RuntimeError):
                await database.write(work)

    async def follow():
        while not done.is_set():
            seen.extend(await names(tail))
            await asyncio.sleep(0)

    following = asyncio.create_task(follow())
    await asyncio.gather(*(write(place) for place in range(1, 200)))
    done.set()
    await following
    while more := await names(tail):
        seen.extend(more)
    assert len(seen) == len(set(seen))
    assert set(seen) == {str(place) for place in range(1, 200) if place % 7}


async def test_a_reader_goes_on_from_its_position_in_small_pages(database):
    for place in range(10):
        new = NewActivity(project="default", run=None, kind=str(place), actor="t", at=1, data={})
        await database.write(lambda tx, new=new: activities.append(tx, new))
    tail, seen = Tail(database), []
    while page := await tail.read(limit=3):
        seen += [row["kind"] for row in page]
        tail = Tail(database, tail.position)
    assert seen == [str(place) for place in range(10)]
