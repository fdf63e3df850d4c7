"""Builds the scheduler of an agent. While its builder hangs, or raises, the agent is known as not ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from time import monotonic
from typing import TypeVar

import msgspec
import structlog

from trainyard.client.retry import Backoff
from trainyard_core.agent.model import Registration
from trainyard_core.agent.port import AgentPort, ServerUnreachable
from trainyard_core.contracts.scheduler import Scheduler
from trainyard_core.errors import StartRefused
from trainyard_core.hook_guard import gist

__all__ = ["built"]

T = TypeVar("T")
BEAT = 1.0
SLOW = 5.0
"""Seconds after which a builder that has not come back is told of."""
AGAIN = Backoff(base=0.5, cap=10.0)
log = structlog.get_logger("trainyard.agent")


async def built(build: Callable[[], Awaitable[Scheduler]], me: Registration, port: AgentPort) -> Scheduler:
    """The scheduler, as soon as its builder gives one. Raises StartRefused for a scheduler that is not there, and for
    wrong settings; whatever else a builder raises is told, and it is called again. Raises what ends a session."""
    presence = _Presence(me, port)
    for failures in count(1):
        building = asyncio.ensure_future(build())
        try:
            return await presence.during(building)
        except StartRefused as error:
            if error.__cause__ is None or isinstance(error.__cause__, ValueError):
                raise
            await presence.tell(gist(error.__cause__))
        except TimeoutError as error:
            await presence.tell(f"its builder gave no scheduler: {error}")
        finally:
            building.cancel()
        await presence.during(asyncio.ensure_future(asyncio.sleep(AGAIN.delay(failures))), is_builder=False)
    raise AssertionError("unreachable")


class _Presence:
    """How core knows the agent meanwhile."""

    def __init__(self, me: Registration, port: AgentPort) -> None:
        self._me, self._port = me, port
        self._told = ""

    async def during(self, work: asyncio.Future[T], *, is_builder: bool = True) -> T:
        """Wait for this, and stay alive."""
        slow_at = monotonic() + SLOW
        while not work.done():
            await asyncio.wait((work,), timeout=BEAT)
            if work.done():
                break
            if is_builder and monotonic() >= slow_at:
                await self.tell("its builder has not come back yet")
            if self._told:
                await self._beat()
        return work.result()

    async def tell(self, why: str) -> None:
        """The agent is not ready, and why; told once."""
        if why == self._told:
            return
        log.warning("the scheduler is not built; it is tried again", scheduler=self._me.scheduler, error=why)
        try:
            await self._port.register(msgspec.structs.replace(self._me, not_ready=why))
        except ServerUnreachable:
            return
        self._told = why

    async def _beat(self) -> None:
        try:
            await self._port.orders()
        except ServerUnreachable:
            return
