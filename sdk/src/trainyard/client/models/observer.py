"""Observers: readers of the activity log that plugins bring."""

from __future__ import annotations

import msgspec

__all__ = ["FailedEvent", "Observer", "ObserverList"]


class FailedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An activity whose handler has failed so many times, at last with `error`. It is given again at `due_at`, and its
    subject waits for it; a dead letter (`dead`) is not given again until somebody retries it."""

    activity: int
    kind: str
    subject: str
    attempts: int
    error: str
    dead: bool
    due_at: str | None = None


class Observer(msgspec.Struct, frozen=True, kw_only=True):
    """An observer of a plugin (`installed`: the server has it now). Every activity up to `cursor` was handled, or is
    one of `waiting`, which wait for an earlier one of their subject that failed (`blocked` counts such subjects), or of
    `dead` letters. `lag` counts the activities after `cursor`, `lag_seconds` is the age of the oldest of them. `holder`
    is the process that reads for it; empty: none. `failures` are given for a single observer, at most 100."""

    plugin: str
    name: str
    installed: bool
    cursor: int
    lag: int
    lag_seconds: float
    blocked: int
    waiting: int
    dead: int
    holder: str = ""
    failures: list[FailedEvent] = []


class ObserverList(msgspec.Struct, frozen=True, kw_only=True):
    """All observers, by plugin and name."""

    items: list[Observer]
