"""One agent: a heartbeat that carries orders, and tasks that carry them out through the scheduler.

Nothing here is remembered across a crash. After a restart the same orders come again: attempts that were leased
and not seen running are submitted again, which the scheduler knows by (run, attempt); those that run are observed;
those that nobody wants are stopped and released.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import msgspec
import structlog

from trainyard_core import context, faults, tracing
from trainyard_core.admission import ANY_QUEUE
from trainyard_core.agent.port import ENDS, AgentPort, Away
from trainyard_core.contracts.scheduler import Scheduler, SchedulerRefused, SupportsWatch
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation, Phase, Workload
from trainyard_core.db.agents import Registration
from trainyard_core.lifecycle import Reason
from trainyard_core.tasks import end_all
from trainyard_core.work.doorbell import Call
from trainyard_core.work.leasing import BATCH, Order

__all__ = ["Agent"]

BEAT = 1.0
REST = 0.005
DEADLINE = 60.0
FAREWELL = 10.0
log = structlog.get_logger("trainyard.agent")


class Agent:
    """Runs until cancelled, drained, or its session is over. `called` is set by whoever wants it to look at once."""

    def __init__(
        self, registration: Registration, scheduler: Scheduler, port: AgentPort, called: Call, *, grace: float
    ) -> None:
        self._me, self._scheduler, self._port, self._called = registration, scheduler, port, called
        self._grace = grace
        self._busy: set[tuple[str, AttemptRef]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen: asyncio.Queue[Observation] = asyncio.Queue()
        self._told: dict[AttemptRef, tuple[Phase, str]] = {}
        self._stopped: set[AttemptRef] = set()
        self._rested_at = 0.0
        self._over: Exception | None = None
        self._farewell: Farewell | None = None

    async def run(self) -> None:
        """Work until cancelled; then what is under way is finished or abandoned, as a crash would. Returns when it
        was told to drain and has. Raises Superseded, Dismissed or Moved when its session is over."""
        async with self._ending():
            await self._patiently(lambda: self._port.register(self._me))
            self._begin()
            await self._patiently(self._disown)
            beat_at = 0.0
            while not self._ends():
                if self._called.taken() or monotonic() >= beat_at:
                    beat_at = monotonic() + BEAT
                    await self._guarded("beat", self._beat)
                if self._farewell is None:
                    await self._guarded("lease", self._lease)
                await _wait(self._called, beat_at - monotonic())
        if self._over is not None:
            raise self._over

    def drain(self, *, wait: bool) -> None:
        """Take no more work and end: with `wait` once nothing is held any more, else as soon as core knows, leaving
        runs to whoever comes next under this name."""
        if self._farewell is None:
            self._farewell = Farewell(wait=wait, until=monotonic() + FAREWELL)
        self._call()

    def _ends(self) -> bool:
        if self._over is not None:
            return True
        parting = self._farewell
        if parting is None or any(what == "submit" for what, _ in self._busy):
            return False
        if parting.wait:
            return parting.told and parting.held == 0
        return parting.told or monotonic() >= parting.until

    async def _patiently(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do it before anything else, however long core is away."""
        while not self._ends():
            try:
                return await work()
            except Away:
                await _wait(self._called, BEAT)
                self._called.taken()
            except ENDS as error:
                self._over = error
        return None

    def _begin(self) -> None:
        """What goes on beside the beat, once there is a session."""
        self._start(self._report_forever())
        self._start(self._guarded("listen", self._port.listen))
        if isinstance(self._scheduler, SupportsWatch):
            self._start(self._watch_forever(self._scheduler))

    @asynccontextmanager
    async def _ending(self) -> AsyncIterator[None]:
        try:
            with context.bound(agent=self._me.name):
                yield
        finally:
            await end_all(self._tasks, patience=0.5)
            await self._scheduler.aclose()

    async def _beat(self) -> None:
        """Heartbeat, and carry out orders; on the way out core is told first."""
        parting = self._farewell
        if parting is not None and not parting.told:
            await self._port.leave()
        orders = await self._port.orders()
        await self._obey(orders)
        if parting is not None:
            parting.told, parting.held = True, len(orders)

    async def _lease(self) -> None:
        """Take new work for as long as there is some that fits. After a look in vain, calls that follow at once
        are answered together."""
        await asyncio.sleep(self._rested_at - monotonic())
        while leased := await self._port.lease():
            faults.point("agent:after_lease")
            self._submit(leased)
            if len(leased) < BATCH:
                return
        self._rested_at = monotonic() + REST

    async def _obey(self, orders: Sequence[Order]) -> None:
        by_todo: dict[str, list[AttemptRef]] = {}
        for order in orders:
            by_todo.setdefault(order.todo, []).append(order.ref)
        self._forget(order.ref for order in orders)
        self._submit(by_todo.get("submit", []))
        for ref in by_todo.get("stop", []):
            if ref not in self._stopped:
                self._once("stop", ref, self._stop(ref))
        self._release(by_todo.get("release", []))
        await self._observe([*by_todo.get("observe", []), *by_todo.get("stop", []), *by_todo.get("submit", [])])

    def _forget(self, held: Iterable[AttemptRef]) -> None:
        """Drop what was remembered of attempts that are over."""
        kept = set(held)
        self._told = {ref: told for ref, told in self._told.items() if ref in kept}
        self._stopped &= kept

    def _submit(self, refs: Sequence[AttemptRef]) -> None:
        fresh = [ref for ref in refs if ("submit", ref) not in self._busy]
        if fresh:
            self._busy.update(("submit", ref) for ref in fresh)
            self._start(self._submit_all(fresh))

    async def _submit_all(self, refs: Sequence[AttemptRef]) -> None:
        try:
            workloads = await self._port.workloads(refs)
            await asyncio.gather(*(self._submit_one(workload) for workload in workloads))
            await self._observe(refs)
        except Exception as error:
            self._mind(error, "submit")
        finally:
            self._busy.difference_update(("submit", ref) for ref in refs)

    async def _submit_one(self, workload: Workload) -> None:
        with (
            context.bound(run=workload.run, attempt=workload.attempt),
            tracing.span("submit", run=workload.run, attempt=workload.attempt),
        ):
            await self._hand_over(workload)

    async def _hand_over(self, workload: Workload) -> None:
        try:
            self._check_queue(workload)
            self._scheduler.render(workload)
            faults.point("submit:before")
            async with asyncio.timeout(DEADLINE):
                await self._scheduler.submit(workload)
            faults.point("submit:after")
        except SchedulerRefused as refusal:
            end = Exit(reason=Reason.SUBMIT_FAILED, message=str(refusal))
            self._seen.put_nowait(Observation(ref=workload.ref, phase=Phase.EXITED, exit=end))
        except Exception as error:
            log.warning(
                "an attempt could not be submitted; it is tried again", ref=str(workload.ref), error=repr(error)
            )

    def _check_queue(self, workload: Workload) -> None:
        """Core leases by queue already; an agent still starts nothing of a queue that it was not given."""
        if ANY_QUEUE not in self._me.queues and workload.queue not in self._me.queues:
            served = ", ".join(self._me.queues) or "none"
            raise SchedulerRefused(
                f"agent '{self._me.name}' does not serve queue '{workload.queue}'; it serves {served}"
            )

    async def _stop(self, ref: AttemptRef) -> None:
        async with asyncio.timeout(DEADLINE):
            await self._scheduler.stop(ref, grace=self._grace)
        self._stopped.add(ref)
        await self._observe([ref])

    def _release(self, refs: Sequence[AttemptRef]) -> None:
        fresh = [ref for ref in refs if ("release", ref) not in self._busy]
        if fresh:
            self._busy.update(("release", ref) for ref in fresh)
            self._start(self._release_all(fresh))

    async def _release_all(self, refs: Sequence[AttemptRef]) -> None:
        """Let go of ended attempts, side by side, and tell core of those that are gone in one go."""
        try:
            gone = await asyncio.gather(*(self._release_one(ref) for ref in refs))
            await self._port.released([ref for ref in gone if ref is not None])
        except Exception as error:
            self._mind(error, "release")
        finally:
            self._busy.difference_update(("release", ref) for ref in refs)

    async def _release_one(self, ref: AttemptRef) -> AttemptRef | None:
        try:
            async with asyncio.timeout(DEADLINE):
                await self._scheduler.release(ref)
        except Exception as error:
            log.warning("an attempt could not be released; it is tried again", ref=str(ref), error=repr(error))
            return None
        return ref

    async def _observe(self, refs: Sequence[AttemptRef]) -> None:
        if not refs:
            return
        async with asyncio.timeout(DEADLINE):
            for observation in await self._scheduler.observe(list(dict.fromkeys(refs))):
                self._seen.put_nowait(observation)

    async def _watch_forever(self, scheduler: SupportsWatch) -> None:
        while True:
            try:
                async for observation in scheduler.watch():
                    self._seen.put_nowait(observation)
            except Exception:
                log.exception("watching broke and is started again")
            await asyncio.sleep(BEAT)

    async def _report_forever(self) -> None:
        """Tell what is new, everything that waits in one go; what could not be told is told again."""
        while True:
            batch = [await self._seen.get()]
            while not self._seen.empty():
                batch.append(self._seen.get_nowait())
            news = [o for o in batch if self._told.get(o.ref) != (o.phase, o.reason)]
            if news:
                await self._tell(news)

    async def _tell(self, news: list[Observation]) -> None:
        while self._over is None:
            try:
                await self._port.report(news)
            except Exception as error:
                self._mind(error, "report")
                await asyncio.sleep(BEAT)
            else:
                self._told.update({o.ref: (o.phase, o.reason) for o in news})
                return

    async def _disown(self) -> None:
        """Stop and release whatever the scheduler still holds that core does not expect of this agent."""
        orders = await self._port.orders()
        expected = {order.ref for order in orders}
        for ref in await self._scheduler.adopt():
            if ref not in expected:
                log.info("an attempt that nobody expects is stopped", ref=str(ref))
                self._once("stop", ref, self._stop_and_release(ref))

    async def _stop_and_release(self, ref: AttemptRef) -> None:
        await self._scheduler.stop(ref, grace=self._grace)
        while True:
            seen = await self._scheduler.observe([ref])
            if any(o.phase in (Phase.EXITED, Phase.GONE) for o in seen):
                await self._scheduler.release(ref)
                return
            await asyncio.sleep(BEAT)

    def _once(self, what: str, ref: AttemptRef, work: Coroutine[Any, Any, None]) -> None:
        """Start a task for an attempt unless the same one is under way."""
        if (what, ref) in self._busy:
            work.close()
            return
        self._busy.add((what, ref))
        self._start(self._finally_idle(what, ref, work))

    async def _finally_idle(self, what: str, ref: AttemptRef, work: Coroutine[Any, Any, None]) -> None:
        try:
            await self._guarded(what, lambda: work)
        finally:
            self._busy.discard((what, ref))

    async def _guarded(self, what: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except Exception as error:
            self._mind(error, what)

    def _mind(self, error: Exception, step: str) -> None:
        """A step failed: it is tried again, unless the session is over. That core is away, its port has told."""
        if isinstance(error, ENDS):
            self._over = self._over or error
            self._call()
        elif not isinstance(error, Away):
            log.error("an agent's step failed and is tried again", step=step, exc_info=error)

    def _call(self) -> None:
        self._called.orders = True
        self._called.set()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Farewell(msgspec.Struct, kw_only=True):
    """How an agent parts: `until` is when it goes even if core cannot be told; `told` once core knows and gave its
    orders, `held` how many attempts there were then."""

    wait: bool
    until: float
    told: bool = False
    held: int = 0


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
