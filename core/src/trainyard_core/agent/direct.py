"""The way to core inside a process that holds the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from trainyard_core.agent.session_service import Desk
from trainyard_core.contracts.workload import AttemptRef, Observation, Workload
from trainyard_core.db.agents import Registration
from trainyard_core.errors import NotFound
from trainyard_core.work.assignment import Order

__all__ = ["DatabasePort"]

T = TypeVar("T")


class DatabasePort:
    """Straight to the desk. A server's own agent that an admin removed comes back by itself."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._me: Registration | None = None
        self._epoch = 0

    async def register(self, agent: Registration) -> None:
        self._me, self._epoch = agent, await self._desk.register(agent)

    async def listen(self) -> None:
        """The process's doorbell calls the agent."""

    async def lease(self) -> list[AttemptRef]:
        return await self._asked(self._desk.lease)

    async def workloads(self, refs: Sequence[AttemptRef]) -> list[Workload]:
        return await self._asked(lambda name, epoch: self._desk.workloads(name, epoch, refs))

    async def report(self, seen: Sequence[Observation]) -> None:
        await self._asked(lambda name, epoch: self._desk.report(name, epoch, seen))

    async def orders(self) -> list[Order]:
        return await self._asked(self._desk.orders)

    async def released(self, refs: Sequence[AttemptRef]) -> None:
        await self._asked(lambda name, epoch: self._desk.released(name, epoch, refs))

    async def leave(self) -> None:
        await self._asked(self._desk.leave)

    async def _asked(self, ask: Callable[[str, int], Awaitable[T]]) -> T:
        assert self._me is not None, "register first"
        try:
            return await ask(self._me.name, self._epoch)
        except NotFound:
            await self.register(self._me)
            return await ask(self._me.name, self._epoch)
