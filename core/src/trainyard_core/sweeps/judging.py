"""How a trial went, from where its run ended and what it left behind. Pure.

A trial has succeeded when its run has, and every objective has a finite value: an output of that name if there is one,
else the last value of the metric. Without objectives its figures are whatever numbers it left. Whatever else became of
it says so in words that a person can act on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from trainyard.matrix.objective import Limit, Objective
from trainyard_core.db.sweeps import Settled
from trainyard_core.lifecycle import Reason, Status

__all__ = ["NO_OBJECTIVE", "feasible", "judge"]

NO_OBJECTIVE = "no_objective"
"""Why a trial failed whose run succeeded: what it is judged by did not come, or is no number."""

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
) -> Settled:
    """How the trial of a run that has ended went. `metrics` are last values by name, None for one that is not a
    number."""
    names = [*(each.name for each in objectives), *(each.name for each in limits)]
    found = {name: _value(name, outputs, metrics) for name in names or [*outputs, *metrics][:MOST]}
    figures = {name: value for name, value in found.items() if value is not None and math.isfinite(value)}
    if status is Status.STOPPED:
        return Settled(key=key, phase="stopped", figures=figures, reason=reason, message=message)
    if status is not Status.SUCCEEDED:
        return Settled(key=key, phase="failed", figures=figures, reason=reason or status, message=message)
    if missing := next((name for name in names if name not in figures), None):
        said = _missing(missing, {**dict.fromkeys(outputs), **metrics}, was_there=missing in metrics)
        return Settled(key=key, phase="failed", figures=figures, reason=NO_OBJECTIVE, message=said)
    value = figures[objectives[0].name] if objectives else None
    incomplete = reason if reason == Reason.INCOMPLETE else ""
    return Settled(key=key, phase="succeeded", figures=figures, value=value, reason=incomplete, message=message)


def feasible(figures: Mapping[str, float], limits: Sequence[Limit]) -> bool:
    """Whether a trial keeps within all limits."""
    return all(
        (limit.at_least is None or figures[limit.name] >= limit.at_least)
        and (limit.at_most is None or figures[limit.name] <= limit.at_most)
        for limit in limits
        if limit.name in figures
    )


def _value(name: str, outputs: Mapping[str, object], metrics: Values) -> float | None:
    written = outputs.get(name)
    if isinstance(written, int | float) and not isinstance(written, bool):
        return float(written)
    return metrics.get(name)


def _missing(name: str, known: Mapping[str, object], *, was_there: bool) -> str:
    if was_there:
        return f"the metric '{name}' is not a finite number at its end; log a finite one, or make the program fail"
    if not known:
        return f"the metric '{name}' never came: the program logged nothing; log it with `run.log({{'{name}': ...}})`"
    listed = ", ".join(f"'{each}'" for each in [*known][:10])
    near = get_close_matches(name, known, 1)
    hint = f"did you mean '{near[0]}'?" if near else "correct `metric.name`, or log it"
    return f"the metric '{name}' never came; the program logged {listed}; {hint}"
