"""The clock: code that decides by time is given one, and tests turn it by hand.

Wall time is microseconds since 1970 UTC, as an integer, everywhere in core and in the database.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["LATEST", "SECOND", "Clock", "SystemClock", "bounded", "instant", "is_time", "rfc3339"]

SECOND = 1_000_000
LATEST = 253_402_300_800 * SECOND - 1
"""The end of the year 9999: no time from outside is later, and none is before 1970."""
STEP = 5 * SECOND
"""A clock that is set back by more is followed."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> int:
        """Microseconds since 1970 UTC. Goes back only when the machine's clock was set back, by more than seconds."""


def _wall() -> int:
    return time.time_ns() // 1000


class SystemClock:
    """The machine's clock. A small step back, as a correction makes, is waited out, so that no order that was written
    is turned around. A large one is followed, and so is any step ahead: or else nothing that waits would go on until
    the clock has caught up."""

    def __init__(self, wall: Callable[[], int] = _wall) -> None:
        self._wall = wall
        self._last = 0

    def now(self) -> int:
        """Microseconds since 1970 UTC."""
        wall = self._wall()
        if not wall <= self._last <= wall + STEP:
            self._last = wall
        return self._last


def is_time(at: float) -> bool:
    """Whether a number of microseconds that came from outside can be a time."""
    return 0 <= at <= LATEST


def bounded(at: int) -> int:
    """The nearest number of microseconds that can be a time: for what is kept although its time makes no sense."""
    return min(max(at, 0), LATEST)


def instant(text: str) -> int:
    """The time that a text in RFC 3339 says; without a zone it is UTC. Raises ValueError for one that cannot be."""
    said = datetime.fromisoformat(text)
    at = ((said if said.tzinfo else said.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)
    if not is_time(at):
        raise ValueError(f"{text!r} is not between the years 1970 and 9999")
    return at


def rfc3339(at: int | None) -> str | None:
    """A time as text with `Z`, to the microsecond; None stays None. It never raises: what cannot be a time is told as
    the nearest one that can."""
    if at is None:
        return None
    seconds, rest = divmod(bounded(at), SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{rest:06d}Z"
