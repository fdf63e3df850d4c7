"""Ends tasks for certain: a cancellation that is lost on its way is asked for again. It may be lost in
`asyncio.wait_for` of Python 3.11, for one."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import structlog

__all__ = ["end_all"]

TIMES = 4
log = structlog.get_logger("trainyard.tasks")


async def end_all(tasks: Collection[asyncio.Task[Any]], *, patience: float) -> None:
    """Cancel these and wait until they have ended; every `patience` seconds they are asked again. What does not
    end after four times is told and left behind."""
    left = {task for task in tasks if not task.done()}
    for _ in range(TIMES):
        for task in left:
            task.cancel()
        if left:
            _, left = await asyncio.wait(left, timeout=patience)
    for task in left:
        log.error("a task does not end and is left behind", task=task.get_name(), at=str(task.get_stack(limit=1)))
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # seen by whoever watches it; not to be warned of
