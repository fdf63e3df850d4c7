"""One agent: a heartbeat that carries orders, and tasks that carry them out through the scheduler.

Nothing here is remembered across a crash. After a restart the same orders come again: attempts that were assigned
and not seen running are submitted again, which the scheduler knows by (run, attempt); those that run are observed;
those that nobody wants are stopped and released.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from time import monotonic
from typing import Any

import msgspec
import structlog

from trainyard.client.retry import Backoff
from trainyard_core import failpoints, log_context
from trainyard_core.agent.capacity_refresh import CapacityRefresh
from trainyard_core.agent.held_attempts import HeldAttempts
from trainyard_core.agent.model import BATCH, Drain, Order, Registration, WakeEvent
from trainyard_core.agent.port import ENDS, AgentPort, ServerUnreachable
from trainyard_core.agent.registration import with_capacity
from trainyard_core.agent.reporter import Reporter
from trainyard_core.agent.streams import StreamOpener
from trainyard_core.agent.submitter import DEADLINE, Submitter
from trainyard_core.agent.tasks import TaskTable
from trainyard_core.contracts.scheduler import AttemptDiagnosis, Scheduler, SupportsDiagnosis, SupportsWatch
from trainyard_core.contracts.workload import AttemptRef, Phase
from trainyard_core.hook_guard import gist

__all__ = ["Agent"]

BEAT = 1.0
STRAYS = 10.0
"""Seconds between two looks for attempts that core does not know."""
REST = 0.005
DIAGNOSIS = 10.0
"""Seconds that a scheduler has for a diagnosis."""
DRAIN_SECONDS = 10.0
AGAIN = Backoff(base=0.5, cap=10.0)
"""Between two looks at a scheduler that is not ready."""
log = structlog.get_logger("trainyard.agent")


class Agent:
    """Runs until cancelled, drained, or its session is over. `called` is set by whoever wants it to look at once."""

    def __init__(
        self, registration: Registration, scheduler: Scheduler, port: AgentPort, wake: WakeEvent, *, grace: float
    ) -> None:
        self._me, self._scheduler, self._port, self._wake = registration, scheduler, port, wake
        self._grace = grace
        self._tasks = TaskTable(wake)
        self._reporter = Reporter(port, self._tasks)
        self._submitter = Submitter(registration, scheduler, port, self._reporter, self._tasks)
        self._capacity = CapacityRefresh(scheduler, self._tasks, deadline=DEADLINE)
        self._held = HeldAttempts()
        self._streams = StreamOpener(scheduler, port)
        self._stopped: set[AttemptRef] = set()
        self._rested_at = 0.0
        self._draining: Drain | None = None

    async def run(self) -> None:
        """Work until cancelled; then what is under way is finished or abandoned, as a crash would. Returns when it was
        told to drain and has. Raises Superseded, AgentRejected or EndpointChanged when its session is over. While its
        scheduler cannot be asked, the agent is known as not ready and takes no work."""
        async with self._ending():
            if is_ready := await self._until_ready():
                await self._patiently(lambda: self._port.register(self._me))
                self._begin()
                await self._patiently(self._disown)
            beat_at = 0.0
            while is_ready and not self._ends():
                if self._wake.take() or monotonic() >= beat_at:
                    beat_at = monotonic() + BEAT
                    await self._tasks.guarded("beat", self._beat)
                if self._draining is None:
                    await self._tasks.guarded("assign", self._assign)
                await _wait(self._wake, beat_at - monotonic())
        if self._tasks.over is not None:
            raise self._tasks.over

    def drain(self, *, wait: bool) -> None:
        """Take no more work and end: with `wait` once nothing is held any more, else as soon as core knows, leaving
        runs to whoever comes next under this name."""
        if self._draining is None:
            self._draining = Drain(wait=wait, until=monotonic() + DRAIN_SECONDS)
        self._tasks.wake_agent()

    def _ends(self) -> bool:
        if self._tasks.over is not None:
            return True
        drain = self._draining
        return drain is not None and not self._tasks.under_way("submit") and drain.is_over(monotonic())

    async def _until_ready(self) -> bool:
        """Ask the scheduler for what it has and holds, until it answers; False when the agent is to end before."""
        told = ""
        for failures in count(1):
            try:
                async with asyncio.timeout(DEADLINE):
                    self._me = await with_capacity(self._me, self._scheduler)
                    _check_adopted(await self._scheduler.adopt())
                return True
            except Exception as error:  # whatever a scheduler raises
                if (why := gist(error)) != told:
                    told = why
                    await self._tell_not_ready(why)
            until = monotonic() + AGAIN.delay(failures)
            while (left := until - monotonic()) > 0:
                if self._ends() or self._draining is not None:
                    return False
                await self._tasks.guarded("beat", self._heartbeat)
                await asyncio.sleep(min(left, BEAT))
        return False

    async def _tell_not_ready(self, why: str) -> None:
        log.warning("the scheduler is not ready; it is asked again", scheduler=self._me.scheduler, error=why)
        await self._patiently(lambda: self._port.register(msgspec.structs.replace(self._me, not_ready=why)))

    async def _heartbeat(self) -> None:
        """Stay alive; the orders wait until the scheduler can be asked."""
        await self._port.orders()

    async def _patiently(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do it before anything else, however long core is away."""
        while not self._ends():
            try:
                return await work()
            except ServerUnreachable:
                await _wait(self._wake, BEAT)
                self._wake.take()
            except ENDS as error:
                self._tasks.over = error
            except Exception as error:  # of the scheduler, which was ready before
                self._tasks.mind(error, "begin")
                if self._draining is not None:
                    return None
                await _wait(self._wake, BEAT)
                self._wake.take()
        return None

    def _begin(self) -> None:
        """What goes on beside the beat, once there is a session."""
        self._capacity.begin(self._me.capacity)
        self._tasks.start(self._reporter.forever())
        self._tasks.start(self._tasks.guarded("listen", self._port.listen))
        self._tasks.start(self._disown_forever())
        if isinstance(self._scheduler, SupportsWatch):
            self._tasks.start(self._watch_forever(self._scheduler))

    @asynccontextmanager
    async def _ending(self) -> AsyncIterator[None]:
        try:
            with log_context.bound(agent=self._me.name):
                yield
        finally:
            await self._tasks.end()
            await self._close()

    async def _close(self) -> None:
        """Free the scheduler's own resources; one that fails to does not break the end of the others."""
        try:
            await self._scheduler.aclose()
        except Exception as error:  # whatever a scheduler raises
            log.warning("the scheduler failed to close", scheduler=self._me.scheduler, error=gist(error))

    async def _beat(self) -> None:
        """Heartbeat, and carry out orders; on the way out core is told first."""
        drain = self._draining
        if drain is not None and not drain.told:
            await self._port.leave()
        orders = await self._orders()
        await self._obey(orders)
        self._capacity.start()
        if drain is not None:
            drain.told, drain.held = True, len(orders)

    async def _orders(self, *, exact: bool = False) -> list[Order]:
        """A heartbeat, with the capacity once that has changed; what to do about each attempt that is held."""
        capacity = self._capacity.changed()
        orders = self._held.orders(await self._port.orders(self._held.known(exact=exact), capacity))
        self._capacity.acknowledge(capacity)
        return orders

    async def _assign(self) -> None:
        """Take new work for as long as there is some that fits. After a look in vain, calls that follow at once
        are answered together."""
        await asyncio.sleep(self._rested_at - monotonic())
        while assigned := await self._port.assign():
            failpoints.point("agent:after_lease")
            self._held.add(assigned)
            self._submitter.submit(assigned)
            if len(assigned) < BATCH:
                return
        self._rested_at = monotonic() + REST

    async def _obey(self, orders: Sequence[Order]) -> None:
        by_todo: dict[str, list[AttemptRef]] = {}
        for order in orders:
            by_todo.setdefault(order.todo, []).append(order.ref)
        self._forget(order.ref for order in orders)
        self._submitter.submit(by_todo.get("submit", []))
        for ref in by_todo.get("stop", []):
            if ref not in self._stopped:
                self._tasks.once("stop", ref, self._stop(ref))
        for ref in by_todo.get("diagnose", []):
            self._tasks.once("diagnose", ref, self._diagnose(ref))
        for order in orders:
            if order.stream is not None and self._streams.take(order.stream):
                self._tasks.start(self._streams.carry(order.ref, order.stream))
        self._release(by_todo.get("release", []))
        self._observe([*by_todo.get("observe", []), *self._stopped.intersection(by_todo.get("stop", []))])

    def _forget(self, held: Iterable[AttemptRef]) -> None:
        """Drop what was remembered of attempts that are over."""
        kept = set(held)
        self._reporter.keep(kept)
        self._tasks.keep(kept)
        self._stopped &= kept

    def _observe(self, refs: Sequence[AttemptRef]) -> None:
        """Have these looked at beside the beat, which no slow scheduler may hold up. They were submitted, or stopped:
        the scheduler has something of them, or they are gone."""
        if fresh := self._tasks.take("observe", refs):
            self._tasks.start(self._observe_all(fresh))

    async def _observe_all(self, refs: Sequence[AttemptRef]) -> None:
        try:
            await self._submitter.observe(refs)
        except Exception as error:
            for ref in refs:
                self._tasks.failed("observe", ref)
            self._tasks.mind(error, "observe")
        else:
            for ref in refs:
                self._tasks.worked("observe", ref)
        finally:
            self._tasks.leave("observe", refs)

    async def _stop(self, ref: AttemptRef) -> None:
        async with asyncio.timeout(DEADLINE):
            await self._scheduler.stop(ref, grace=self._grace)
        self._stopped.add(ref)
        await self._submitter.observe([ref])

    async def _diagnose(self, ref: AttemptRef) -> None:
        """Ask the scheduler, and tell core what it found; that it failed is an answer too."""
        found: list[AttemptDiagnosis] = []
        if isinstance(self._scheduler, SupportsDiagnosis):
            try:
                async with asyncio.timeout(DIAGNOSIS):
                    found = _check_diagnoses(await self._scheduler.diagnose(ref))
            except Exception as error:  # whatever a scheduler raises
                found = [AttemptDiagnosis("its scheduler was asked for a diagnosis and failed", gist(error))]
        await self._port.diagnosed(ref, found)

    def _release(self, refs: Sequence[AttemptRef]) -> None:
        if fresh := self._tasks.take("release", refs):
            self._tasks.start(self._release_all(fresh))

    async def _release_all(self, refs: Sequence[AttemptRef]) -> None:
        """Let go of ended attempts, side by side, and tell core of those that are gone in one go."""
        try:
            gone = await asyncio.gather(*(self._release_one(ref) for ref in refs))
            released = [ref for ref in gone if ref is not None]
            await self._port.released(released)
            self._held.remove(released)
        except Exception as error:
            self._tasks.mind(error, "release")
        finally:
            self._tasks.leave("release", refs)

    async def _release_one(self, ref: AttemptRef) -> AttemptRef | None:
        try:
            async with asyncio.timeout(DEADLINE):
                await self._scheduler.release(ref)
        except Exception as error:
            self._tasks.failed("release", ref)
            log.warning("an attempt could not be released; it is tried again", ref=str(ref), error=repr(error))
            return None
        return ref

    async def _watch_forever(self, scheduler: SupportsWatch) -> None:
        while True:
            try:
                async for observation in scheduler.watch():
                    self._reporter.put(observation)
            except Exception:
                log.exception("watching broke and is started again")
            await asyncio.sleep(BEAT)

    async def _disown_forever(self) -> None:
        """A database that went back to an older copy forgets runs while they run."""
        while True:
            await asyncio.sleep(STRAYS)
            await self._tasks.guarded("disown", self._disown)

    async def _disown(self) -> None:
        """Stop and release whatever the scheduler holds that core does not expect of this agent: what was held before
        core was asked, for more may have been assigned since, and is held after it, for some may have been released."""
        held = await self._scheduler.adopt()
        expected = {order.ref for order in await self._orders(exact=True)}
        if strays := set(held) - expected:
            for ref in strays.intersection(await self._scheduler.adopt()):
                log.warning("an attempt that core does not know is stopped", ref=str(ref))
                self._tasks.once("stop", ref, self._stop_and_release(ref))

    async def _stop_and_release(self, ref: AttemptRef) -> None:
        await self._scheduler.stop(ref, grace=self._grace)
        while True:
            seen = await self._scheduler.observe([ref])
            if any(o.phase in (Phase.EXITED, Phase.GONE) for o in seen):
                await self._scheduler.release(ref)
                return
            await asyncio.sleep(BEAT)


def _check_adopted(held: object) -> None:
    """Raises TypeError for what `adopt` does not promise."""
    if not isinstance(held, list | tuple) or not all(isinstance(ref, AttemptRef) for ref in held):
        raise TypeError(f"adopt gave {type(held).__name__}; wanted is a list of AttemptRef")


def _check_diagnoses(found: object) -> list[AttemptDiagnosis]:
    """Raises TypeError for what `diagnose` does not promise."""
    if not isinstance(found, list | tuple) or not all(isinstance(each, AttemptDiagnosis) for each in found):
        raise TypeError(f"diagnose gave {type(found).__name__}; wanted is a list of AttemptDiagnosis")
    return list(found)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
