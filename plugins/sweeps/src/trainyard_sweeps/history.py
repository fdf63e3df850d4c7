"""A metric of one trial as it went: its values by step, with what the rules ask of them."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

from trainyard.matrix.objective import Goal

__all__ = ["History"]


class History:
    """Finite values at rising steps. Whatever is asked at a step is answered by the values up to it."""

    __slots__ = ("_sums", "steps", "values")

    def __init__(self, points: Iterable[tuple[int, float]] = ()) -> None:
        self.steps: list[int] = []
        self.values: list[float] = []
        self._sums: list[float] = []
        self.extend(points)

    def extend(self, points: Iterable[tuple[int, float]]) -> None:
        """What is known from the step of the first of these points on is so from now on."""
        finite = {step: value for step, value in points if math.isfinite(value)}
        if not finite:
            return
        count = bisect_left(self.steps, min(finite))
        del self.steps[count:], self.values[count:], self._sums[:]
        self.steps += sorted(finite)
        self.values += [finite[step] for step in self.steps[count:]]

    @property
    def last(self) -> int:
        """The last step; -1 when there is none."""
        return self.steps[-1] if self.steps else -1

    def value(self, step: int) -> float | None:
        """The value then."""
        count = bisect_right(self.steps, step)
        return self.values[count - 1] if count else None

    def average(self, step: int) -> float | None:
        """The mean of the values up to then."""
        count = bisect_right(self.steps, step)
        self._sums = self._sums or list(accumulate(self.values))
        return self._sums[count - 1] / count if count else None

    def best(self, step: int, goal: Goal) -> float | None:
        """The best value up to then."""
        found = self.values[: bisect_right(self.steps, step)]
        if not found:
            return None
        return min(found) if goal is Goal.MINIMIZE else max(found)
