"""What is ended before its time: the file's `earlyStopping` rules. Pure; the same trials give the same answer.

A rule on single trials looks at each at the last multiple of its `interval` that the trial has reached, so it does not
matter how often it is asked or how the points came in. Trials that were stopped or have failed count at the steps that
they reached: if they did not, each look at the same step would end some of those that are left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from trainyard.matrix.objective import Goal
from trainyard.matrix.stopping import (
    DifferenceRule,
    FailureShare,
    MedianRule,
    PolicyRule,
    Rule,
    TargetReached,
    TrialRule,
    TruncationRule,
)
from trainyard_core.contracts.director import Status
from trainyard_core.contracts.optimizer import StopTrial
from trainyard_sweeps.history import History
from trainyard_sweeps.outcome import SweepOutcome
from trainyard_sweeps.policy import Look, OtherTrial, StoppingPolicy
from trainyard_sweeps.reason import SweepReason

__all__ = ["TrialProgress", "ends_sweep", "ends_trials", "policy_of"]

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


def policy_of(rule: TrialRule) -> tuple[str, Mapping[str, object]]:
    """The name of the policy that a rule asks, and the options that it is given."""
    match rule:
        case MedianRule():
            return "median", {}
        case TruncationRule():
            return "truncation", {"percent": rule.percent, "includeSucceeded": rule.succeeded}
        case DifferenceRule():
            return "diff", {"percent": rule.percent}
        case PolicyRule():
            return rule.policy, rule.options


def ends_trials(rule: TrialRule, policy: StoppingPolicy, trials: Sequence[TrialProgress]) -> Iterator[StopTrial]:
    """The running trials that a rule ends now. Raises what the policy raises."""
    _, options = policy_of(rule)
    others = {
        trial.key: other
        for trial in trials
        if (history := trial.history.get(rule.metric)) is not None
        and policy.counts(other := OtherTrial(history, trial.running, trial.succeeded), options)
    }
    for trial in trials:
        look = _look(rule, trial, others)
        if look is None or (found := policy.judge(look, options)) is None:
            continue
        value, against = found
        said = f"{policy.words(options)} of {rule.metric} at step {look.step}"
        yield StopTrial(key=trial.key, rule=said, value=float(value), against=float(against))


def _look(rule: TrialRule, trial: TrialProgress, others: Mapping[str, OtherTrial]) -> Look | None:
    """What the policy is asked about a trial; None when it is not asked."""
    history = trial.history.get(rule.metric)
    if not trial.running or history is None or history.last < max(rule.begin, 0):
        return None
    step = history.last // rule.interval * rule.interval
    if step < rule.begin or not _began(history, step):
        return None
    found = [other for key, other in others.items() if key != trial.key and _reaches(other, step)]
    if len(found) < max(1, rule.samples):
        return None
    return Look(goal=rule.goal, step=step, trial=history, others=found)


def _began(history: History, step: int) -> bool:
    return bool(history.steps) and history.steps[0] <= step


def _reaches(other: OtherTrial, step: int) -> bool:
    """Whether it has come as far; one that ended well before counts with its last value."""
    return _began(other.history, step) and (other.history.last >= step or other.succeeded)
