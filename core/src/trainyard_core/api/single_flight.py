"""One reading for all who ask for the same at the same time: the streams of a run are woken together and want the same
pages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

__all__ = ["SingleFlight"]

T = TypeVar("T")


class SingleFlight:
    """The readings that are about to begin. Whoever asks before one begins is given its answer; it therefore holds all
    that was committed when it was asked for."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, asyncio.Task[Any]] = {}

    async def read(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` returns, or raises; called once for all who ask with this key in one turn of the event loop."""
        task = self._waiting.get(key)
        if task is None:
            task = self._waiting[key] = asyncio.create_task(self._begin(key, work))
            task.add_done_callback(_heed)
        answer: T = await asyncio.shield(task)
        return answer

    async def _begin(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        await asyncio.sleep(0)  # so that all who were woken in this turn have asked
        del self._waiting[key]
        return await work()


def _heed(task: asyncio.Task[Any]) -> None:
    """Its error is that of those who wait; when all of them have left, nobody's."""
    if not task.cancelled():
        task.exception()
