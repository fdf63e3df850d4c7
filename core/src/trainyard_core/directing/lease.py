"""The lease on a parent: of several workers, one plans it at a time. One that has the whole database needs none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from trainyard_core.clock import SECOND, Clock
from trainyard_core.contracts.director import LEASE
from trainyard_core.db import directors
from trainyard_core.db.engine import Database, Tx
from trainyard_core.db.lease import time_of

__all__ = ["ParentLease"]

RENEWAL = 5.0
"""Seconds after which a lease is renewed that is still needed."""


class ParentLease:
    """This worker's lease on one parent. `epoch` is that of the lease that it took last."""

    def __init__(self, database: Database, clock: Clock, holder: str, run: str) -> None:
        self._database, self._clock, self._holder, self._run = database, clock, holder, run
        self._is_held = False
        self.epoch = 0

    async def take(self) -> bool:
        """Take it; False while another worker has it, which the parent then waits for."""
        if self._database.exclusive:
            return True

        async def work(tx: Tx) -> int | None:
            now = await time_of(tx, self._clock)
            row = await directors.lease(tx, self._run, self._holder, at=now, until=now + int(LEASE * SECOND))
            if row is None:
                await directors.wait_for_lease(tx, self._run, now=now, at=self._clock.now())
                return None
            return int(row["epoch"])

        epoch = await self._database.write(work, name="lease")
        self._is_held = epoch is not None
        self.epoch = self.epoch if epoch is None else epoch
        return self._is_held

    def released(self) -> None:
        """It was released in a transaction of the caller's."""
        self._is_held = False

    async def release(self) -> None:
        """Let other workers have it."""
        if self._is_held:
            self._is_held = False
            await self._database.write(lambda tx: directors.release(tx, self._run, epoch=self.epoch), name="lease")

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Renew it for as long as the block takes, or until it is lost: what the block then writes is refused."""
        if self._database.exclusive:
            yield
            return
        renewal = asyncio.create_task(self._renew(), name="lease")
        try:
            yield
        finally:
            renewal.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await renewal

    async def _renew(self) -> None:
        async def work(tx: Tx) -> bool:
            until = await time_of(tx, self._clock) + int(LEASE * SECOND)
            return await directors.renew(tx, self._run, epoch=self.epoch, until=until)

        held = True
        while held:
            await asyncio.sleep(RENEWAL)
            held = await self._database.write(work, name="lease")
