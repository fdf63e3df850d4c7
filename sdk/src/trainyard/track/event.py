"""The events that a run's methods record: what they hold, as plain values, and their time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from trainyard.track.conversion import named, pieces, plain_mapping

__all__ = ["happened", "new", "share"]

_SLACK = 0.01


def new(kind: str, **fields: Any) -> dict[str, Any]:
    """An event of now."""
    return {"type": kind, "time": time.time_ns() // 1000, **fields}


def share(value: float) -> float:
    """A share of the work, from 0 to 1. Raises ValueError for what is clearly outside."""
    number = float(value)
    if not -_SLACK <= number <= 1 + _SLACK:
        raise ValueError(f"{number:g} is not from 0 to 1")
    return min(1.0, max(0.0, number))


def happened(
    name: str, data: object, step: int | None, more: Mapping[str, Any], told: Callable[[str, str], None]
) -> Iterator[dict[str, Any]]:
    """Something of that name that happened, with the values that belong to it, as one event or as many as it needs.
    `told` is called with each value that is not recorded as it is, and why. Raises ValueError for a name that is
    none."""
    if not isinstance(name, str) or not name:
        raise ValueError(f"an event has a name, and {type(name).__name__} {str(name)[:80]!r} is none")
    copied = plain_mapping({**({} if data is None else named(data)), **more}, told)
    placed = {} if step is None else {"step": int(step)}
    for piece in list(pieces(copied)) or [{}]:
        yield new("event", name=name, **placed, data=piece)
