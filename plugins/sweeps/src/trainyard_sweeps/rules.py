"""What is ended before its time: the file's `earlyStopping` rules. Pure; the same trials give the same answer.

A rule on single trials looks at each at the last multiple of its `interval` that the trial has reached, so it does not
matter how often it is asked or how the points came in. Trials that were stopped or have failed count at the steps that
they reached: if they did not, each look at the same step would end some of those that are left.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

import msgspec

from trainyard.matrix.objective import Goal
from trainyard.matrix.stopping import (
    DifferenceRule,
    FailureShare,
    MedianRule,
    Rule,
    TargetReached,
    TrialRule,
    TruncationRule,
)
from trainyard_core.contracts.director import Status
from trainyard_core.contracts.optimizer import StopTrial
from trainyard_sweeps.history import History
from trainyard_sweeps.outcome import SweepOutcome
from trainyard_sweeps.reason import SweepReason

__all__ = ["TrialProgress", "ends_sweep", "ends_trials"]

Best = Mapping[str, tuple[float | None, float | None]]
"""The lowest and the highest value of metrics by name."""


class TrialProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A trial as the rules see it, by any key: whether it still runs (one that is being stopped does not) and whether
    it has succeeded, and its metrics."""

    key: str
    running: bool
    succeeded: bool
    history: Mapping[str, History]


def ends_sweep(rules: Sequence[Rule], *, failed: int, total: int, best: Mapping[int, Best]) -> SweepOutcome | None:
    """How the whole sweep ends now, if it does. `best` are the metrics of trials by number."""
    for rule in rules:
        if isinstance(rule, FailureShare) and total and failed and 100 * failed / total >= rule.percent:
            said = f"{failed} of {total} trials have failed; the sweep was to end at {rule.percent:g} %"
            return SweepOutcome(status=Status.FAILED, reason=SweepReason.EARLY_STOPPED, message=said)
        if isinstance(rule, TargetReached) and (found := _reached(rule, best)):
            return found
    return None


def _reached(rule: TargetReached, best: Mapping[int, Best]) -> SweepOutcome | None:
    for number, metrics in best.items():
        low, high = metrics.get(rule.metric, (None, None))
        value = low if rule.goal is Goal.MINIMIZE else high
        if value is not None and not rule.goal.better(rule.value, value):
            said = f"trial {number} reached {rule.metric} {value:.6g}, and the sweep was to end at {rule.value:g}"
            return SweepOutcome(status=Status.SUCCEEDED, reason=SweepReason.EARLY_STOPPED, message=said, spares=number)
    return None


def ends_trials(rules: Sequence[Rule], trials: Sequence[TrialProgress]) -> list[StopTrial]:
    """The running trials to end now, each by the first rule that says so."""
    found: dict[str, StopTrial] = {}
    for rule in rules:
        if isinstance(rule, TrialRule):
            for stop in _by_rule(rule, trials):
                found.setdefault(stop.key, stop)
    return [*found.values()]


def _by_rule(rule: TrialRule, trials: Sequence[TrialProgress]) -> Iterator[StopTrial]:
    for trial in trials:
        history = trial.history.get(rule.metric)
        if not trial.running or history is None or history.last < max(rule.begin, 0):
            continue
        step = history.last // rule.interval * rule.interval
        if step < rule.begin or history.value(step) is None:
            continue
        others = [
            other.history[rule.metric]
            for other in trials
            if other.key != trial.key and _counts(rule, other) and _reaches(other, rule.metric, step)
        ]
        if len(others) >= max(1, rule.samples) and (pair := _worse(rule, history, others, step)):
            yield StopTrial(key=trial.key, rule=_said(rule, step), value=pair[0], against=pair[1])


def _counts(rule: TrialRule, other: TrialProgress) -> bool:
    return other.running or not isinstance(rule, TruncationRule) or rule.succeeded or not other.succeeded


def _reaches(other: TrialProgress, metric: str, step: int) -> bool:
    """Whether it has come as far; one that ended well before counts with its last value."""
    history = other.history.get(metric)
    return history is not None and bool(history.steps) and (history.last >= step or other.succeeded)


def _worse(rule: TrialRule, mine: History, others: Sequence[History], step: int) -> tuple[float, float] | None:
    """The value that is too bad, and what it was held against; None when it is good enough."""
    if isinstance(rule, MedianRule):
        return _worse_than_median(rule, mine, others, step)
    value = mine.value(step)
    values = [found for other in others if (found := other.value(step)) is not None]
    if value is None or not values:
        return None
    if isinstance(rule, TruncationRule):
        return _truncated(rule, value, values)
    return _too_far(rule, value, values)


def _worse_than_median(
    rule: MedianRule, mine: History, others: Sequence[History], step: int
) -> tuple[float, float] | None:
    best = mine.best(step, rule.goal)
    averages = [found for other in others if (found := other.average(step)) is not None]
    if best is None or not averages:
        return None
    middle = median(averages)
    return (best, middle) if rule.goal.better(middle, best) else None


def _truncated(rule: TruncationRule, value: float, others: Sequence[float]) -> tuple[float, float] | None:
    """What is as good as the worst one that stays, stays too: equals do not end each other."""
    worst_first = sorted([*others, value], reverse=rule.goal is Goal.MINIMIZE)
    count = min(math.floor(len(worst_first) * rule.percent / 100), len(others))
    stays = worst_first[count]
    return (value, stays) if rule.goal.better(stays, value) else None


def _too_far(rule: DifferenceRule, value: float, others: Sequence[float]) -> tuple[float, float] | None:
    best = min(others) if rule.goal is Goal.MINIMIZE else max(others)
    too_far = abs(value - best) > abs(best) * rule.percent / 100
    return (value, best) if too_far and rule.goal.better(best, value) else None


def _said(rule: TrialRule, step: int) -> str:
    """The rule with its number, the metric and the step."""
    name = rule.__struct_config__.tag
    said = f"{name}" if isinstance(rule, MedianRule) else f"{name} {rule.percent:g} %"
    return f"{said} of {rule.metric} at step {step}"
