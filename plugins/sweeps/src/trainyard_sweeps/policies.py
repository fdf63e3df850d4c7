"""The policies of the operation language: median, truncation and diff."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import median

from trainyard.matrix.objective import Goal
from trainyard_sweeps.policy import Comparison, Look, OtherTrial, StoppingPolicy

__all__ = ["DifferencePolicy", "MedianPolicy", "TruncationPolicy"]


class MedianPolicy(StoppingPolicy):
    """Stops a trial whose best value so far is worse than the median, over the others, of their running averages up to
    the same step: the median stopping rule of Golovin et al., Google Vizier, KDD 2017."""

    name = "median"

    def judge(self, look: Look, options: Mapping[str, object]) -> Comparison | None:
        """See `StoppingPolicy`."""
        best = look.trial.best(look.step, look.goal)
        averages = [found for other in look.others if (found := other.history.average(look.step)) is not None]
        middle = median(averages)
        return Comparison(best, middle) if best is not None and look.goal.better(middle, best) else None


class TruncationPolicy(StoppingPolicy):
    """Stops a trial that is among the worst `percent` of those that have a value at its step. What is as good as the
    worst one that stays, stays too: equals do not end each other."""

    name = "truncation"

    def counts(self, other: OtherTrial, options: Mapping[str, object]) -> bool:
        """See `StoppingPolicy`."""
        return other.running or not other.succeeded or options["includeSucceeded"] is True

    def judge(self, look: Look, options: Mapping[str, object]) -> Comparison | None:
        """See `StoppingPolicy`."""
        value, others = look.value, look.values
        worst_first = sorted([*others, value], reverse=look.goal is Goal.MINIMIZE)
        count = min(math.floor(len(worst_first) * _percent(options) / 100), len(others))
        stays = worst_first[count]
        return Comparison(value, stays) if look.goal.better(stays, value) else None

    def words(self, options: Mapping[str, object]) -> str:
        """See `StoppingPolicy`."""
        return f"{self.name} {_percent(options):g} %"


class DifferencePolicy(StoppingPolicy):
    """Stops a trial whose value is worse than the best of the others at the same step by more than `percent` of that
    one's size."""

    name = "diff"

    def judge(self, look: Look, options: Mapping[str, object]) -> Comparison | None:
        """See `StoppingPolicy`."""
        value, best = look.value, look.best(look.values)
        too_far = abs(value - best) > abs(best) * _percent(options) / 100
        return Comparison(value, best) if too_far and look.goal.better(best, value) else None

    def words(self, options: Mapping[str, object]) -> str:
        """See `StoppingPolicy`."""
        return f"{self.name} {_percent(options):g} %"


def _percent(options: Mapping[str, object]) -> float:
    percent = options["percent"]
    assert isinstance(percent, int | float)
    return percent
