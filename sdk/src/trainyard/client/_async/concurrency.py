"""How the asynchronous client waits and runs code that blocks. The two clients differ here: this module is written by
hand in both packages, with the same names."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from trainyard.client.page import Page

__all__ = ["FetchPage", "Operation", "run_blocking", "sleep"]

T = TypeVar("T")
P = ParamSpec("P")
Operation = Callable[[], Awaitable[T]]
"""Something to try, without arguments."""
FetchPage = Callable[[str], Awaitable[Page[T]]]
"""Gives the page that a cursor names."""


async def sleep(seconds: float) -> None:
    """Wait; the event loop goes on."""
    await asyncio.sleep(seconds)


async def run_blocking(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that reads or writes files; it runs in a thread."""
    return await asyncio.to_thread(function, *args, **kwargs)
