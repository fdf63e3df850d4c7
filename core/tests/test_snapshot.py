"""What one read tells is of one moment, on both databases, whatever is committed between its statements."""

from __future__ import annotations

import asyncio

from trainyard_core.lifecycle import Status


class Interrupted:
    """A transaction in which `meanwhile` is done, by somebody else, after each of the first statements."""

    def __init__(self, tx, loop, meanwhile):
        self._tx, self._loop, self._meanwhile, self.dialect = tx, loop, meanwhile, tx.dialect

    async def all(self, sql, *args):
        found = await self._tx.all(sql, *args)
        await self._interrupt()
        return found

    async def one(self, sql, *args):
        found = await self._tx.one(sql, *args)
        await self._interrupt()
        return found

    async def _interrupt(self):
        """A transaction of SQLite runs on a thread of its own and must not suspend; that thread waits."""
        if self.dialect == "postgresql":
            await self._meanwhile()
        else:
            asyncio.run_coroutine_threadsafe(self._meanwhile(), self._loop).result(30)


def interrupted(database, read, *meanwhile):
    """`read` in a read, with each of `meanwhile` done after one of its statements, the first after the first."""
    left = list(meanwhile)

    async def next_one():
        if left:
            await left.pop(0)()

    loop = asyncio.get_running_loop()
    return database.read(lambda tx: read(Interrupted(tx, loop, next_one)))


async def test_a_read_sees_nothing_that_is_committed_after_its_first_statement(arrange):
    run = await arrange.run(Status.QUEUED)

    async def twice(tx):
        return [(await tx.one("SELECT status FROM run WHERE id = ?", run))["status"] for _ in range(2)]

    assert await interrupted(arrange.database, twice, lambda: arrange.stop(run)) == ["queued", "queued"]
    assert await arrange.status(run) is Status.STOPPED
