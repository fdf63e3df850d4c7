"""Identifiers: UUIDv7 (RFC 9562), so that ids sort by creation time and keyset paging needs no second column."""

from __future__ import annotations

import os
import time
import uuid

__all__ = ["is_run_id", "new_id"]


_POOL = 4096
_pool = bytearray()
"""Random bytes that are not used yet: one call to the system serves hundreds of ids."""
os.register_at_fork(after_in_child=_pool.clear)


def new_id() -> str:
    """A new UUIDv7 as 36 characters: 48 bits of milliseconds, then 74 random bits.

    Call it from one thread at a time.
    """
    if len(_pool) < 10:
        _pool[:] = os.urandom(_POOL)
    value = int.from_bytes(_pool[-10:])
    del _pool[-10:]
    value = (value & ((1 << 80) - 1)) | ((time.time_ns() // 1_000_000) << 80)
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return str(uuid.UUID(int=value))


def is_run_id(text: str) -> bool:
    """Whether `text` is a UUID in its usual 36 characters, lower case."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
