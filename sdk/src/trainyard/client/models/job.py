"""Background jobs."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["Job", "JobPage"]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A background job of a plugin, or of the core (`core`). `state` is `waiting` (until `due_at`), `running` (held by
    a worker until `lease_until`) or `dead` (failed `attempt` times, and not tried again by itself). `error` is that of
    the last try. A `periodic` job has no key; `known` is false while no plugin here has a function for it."""

    id: int
    plugin: str
    name: str
    key: str
    state: str
    due_at: str
    created_at: str
    args: dict[str, Any] = {}
    attempt: int = 0
    epoch: int = 0
    error: str = ""
    periodic: bool = False
    known: bool = True
    lease_until: str | None = None
    started_at: str | None = None
    succeeded_at: str | None = None


class JobPage(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs, oldest first."""

    items: list[Job]
    next: str | None = None
