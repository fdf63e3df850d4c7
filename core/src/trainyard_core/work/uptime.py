"""Keeps note of the time in which this process listens to agents and programs, beside the API that they speak to."""

from __future__ import annotations

import asyncio

import structlog

from trainyard_core.clock import SECOND, Clock
from trainyard_core.db import uptime
from trainyard_core.db.engine import Database, Tx
from trainyard_core.policy import Policy

__all__ = ["UptimeRecorder"]

EVERY = 2.0
log = structlog.get_logger("trainyard.uptime")


class UptimeRecorder:
    """Runs for ever beside an API; any number of them may run."""

    def __init__(self, database: Database, clock: Clock, policy: Policy) -> None:
        self._database, self._clock, self._policy = database, clock, policy
        self._begun = False

    async def run(self) -> None:
        """Confirm until cancelled."""
        while True:
            try:
                await self.once()
            except Exception:
                log.exception("that this server listens could not be told; it is tried again")
            await asyncio.sleep(EVERY)

    async def once(self) -> None:
        """Confirm now. When the clock was set back, nothing waits for the time that it had shown."""
        at = self._clock.now()

        async def work(tx: Tx) -> bool:
            if await uptime.confirm(tx, at=at, anew=not self._begun):
                return True
            await uptime.pull_back(tx, at=at, drain=int(self._policy.drain * SECOND))
            return False

        if not await self._database.write(work, name="uptime"):
            log.warning("the clock was set back; what waited for the time that it had shown goes on from now")
        self._begun = True
