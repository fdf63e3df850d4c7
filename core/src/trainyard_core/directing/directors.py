"""The parents that this process plans: a task for each that goes on, woken by whatever happens to its children.

Any process that works may plan any parent; the lease and the database decide whose plan counts.
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
from trainyard_core.contracts.director import Request
from trainyard_core.contracts.tracker import Tracker
from trainyard_core.db import directors
from trainyard_core.db.engine import Database
from trainyard_core.directing.cycle import CycleResult, Dependencies, PlanCycle
from trainyard_core.directing.kinds import DirectorKinds
from trainyard_core.errors import Unavailable
from trainyard_core.plugin_host.tables import Enqueue
from trainyard_core.policy import Policy
from trainyard_core.work.idempotency import Claim

__all__ = ["Directors"]

PAUSE = 0.02
"""Seconds after planning that changed nothing: what running children log may come thick and fast."""
FIRST_WAIT, MOST_WAIT = 1.0, 60.0
PATIENCE = 1.0
IDLE = 900.0
"""Seconds after which a parent that nobody wakes is forgotten."""
log = structlog.get_logger("trainyard.directors")


class Directors:
    """One for each process. `tracker` is set once there is one."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        policy: Policy,
        kinds: DirectorKinds,
        *,
        call: Callable[[], None],
        enqueue: Enqueue,
    ) -> None:
        self._database, self._clock, self._policy, self._kinds = database, clock, policy, kinds
        self._call, self._enqueue, self._holder = call, enqueue, secrets.token_hex(8)
        self._active: dict[str, _ActiveParent] = {}
        self.tracker: Tracker | None = None
        self._closing = False

    def knows(self, run: str) -> bool:
        """Whether that is a parent that goes on and is planned here."""
        return run in self._active

    def wake(self, run: str) -> None:
        """Have that parent planned. Returns at once."""
        if not self._closing:
            self._parent(run).woken.set()

    async def ask(self, run: str, request: Request, claim: Claim | None = None) -> CycleResult:
        """Plan now, for a request, in turn with whatever else wakes the parent. Raises as `PlanCycle.plan`."""
        if self._closing:
            raise Unavailable("this server is shutting down", fix="ask again")
        parent = self._parent(run)
        with log_context.bound(run=run), tracing.span("ask", run=run):
            async with parent.lock:
                result = await parent.cycle.plan(request, claim)
        self.wake(run)
        return result

    def dependencies(self) -> Dependencies:
        """What the cycles of this process plan with."""
        return Dependencies(
            self._database,
            self.tracker,
            self._clock,
            self._policy,
            self._kinds,
            self._call,
            self._enqueue,
            self._holder,
        )

    async def aclose(self) -> None:
        """End them all. What they were about is done by whoever plans next, who need not wait for leases of theirs."""
        self._closing = True
        active, self._active = self._active, {}
        await end_all([each.task for each in active.values() if each.task is not None], patience=PATIENCE)
        if active and not self._database.exclusive:
            with suppress(Unavailable):
                await self._database.write(lambda tx: directors.release_all(tx, self._holder), name="lease")

    def _parent(self, run: str) -> _ActiveParent:
        if run not in self._active:
            parent = self._active[run] = _ActiveParent(PlanCycle(run, self.dependencies()))
            parent.task = asyncio.get_running_loop().create_task(self._direct(run, parent), name=f"director-{run}")
        return self._active[run]

    async def _direct(self, run: str, parent: _ActiveParent) -> None:
        with log_context.bound(run=run):
            failures = 0
            while await self._woken(parent):
                parent.woken.clear()
                result, failures = await self._plan(run, parent, failures)
                if result.over:
                    break
                await asyncio.sleep(0 if result.wrote else PAUSE)
            self._active.pop(run, None)

    async def _woken(self, parent: _ActiveParent) -> bool:
        """True once the parent is to be planned; False when nobody has wanted it here for long. Another process may
        have ended it meanwhile, and whoever wakes it again gives it a new task."""
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE):
                await parent.woken.wait()
        return parent.woken.is_set()

    async def _plan(self, run: str, parent: _ActiveParent, failures: int) -> tuple[CycleResult, int]:
        """Plan; what fails is tried again after a while, and until then the parent says why it stands still."""
        try:
            async with parent.lock:
                with tracing.span("plan", run=run):
                    return await parent.cycle.plan(), 0
        except Exception as error:
            wait = min(MOST_WAIT, FIRST_WAIT * 2**failures)
            log.exception("the children of a run could not be planned; it is tried again", wait=wait)
            await self._explain(run, redact.text(f"{type(error).__name__}: {error}; it is tried again in {wait:g} s"))
            asyncio.get_running_loop().call_later(wait, parent.woken.set)
            return CycleResult(False, False), min(failures + 1, 16)

    async def _explain(self, run: str, message: str) -> None:
        try:
            at = self._clock.now()
            await self._database.write(lambda tx: directors.explain(tx, run, message, at=at), name="explain")
        except Exception:
            log.exception("the reason could not be written down")


class _ActiveParent:
    """One parent's cycle and what wakes it. `lock` is held by whoever plans."""

    def __init__(self, cycle: PlanCycle) -> None:
        self.cycle = cycle
        self.woken = asyncio.Event()
        self.lock = asyncio.Lock()
        self.task: asyncio.Task[None] | None = None
