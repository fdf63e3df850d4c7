"""What a cursor of a search holds, and whether it may be used: when the first page was asked for, which search it
belongs to, and the sort key of the last run. Relative times therefore mean the same on every page.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from trainyard.query.tree import SortKey
from trainyard_core.errors import Invalid
from trainyard_core.ids import is_run_id
from trainyard_core.search.order import Key, RunCursor

__all__ = ["fingerprint", "pack", "unpack", "width"]

LATEST = 4_102_444_800_000_000
"""The year 2100: no cursor is younger."""

Part = str | int | float | None


def fingerprint(*parts: str) -> str:
    """Eight characters that stand for the search."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def width(sort: Sequence[SortKey]) -> int:
    """How many parts a cursor of this sort has."""
    return 3 + sum(2 if key.field.kind == "scalar" else 1 for key in sort)


def pack(after: RunCursor, at: int, search: str) -> tuple[Part, ...]:
    """The parts of a cursor. Numbers are written as text: JSON has no infinity."""
    values = (repr(value) if isinstance(value, float) else value for value in after.values)
    return (at, search, after.id, *values)


def unpack(parts: Sequence[Part], keys: Sequence[Key], search: str) -> tuple[RunCursor, int]:
    """The last run and the moment of the first page. Raises Invalid for a cursor that belongs to another search, or
    to none."""
    at, found, run, *values = parts
    if found != search:
        raise _foreign()
    if not isinstance(at, int) or not 0 <= at <= LATEST or not isinstance(run, str) or not is_run_id(run):
        raise _foreign()
    return RunCursor(tuple(_value(value, key) for value, key in zip(values, keys, strict=True)), run), at


def _value(value: Part, key: Key) -> Part:
    if value is None and key.nullable:
        return None
    if key.value == "integer" and isinstance(value, int) and abs(value) < 1 << 63:
        return value
    if key.value == "text" and isinstance(value, str):
        return value
    if key.value == "number" and isinstance(value, str):
        return _number(value)
    raise _foreign()


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise _foreign() from None
    if math.isnan(number):
        raise _foreign()
    return number


def _foreign() -> Invalid:
    return Invalid(
        "`cursor` belongs to another search", fix="use `next` with the same `q` and `sort`, or leave `cursor` out"
    )
