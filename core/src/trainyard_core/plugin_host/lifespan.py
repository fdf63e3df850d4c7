"""The contexts that plugins want around a process: entered before it serves or works, in the order of the plugins'
names, and left when it ends, in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import structlog

from trainyard_core.cancellation import end_all
from trainyard_core.hook_guard import gist
from trainyard_core.request_hooks import implementing
from trainyard_core.runtime import Runtime

__all__ = ["lifespans"]

ENTERING, LEAVING = 30.0, 10.0
"""Seconds that a plugin has to enter and to leave its context."""
log = structlog.get_logger("trainyard.plugins")


@asynccontextmanager
async def lifespans(runtime: Runtime) -> AsyncIterator[None]:
    """Within the block all contexts are entered. A plugin whose context is not entered in time, or raises instead, is
    left out; one that is not left in time is told and left behind."""
    async with AsyncExitStack() as stack:
        for plugin in implementing(runtime.registry.manager, "lifespan"):
            try:
                context = runtime.registry.lifespan(plugin, runtime.platforms.of(plugin))
                if context is not None:
                    held = _Held(plugin, context)
                    await held.enter()
                    stack.push_async_callback(held.leave)
            except Exception as error:
                runtime.registry.leave_out(plugin, "lifespan", error)
        yield


class _Held:
    """One plugin's context in a task of its own, which enters it and leaves it."""

    def __init__(self, plugin: str, context: AbstractAsyncContextManager[None]) -> None:
        self._plugin, self._context = plugin, context
        self._entered, self._ends = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"lifespan of {plugin}")

    async def _run(self) -> None:
        async with self._context:
            self._entered.set()
            await self._ends.wait()

    async def enter(self) -> None:
        """Raises TimeoutError, and what the context raises."""
        entered = asyncio.create_task(self._entered.wait())
        await asyncio.wait([entered, self._task], timeout=ENTERING, return_when=asyncio.FIRST_COMPLETED)
        entered.cancel()
        if self._entered.is_set():
            return
        if self._task.done():
            await self._task
            raise RuntimeError("its context ends before it is entered")
        await end_all([self._task], patience=LEAVING)
        raise TimeoutError(f"its context is not entered within {ENTERING:g} s")

    async def leave(self) -> None:
        """Whatever the context raises is told."""
        self._ends.set()
        await asyncio.wait([self._task], timeout=LEAVING)
        if not self._task.done():
            log.error("a plugin does not leave its context in time", plugin=self._plugin, seconds=LEAVING)
            await end_all([self._task], patience=LEAVING)
        elif not self._task.cancelled() and (error := self._task.exception()) is not None:
            log.error("a plugin fails to leave its context", plugin=self._plugin, error=gist(error))
