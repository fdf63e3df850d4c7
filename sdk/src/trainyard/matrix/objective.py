"""What a trial is judged by."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Goal", "Limit", "Objective"]


class Goal(StrEnum):
    """Which way is better."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"

    def better(self, value: float, than: float) -> bool:
        """Whether a value is strictly better than another."""
        return value < than if self is Goal.MINIMIZE else value > than


class Objective(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A metric or output to be made as low or as high as can be."""

    name: str
    goal: Goal


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a good trial keeps within: a metric or output by name, and its bounds. A trial outside succeeds all the
    same, but is not feasible."""

    name: str
    at_least: float | None = None
    at_most: float | None = None
