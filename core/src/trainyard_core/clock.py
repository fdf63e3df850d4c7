"""Time comes in: code that decides by time is given a `Clock`, and tests turn it by hand.

Wall time is microseconds since 1970 UTC, as an integer, everywhere in core and in the database.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["SECOND", "Clock", "SystemClock", "rfc3339"]

SECOND = 1_000_000
STEP = 5 * SECOND
"""A clock that is set back by more is followed."""


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


def rfc3339(at: int | None) -> str | None:
    """A time as text with `Z`, to the microsecond; None stays None."""
    if at is None:
        return None
    seconds, rest = divmod(at, SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{rest:06d}Z"
