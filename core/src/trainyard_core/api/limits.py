"""Rate limits: a token bucket for each asker, and a small one for each address that fails to say who it is.

The buckets live in this process: several API processes allow as many times the rate.
"""

from __future__ import annotations

from trainyard_core.clock import SECOND
from trainyard_core.errors import RateLimited

__all__ = ["Buckets"]

MOST_KEPT = 10_000


class Buckets:
    """Token buckets by name: `rate` in a second, `burst` at once (J. Turner, 1986). A rate of 0 limits nothing."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._levels: dict[str, tuple[float, int]] = {}

    def take(self, name: str, *, at: int) -> None:
        """Take one at a time in microseconds. Raises RateLimited when the bucket is empty."""
        if not self._rate:
            return
        level, seen = self._levels.get(name, (self._burst, at))
        level = min(self._burst, level + max(0, at - seen) / SECOND * self._rate)
        if level < 1:
            self._levels[name] = (level, at)
            wait = (1 - level) / self._rate
            raise RateLimited(
                f"more than {self._rate:g} requests a second", wait=wait, fix=f"wait {wait:.2f} s, and send fewer"
            )
        self._make_room()
        self._levels[name] = (level - 1, at)

    def give_back(self, name: str) -> None:
        """Undo a `take`."""
        if name in self._levels:
            level, seen = self._levels[name]
            self._levels[name] = (min(self._burst, level + 1), seen)

    def _make_room(self) -> None:
        """Forget everybody when there are too many names: a bucket that is forgotten is full."""
        if len(self._levels) >= MOST_KEPT:
            self._levels.clear()
