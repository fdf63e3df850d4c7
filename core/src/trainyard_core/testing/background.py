"""What a test does beside itself: run something meanwhile, and wait until something is so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

__all__ = ["PATIENCE", "until", "working"]

PATIENCE = 30.0


async def until(ask: Callable[[], Awaitable[object]]) -> object:
    """What `ask` answers as soon as it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := await ask()):
        assert time.monotonic() < deadline, f"it never came: {ask}"
        await asyncio.sleep(0.005)
    return found


@asynccontextmanager
async def working(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """It runs within the block, and is cancelled at its end."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
