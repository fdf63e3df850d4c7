"""What a benchmark hands back, and how subject and floor take turns. What is measured is each benchmark's own.

A subject is what a user of Trainyard would feel; its floor is the least that the same work can cost with the same
parts. The two alternate, so that a machine that slows down slows both, and their medians are compared.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

__all__ = ["Result", "Scale", "alternate", "percentile", "say"]

T = TypeVar("T")


class Scale(NamedTuple):
    """How much is done: `rounds` of subject and floor each, and the share of the full amount of work in a round."""

    rounds: int
    share: float

    def of(self, amount: int, least: int = 1) -> int:
        """That share of an amount, at least `least`."""
        return max(least, round(amount * self.share))


class Result(NamedTuple):
    """One figure: every round of subject and floor, in `unit`. `more` tells whether more is better."""

    name: str
    what: str
    unit: str
    subject: Sequence[float]
    floor: Sequence[float]
    aim: float | None = None
    more: bool = False
    detail: dict[str, Any] = {}  # noqa: RUF012 - a default that nobody changes

    def told(self) -> dict[str, Any]:
        """The figure as JSON: medians, their ratio, and whether the aim is met (null without an aim)."""
        subject, floor = _median(self.subject), _median(self.floor)
        return {
            "what": self.what,
            "subject": subject,
            "floor": floor,
            "ratio": _rounded(subject / floor) if subject is not None and floor else None,
            "unit": self.unit,
            "better": "more" if self.more else "less",
            "aim": self.aim,
            "met": self._met(subject),
            "runs": {"subject": [*map(_rounded, self.subject)], "floor": [*map(_rounded, self.floor)]},
            **({"detail": self.detail} if self.detail else {}),
        }

    def _met(self, subject: float | None) -> bool | None:
        if self.aim is None or subject is None:
            return None
        return subject >= self.aim if self.more else subject <= self.aim


def alternate(name: str, rounds: int, subject: Callable[[], T], floor: Callable[[], T]) -> tuple[list[T], list[T]]:
    """Both in turn, so many times each."""
    subjects, floors = [], []
    for count in range(1, rounds + 1):
        started = time.monotonic()
        subjects.append(subject())
        floors.append(floor())
        say(f"{name}: round {count} of {rounds} took {time.monotonic() - started:.1f} s")
    return subjects, floors


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def say(message: str) -> None:
    """Progress, beside the document on standard output."""
    print(message, file=sys.stderr, flush=True)


def _median(values: Sequence[float]) -> float | None:
    return _rounded(statistics.median(values)) if values else None


def _rounded(value: float) -> float:
    """Four significant digits, which is more than any of these is good for."""
    return float(f"{value:.4g}")
