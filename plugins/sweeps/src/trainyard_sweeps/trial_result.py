"""How a trial went, from where its run ended and what it left behind. Pure.

A trial has succeeded when its run has, and every objective has a finite value: an output of that name if there is one,
else the last value of the metric. Without objectives its values are whatever numbers it left. Whatever else became of
it says so in words that a person can act on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from trainyard.matrix.objective import Limit, Objective
from trainyard_core.contracts.director import Reason, Status
from trainyard_sweeps.planned_trials import TrialResult
from trainyard_sweeps.reason import SweepReason

__all__ = ["feasible", "judge", "number"]

LISTED = 10
"""Names that a message lists."""
MOST = 100
"""Outputs and metrics that are kept of a trial that is judged by nothing in particular."""

Values = Mapping[str, float | None]


def judge(
    key: str,
    *,
    status: Status,
    reason: str,
    message: str,
    outputs: Mapping[str, object],
    metrics: Values,
    objectives: Sequence[Objective],
    limits: Sequence[Limit] = (),
) -> TrialResult:
    """How the trial of a run that has ended went. `metrics` are last values by name, None for one that is not a
    number."""
    names = [*(each.name for each in objectives), *(each.name for each in limits)]
    found = {name: _value(name, outputs, metrics) for name in names or [*outputs, *metrics][:MOST]}
    values = {name: value for name, value in found.items() if value is not None and math.isfinite(value)}
    if status is Status.STOPPED:
        return TrialResult(key=key, phase="stopped", values=values, reason=reason, message=message)
    if status is not Status.SUCCEEDED:
        return TrialResult(key=key, phase="failed", values=values, reason=reason or status, message=message)
    if missing := next((name for name in names if name not in values), None):
        said = _missing(missing, outputs, metrics)
        return TrialResult(key=key, phase="failed", values=values, reason=SweepReason.NO_OBJECTIVE, message=said)
    value = values[objectives[0].name] if objectives else None
    incomplete = reason if reason == Reason.INCOMPLETE else ""
    return TrialResult(key=key, phase="succeeded", values=values, value=value, reason=incomplete, message=message)


def number(value: object) -> float | None:
    """What an output comes to; None for what is no number. A whole number of hundreds of digits is beyond all that is
    finite here."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def feasible(values: Mapping[str, float], limits: Sequence[Limit]) -> bool:
    """Whether a trial keeps within all limits."""
    return all(
        (limit.at_least is None or values[limit.name] >= limit.at_least)
        and (limit.at_most is None or values[limit.name] <= limit.at_most)
        for limit in limits
        if limit.name in values
    )


def _value(name: str, outputs: Mapping[str, object], metrics: Values) -> float | None:
    written = number(outputs.get(name))
    return metrics.get(name) if written is None else written


def _missing(name: str, outputs: Mapping[str, object], metrics: Values) -> str:
    known = [*dict.fromkeys([*outputs, *metrics])]
    if name in metrics:
        return f"the metric '{name}' is not a finite number at its end; log a finite one, or make the program fail"
    if name in outputs:
        return f"the output '{name}' is not a finite number but {_kind(outputs[name])}; write a finite number to it"
    if not known:
        return f"the metric '{name}' never came: the program logged nothing; log it with `run.log({{'{name}': ...}})`"
    listed = ", ".join(f"'{each}'" for each in known[:LISTED]) + (", ..." if len(known) > LISTED else "")
    near = _near(name, known)
    hint = f"did you mean '{near}'?" if near else "correct `metric.name`, or log it"
    return f"the metric '{name}' never came; the program logged {listed}; {hint}"


def _near(name: str, known: Sequence[str]) -> str:
    """The name that may have been meant, whatever its case; empty when none is like it."""
    folded = {each.casefold(): each for each in reversed(known)}
    found = get_close_matches(name.casefold(), folded, 1)
    return folded[found[0]] if found else ""


def _kind(value: object) -> str:
    """What an output is, never what it says."""
    if isinstance(value, bool):
        return "true or false"
    names = {str: "text", list: "a list", dict: "a mapping", type(None): "nothing"}
    return names.get(type(value), "too large a number")
