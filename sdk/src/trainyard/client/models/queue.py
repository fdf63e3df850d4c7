"""Queues."""

from __future__ import annotations

import msgspec

__all__ = ["Queue"]


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A queue. `concurrency` is how many of its runs may hold slots at once; null: no limit."""

    name: str
    concurrency: int | None = None
    paused: bool = False
    waiting: int = 0
    live: int = 0
