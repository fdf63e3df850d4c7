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

import structlog

from trainyard_core import faults
from trainyard_core.agent.port import AgentPort
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
log = structlog.get_logger("trainyard.agent")


class Agent:
    """Runs until cancelled. `called` is set by whoever wants it to look at once."""

    def __init__(
        self, registration: Registration, scheduler: Scheduler, port: AgentPort, called: Call, *, grace: float
    ) -> None:
        self._me, self._scheduler, self._port, self._called = registration, scheduler, port, called
        self._name, self._grace = registration.name, grace
        self._busy: set[tuple[str, AttemptRef]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen: asyncio.Queue[Observation] = asyncio.Queue()
        self._told: dict[AttemptRef, tuple[Phase, str]] = {}
        self._stopped: set[AttemptRef] = set()
        self._rested_at = 0.0

    async def run(self) -> None:
        """Work until cancelled; then what is under way is finished or abandoned, as a crash would."""
        async with self._background():
            await self._port.register(self._me)
            await self._disown()
            beat_at = 0.0
            while True:
                if self._called.taken() or monotonic() >= beat_at:
                    beat_at = monotonic() + BEAT
                    await self._guarded("beat", self._beat)
                await self._guarded("lease", self._lease)
                await _wait(self._called, beat_at - monotonic())

    @asynccontextmanager
    async def _background(self) -> AsyncIterator[None]:
        self._start(self._report_forever())
        if isinstance(self._scheduler, SupportsWatch):
            self._start(self._watch_forever(self._scheduler))
        try:
            yield
        finally:
            await end_all(self._tasks, patience=0.5)
            await self._scheduler.aclose()

    async def _beat(self) -> None:
        """Heartbeat, and carry out orders."""
        orders = await self._port.orders(self._name)
        if orders is None:
            await self._port.register(self._me)
            orders = await self._port.orders(self._name) or []
        await self._obey(orders)

    async def _lease(self) -> None:
        """Take new work for as long as there is some that fits. After a look in vain, calls that follow at once
        are answered together."""
        await asyncio.sleep(self._rested_at - monotonic())
        while leased := await self._port.lease(self._name):
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
        except Exception:
            log.exception("attempts could not be submitted; they are tried again")
        finally:
            self._busy.difference_update(("submit", ref) for ref in refs)

    async def _submit_one(self, workload: Workload) -> None:
        try:
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
        except Exception:
            log.exception("released attempts could not be told; the next heartbeat brings the order again")
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
        while True:
            try:
                await self._port.report(self._name, news)
            except Exception:
                log.exception("a report was not taken; it is told again")
                await asyncio.sleep(BEAT)
            else:
                self._told.update({o.ref: (o.phase, o.reason) for o in news})
                return

    async def _disown(self) -> None:
        """Stop and release whatever the scheduler still holds that core does not expect of this agent."""
        orders = await self._port.orders(self._name) or []
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
        except Exception:
            log.exception("an agent's step failed and is tried again", step=what)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
