"""Identifiers: UUIDv7 (RFC 9562), so that ids sort by creation time and keyset paging needs no second column."""

from __future__ import annotations

import os
import time
import uuid

__all__ = ["is_run_id", "new_id"]


_POOL = 4096
_pool = bytearray()
"""Random bytes that are not used yet: one call to the system serves hundreds of ids."""
_last = 0
"""The time and the random bits of the last id, without the version and the variant between them."""


def _start_in_child() -> None:
    global _last
    _pool.clear()
    _last = 0


os.register_at_fork(after_in_child=_start_in_child)


def new_id() -> str:
    """A new UUIDv7 as 36 characters: 48 bits of milliseconds, then 74 random bits.

    Ids of one process and one millisecond rise, too, so that runs that were made together keep their order: RFC 9562,
    section 6.2, method 2. Call it from one thread at a time.
    """
    global _last
    if len(_pool) < 10:
        _pool[:] = os.urandom(_POOL)
    random = int.from_bytes(_pool[-10:])
    del _pool[-10:]
    value = ((time.time_ns() // 1_000_000) << 74) | (random & ((1 << 74) - 1))
    if value <= _last and value >> 74 == _last >> 74:
        value = _last + 1 + (random & 0xFFFFFFFF)
    _last = value
    high, low = value >> 62, value & ((1 << 62) - 1)
    time_bits, after_time = high >> 12, high & 0xFFF
    return str(uuid.UUID(int=(time_bits << 80) | (0x7 << 76) | (after_time << 64) | (0x2 << 62) | low))


def is_run_id(text: str) -> bool:
    """Whether `text` is a UUID in its usual 36 characters, lower case."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
