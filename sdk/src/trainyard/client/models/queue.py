"""Queues."""

from __future__ import annotations

import msgspec

__all__ = ["EditQueue", "Queue", "QueueLimits", "QueuePage"]


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A queue. One with a higher `priority` comes before others. `concurrency` is how many of its runs may be live at
    once, null for no limit; `quota` is what they may hold together by resource name (cpu in cores, memory in bytes, gpu
    in devices, or any other name), and `used` what they hold now. Agents must have the labels of `selector` to serve
    it. `waiting` runs are queued in it, `live` ones have an agent."""

    name: str
    priority: int = 0
    concurrency: int | None = None
    quota: dict[str, float] = {}
    paused: bool = False
    selector: dict[str, str] = {}
    waiting: int = 0
    live: int = 0
    used: dict[str, float] = {}
    created_at: str = ""
    updated_at: str = ""


class QueuePage(msgspec.Struct, frozen=True, kw_only=True):
    """Queues, by name."""

    items: list[Queue]
    next: str | None = None


class QueueLimits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Everything that an admin decides of a queue; see `Queue`."""

    priority: int = 0
    concurrency: int | None = None
    quota: dict[str, float] = {}
    paused: bool = False
    selector: dict[str, str] = {}


class EditQueue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is to change of a queue; what is left out stays. `concurrency` null takes the limit away; `quota` and
    `selector` replace those that there are."""

    priority: int | msgspec.UnsetType = msgspec.UNSET
    concurrency: int | msgspec.UnsetType | None = msgspec.UNSET
    quota: dict[str, float] | msgspec.UnsetType = msgspec.UNSET
    paused: bool | msgspec.UnsetType = msgspec.UNSET
    selector: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
