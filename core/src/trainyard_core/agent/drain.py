"""How an agent parts."""

from __future__ import annotations

import msgspec

__all__ = ["Farewell"]


class Farewell(msgspec.Struct, kw_only=True):
    """With `wait` an agent goes once it holds nothing, else as soon as core knows. `until` is when it goes even if core
    cannot be told (a monotonic time in seconds); `told` once core knows and gave its orders, `held` how many attempts
    there were then."""

    wait: bool
    until: float
    told: bool = False
    held: int = 0

    def is_over(self, now: float) -> bool:
        """Whether it may go now."""
        if self.wait:
            return self.told and self.held == 0
        return self.told or now >= self.until
