"""Activities: what happened."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["Activity", "ActivityPage"]


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. `id` only grows, and no activity appears later below one that was seen."""

    id: int
    kind: str
    at: str
    actor: str
    project: str
    run: str = ""
    data: dict[str, Any] = {}


class ActivityPage(msgspec.Struct, frozen=True, kw_only=True):
    """Activities: of a run oldest first, of a project or of all newest first. `next` continues and is null on the last
    page."""

    items: list[Activity]
    next: str | None = None
