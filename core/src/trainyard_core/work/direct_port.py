"""The agent port of a process that holds the database: calls become transactions, without HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from trainyard.client.models import StreamFrame
from trainyard_core.agent.model import KnownAttempts, Orders, Registration
from trainyard_core.contracts.scheduler import AttemptDiagnosis, Capacity
from trainyard_core.contracts.workload import AttemptRef, Observation, Workload
from trainyard_core.errors import NotFound
from trainyard_core.work.attempt_streams import AttemptStreams
from trainyard_core.work.session_service import SessionService

__all__ = ["DatabasePort"]

T = TypeVar("T")


class DatabasePort:
    """Calls the session service directly. A server's own agent that an admin removed registers itself again."""

    def __init__(self, service: SessionService, streams: AttemptStreams) -> None:
        self._service, self._streams = service, streams
        self._me: Registration | None = None
        self._epoch = 0

    async def register(self, agent: Registration) -> None:
        self._me, self._epoch = agent, await self._service.register(agent)

    async def listen(self) -> None:
        """The process's notifier wakes the agent."""

    async def assign(self) -> list[AttemptRef]:
        return await self._asked(self._service.assign)

    async def workloads(self, refs: Sequence[AttemptRef]) -> list[Workload]:
        return await self._asked(lambda name, epoch: self._service.workloads(name, epoch, refs))

    async def report(self, seen: Sequence[Observation]) -> None:
        await self._asked(lambda name, epoch: self._service.report(name, epoch, seen))

    async def diagnosed(self, ref: AttemptRef, found: Sequence[AttemptDiagnosis]) -> None:
        await self._asked(lambda name, epoch: self._service.diagnosed(name, epoch, ref, found))

    async def stream_input(self, stream: str, after: int, wait: float) -> list[StreamFrame]:
        row = await self._streams.find(stream, agent=self._name)
        return await self._streams.get(row, "input", after=after, wait=wait)

    async def stream_output(self, stream: str, frames: Sequence[StreamFrame]) -> None:
        await self._streams.put(await self._streams.find(stream, agent=self._name), "output", frames)

    @property
    def _name(self) -> str:
        assert self._me is not None, "register first"
        return self._me.name

    async def orders(self, known: KnownAttempts | None = None, capacity: Capacity | None = None) -> Orders:
        return await self._asked(lambda name, epoch: self._service.orders(name, epoch, known, capacity))

    async def released(self, refs: Sequence[AttemptRef]) -> None:
        await self._asked(lambda name, epoch: self._service.released(name, epoch, refs))

    async def leave(self) -> None:
        await self._asked(self._service.leave)

    async def _asked(self, ask: Callable[[str, int], Awaitable[T]]) -> T:
        assert self._me is not None, "register first"
        try:
            return await ask(self._me.name, self._epoch)
        except NotFound:
            await self.register(self._me)
            return await ask(self._me.name, self._epoch)
