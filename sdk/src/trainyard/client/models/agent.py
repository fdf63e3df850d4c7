"""Agents."""

from __future__ import annotations

import msgspec

__all__ = ["Agent"]


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent: what it serves, what it offers in whole and has free, and whether it was heard of lately."""

    name: str
    scheduler: str
    queues: list[str]
    alive: bool
    seen_at: str
    draining: bool = False
    cpu: float = 0.0
    memory: int = 0
    gpu: int = 0
    free_cpu: float = 0.0
    free_gpu: int = 0
    live: int = 0
