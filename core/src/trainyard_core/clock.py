"""Time comes in: code that decides by time is given a `Clock`, and tests turn it by hand.

Wall time is microseconds since 1970 UTC, as an integer, everywhere in core and in the database.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["SECOND", "Clock", "SystemClock", "rfc3339"]

SECOND = 1_000_000


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> int:
        """Microseconds since 1970 UTC. Never goes back within one process."""


class SystemClock:
    """The machine's clock. When the wall clock jumps back, time stands still here until it has caught up, so that
    no order that was written is turned around; when it jumps ahead, leases and deadlines count from the new time."""

    def __init__(self) -> None:
        self._last = 0

    def now(self) -> int:
        """Microseconds since 1970 UTC."""
        self._last = max(self._last, time.time_ns() // 1000)
        return self._last


def rfc3339(at: int | None) -> str | None:
    """A time as text with `Z`, to the microsecond; None stays None."""
    if at is None:
        return None
    seconds, rest = divmod(at, SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{rest:06d}Z"
