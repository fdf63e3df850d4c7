"""Whose turn it is to think about a sweep, where several processes plan: one asks the optimizer at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from trainyard_core.clock import SECOND
from trainyard_core.db import sweeps
from trainyard_core.sweeps.dependencies import Dependencies

__all__ = ["SweepLease"]

THINKING, STILL = 15.0, 5.0
"""Seconds for which one process is left to think alone, and after which it says that it still does. One that dies is
waited for that long."""


class SweepLease:
    """This process's turns. Alone it always has one."""

    def __init__(self, means: Dependencies) -> None:
        self._means = means

    async def may(self, run: str) -> bool:
        """Where several processes plan, one thinks at a time."""
        if self._means.database.exclusive:
            return True
        at, holder = self._means.clock.now(), self._means.lease_holder
        until = at + int(THINKING * SECOND)
        return await self._means.database.write(
            lambda tx: sweeps.think(tx, run, holder, at=at, until=until), name="think"
        )

    async def done(self, run: str) -> None:
        """This process has thought and found nothing to write: another one may."""
        if not self._means.database.exclusive:
            at, holder = self._means.clock.now(), self._means.lease_holder
            await self._means.database.write(lambda tx: sweeps.think(tx, run, holder, at=at, until=0), name="think")

    @asynccontextmanager
    async def aloud(self, run: str) -> AsyncIterator[None]:
        """Others are told that this process still thinks."""
        if self._means.database.exclusive:
            yield
            return

        async def say() -> None:
            while True:
                await asyncio.sleep(STILL)
                await self.may(run)

        voice = asyncio.create_task(say(), name="thinking")
        try:
            yield
        finally:
            voice.cancel()
            with suppress(asyncio.CancelledError):
                await voice
