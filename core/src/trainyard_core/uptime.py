"""Since when a server has listened to agents and programs without a break: what no server could hear is no silence of
theirs. Pure: `db.uptime` stores it."""

from __future__ import annotations

from typing import NamedTuple

from trainyard_core.clock import SECOND

__all__ = ["BREAK", "NEVER_UP", "Uptime"]

BREAK = 10 * SECOND
"""Two confirmations that lie further apart have a break between them."""


class Uptime(NamedTuple):
    """A server has listened from `since` until `until`, as far as is known."""

    since: int
    until: int

    def counts_from(self, at: int) -> int:
        """The moment from which on silence counts: now, when no server has listened until now."""
        return self.since if abs(at - self.until) <= BREAK else at


NEVER_UP = Uptime(0, 0)
"""No server has listened yet."""
