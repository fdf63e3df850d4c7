"""What an agent and core say to each other, and the agent's own state, as plain data: no database and no network."""

from __future__ import annotations

import asyncio

import msgspec

from trainyard.client.models import NewAttemptStream
from trainyard_core.contracts.capacity import Capacity
from trainyard_core.contracts.scheduler import Facts
from trainyard_core.contracts.workload import AttemptRef

__all__ = ["BATCH", "Drain", "KnownAttempts", "Order", "Orders", "Registration", "StreamRequest", "WakeEvent"]

BATCH = 128
"""The most attempts that an agent is assigned in one answer."""


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent presents itself: its name, its scheduler's name, the queues it wants to serve, its capacity, its
    labels, the facts of its scheduler and the version of its program. `not_ready` says why its scheduler cannot be
    asked, which also leaves open what it has."""

    name: str
    scheduler: str
    queues: tuple[str, ...]
    capacity: Capacity = Capacity()
    labels: dict[str, str] = {}
    facts: Facts = Facts()
    version: str = ""
    not_ready: str = ""


class StreamRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A stream that somebody wants to an attempt, and what of it."""

    id: str
    asked: NewAttemptStream


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an agent should do about an attempt: `submit`, `observe`, `stop`, `release`, or beside one of these
    `diagnose`, or open a `stream`."""

    ref: AttemptRef
    todo: str
    reason: str = ""
    stream: StreamRequest | None = None

    @property
    def is_beside(self) -> bool:
        """Whether it says nothing of how the attempt goes on."""
        return self.todo in ("diagnose", "stream")


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent should do about the attempts that it holds. When they are not the `whole`, every other one that it
    holds is to be observed."""

    items: list[Order]
    whole: bool = True


class KnownAttempts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many attempts an agent holds as far as it knows, and a digest of which (empty: not told)."""

    count: int
    digest: str = ""


class WakeEvent(asyncio.Event):
    """Set when an agent should ask for new work; with `orders` also when it should ask what to do about the attempts
    that it holds."""

    orders = False

    def take(self) -> bool:
        """Clear the event. True when it asked for orders."""
        self.clear()
        orders, self.orders = self.orders, False
        return orders


class Drain(msgspec.Struct, kw_only=True):
    """With `wait` an agent goes once it holds nothing, else as soon as core knows. `until` is when it goes even if core
    cannot be told (a monotonic time in seconds); `told` once core knows and gave its orders, `held` how many attempts
    there were then."""

    wait: bool
    until: float
    told: bool = False
    held: int = 0

    def is_over(self, now: float) -> bool:
        """Whether it may go now."""
        if self.wait:
            return self.told and self.held == 0
        return self.told or now >= self.until
