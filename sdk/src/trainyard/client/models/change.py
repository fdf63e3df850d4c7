"""What is asked of runs that exist: changes, copies of them, one action on many."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = ["ACTIONS", "Action", "BulkAction", "BulkOutcome", "BulkResult", "CloneRun", "EditRun", "Note", "TagRun"]

Action = Literal[
    "approve", "stop", "skip", "restart", "resume", "copy", "tag", "archive", "restore", "delete"
]  # fmt: skip
ACTIONS: tuple[Action, ...] = (
    "approve", "stop", "skip", "restart", "resume", "copy", "tag", "archive", "restore", "delete",
)  # fmt: skip
"""What can be done to many runs at once."""


class EditRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Changes of a run; what is null stays. `tags` replaces all tags, `meta` is merged key by key and null removes a
    key. `priority` and `queue` can be changed while the run waits."""

    name: str | None = None
    description: str | None = None
    tags: list[str] | None = None
    meta: dict[str, Any] | None = None
    priority: int | None = None
    queue: str | None = None


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Why something is done, in the asker's words."""

    message: str = ""


class TagRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Tags to add and to remove."""

    add: list[str] = []
    remove: list[str] = []


class CloneRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A run to be made from another: params over its own, another name or queue. `step` is for a resumed run: the last
    step of the other one that counts (null: all of them)."""

    params: dict[str, Any] = {}
    name: str = ""
    queue: str = ""
    step: int | None = None


class BulkAction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One action on many runs: those named by `refs`, or the first `limit` that fit the query `q` (an empty one fits
    all). `message` is for stop, skip and approve, `add` and `remove` for tag, the rest for restart, resume and
    copy."""

    action: Action
    refs: list[str] = []
    q: str | None = None
    limit: int = 100
    message: str = ""
    add: list[str] = []
    remove: list[str] = []
    params: dict[str, Any] = {}
    name: str = ""
    queue: str = ""
    step: int | None = None


class BulkOutcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one run. When `done`, `status` is where it is then (empty: it is gone) and `created` the run that
    was made from it; else `code`, `detail` and `fix` say why not."""

    ref: str
    done: bool
    id: str = ""
    status: str = ""
    created: str = ""
    code: str = ""
    detail: str = ""
    fix: str = ""


class BulkResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each run. `more`: further runs fit the query."""

    items: list[BulkOutcome]
    more: bool = False
