"""Projects."""

from __future__ import annotations

import msgspec

__all__ = ["Project"]


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project."""

    name: str
    description: str = ""
    created_at: str = ""
