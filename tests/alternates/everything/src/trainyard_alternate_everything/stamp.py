"""What other plugins offer to this one."""

from __future__ import annotations

import msgspec

__all__ = ["Stamp"]


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """A stamp for notes."""

    name: str
