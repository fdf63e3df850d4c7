"""The directors of this process: a task for each sweep that goes on, woken by whatever happens to its trials.

Any process that works may have a director for any sweep; the database decides whose plan counts.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress

import structlog

from trainyard_core import log_context, redact, tracing
from trainyard_core.cancellation import end_all
from trainyard_core.clock import Clock
from trainyard_core.contracts.tracker import Tracker
from trainyard_core.db import sweeps
from trainyard_core.db.engine import Database
from trainyard_core.errors import Unavailable
from trainyard_core.policy import Policy
from trainyard_core.sweeps.dependencies import Dependencies
from trainyard_core.sweeps.director import Director, PlanningResult
from trainyard_core.sweeps.plan import TrialRequest
from trainyard_core.work.sweep_setup import Algorithms

__all__ = ["Directors"]

PAUSE = 0.02
"""Seconds after a look that changed nothing: what running trials log may come thick and fast."""
FIRST_WAIT, MOST_WAIT = 1.0, 60.0
PATIENCE = 1.0
IDLE = 900.0
"""Seconds after which a director that nobody wakes is forgotten."""
log = structlog.get_logger("trainyard.sweeps")


class Directors:
    """One for each process. `tracker` is set once there is one."""

    def __init__(
        self, database: Database, clock: Clock, policy: Policy, algorithms: Algorithms, call: Callable[[], None]
    ) -> None:
        self._database, self._clock, self._policy = database, clock, policy
        self._algorithms, self._call = algorithms, call
        self._lease_holder = secrets.token_hex(8)
        self._desks: dict[str, _ActiveSweep] = {}
        self.tracker: Tracker | None = None
        self._closing = False

    def knows(self, run: str) -> bool:
        """Whether that is a sweep that goes on and has a director here."""
        return run in self._desks

    def look(self, run: str) -> None:
        """That sweep wants to be looked at. Returns at once."""
        if not self._closing:
            self._desk(run).woken.set()

    async def ask(self, run: str, asking: TrialRequest) -> PlanningResult:
        """Look now, with trials for a program outside, in turn with whatever else wakes the sweep. Raises what the
        optimizer and the database raise, and what `asking` does."""
        if self._closing:
            raise Unavailable("this server is shutting down", fix="ask again")
        desk = self._desk(run)
        with log_context.bound(run=run), tracing.span("ask", run=run):
            async with desk.turn:
                looked = await desk.director.look(asking)
        self.look(run)
        return looked

    async def aclose(self) -> None:
        """End them all. What they were about is done by whoever looks next."""
        self._closing = True
        desks, self._desks = self._desks, {}
        await end_all([desk.task for desk in desks.values() if desk.task is not None], patience=PATIENCE)

    def _desk(self, run: str) -> _ActiveSweep:
        if run not in self._desks:
            desk = self._desks[run] = _ActiveSweep(Director(run, self._means()))
            desk.task = asyncio.get_running_loop().create_task(self._direct(run, desk), name=f"sweep-{run}")
        return self._desks[run]

    def _means(self) -> Dependencies:
        return Dependencies(
            self._database, self.tracker, self._clock, self._policy, self._algorithms, self._call, self._lease_holder
        )

    async def _direct(self, run: str, desk: _ActiveSweep) -> None:
        with log_context.bound(run=run):
            failures = 0
            while await self._woken(desk):
                desk.woken.clear()
                looked, failures = await self._look(run, desk, failures)
                if looked.over:
                    break
                await asyncio.sleep(0 if looked.wrote else PAUSE)
            self._desks.pop(run, None)

    async def _woken(self, desk: _ActiveSweep) -> bool:
        """True once the sweep wants to be looked at; False when nobody has wanted it here for long. Another process may
        have ended it meanwhile, and whoever wakes it again gives it a new director."""
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE):
                await desk.woken.wait()
        return desk.woken.is_set()

    async def _look(self, run: str, desk: _ActiveSweep, failures: int) -> tuple[PlanningResult, int]:
        """One look; one that fails is made again after a while, and until then the sweep says why it stands still."""
        try:
            async with desk.turn:
                with tracing.span("sweep", run=run):
                    return await desk.director.look(), 0
        except Exception as error:
            wait = min(MOST_WAIT, FIRST_WAIT * 2**failures)
            log.exception("a sweep could not be planned; it is tried again", wait=wait)
            await self._say(run, redact.text(f"{type(error).__name__}: {error}; it is tried again in {wait:g} s"))
            asyncio.get_running_loop().call_later(wait, desk.woken.set)
            return PlanningResult(False, False), min(failures + 1, 16)

    async def _say(self, run: str, message: str) -> None:
        try:
            at = self._clock.now()
            await self._database.write(lambda tx: sweeps.stands(tx, run, message, at=at), name="explain")
        except Exception:
            log.exception("the reason could not be written down")


class _ActiveSweep:
    """One sweep's director and what wakes it. `turn` is held by whoever plans."""

    def __init__(self, director: Director) -> None:
        self.director = director
        self.woken = asyncio.Event()
        self.turn = asyncio.Lock()
        self.task: asyncio.Task[None] | None = None
