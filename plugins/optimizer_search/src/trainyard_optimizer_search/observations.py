"""What TPE was told, as it is kept between two calls: for each trial its coordinates and what it came to. Which trials
are remembered is `window`'s affair."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import msgspec

from trainyard_core.contracts.optimizer import Study, Trial, TrialPhase
from trainyard_optimizer_search.encoding import Encoding

__all__ = ["Observation", "Observations", "Outcome", "heard"]


class Outcome(IntEnum):
    """What a model makes of a trial: nothing yet, its values, the last value before it was stopped, or nothing ever."""

    OPEN = 0
    VALUES = 1
    CUT = 2
    NOTHING = 3


class Observation(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """One trial. `excess`: by how much it is outside each limit, not above 0 inside. `last`: step and value of the
    objective as logged last."""

    key: str
    point: list[float]
    outcome: Outcome = Outcome.OPEN
    values: list[float] = []
    excess: list[float] = []
    last: tuple[int, float] | None = None


class Observations(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """The remembered trials in the order in which they were heard of; how many were suggested here; how many cards of
    the deck were looked at; and, where points can come twice, the marks of those that were forgotten."""

    told: list[Observation] = []
    suggested: int = 0
    drawn: int = 0
    forgotten: list[int] = []


def heard(study: Study, chart: Encoding, told: Observation | None, trial: Trial) -> Observation | None:
    """What is known of a trial after this news of it; None for one that is outside the space."""
    point = told.point if told else chart.point(trial.params)
    if point is None:
        return None
    last = _last(study, trial) or (told.last if told else None)
    values = [trial.values[o.name] for o in study.objectives if o.name in trial.values]
    outcome = _outcome(trial, complete=len(values) == len(study.objectives), last=last)
    if outcome is not Outcome.VALUES:
        return Observation(key=trial.key, point=point, outcome=outcome, last=last)
    return Observation(
        key=trial.key, point=point, outcome=outcome, values=values, excess=_excess(study, trial), last=last
    )


def _outcome(trial: Trial, *, complete: bool, last: tuple[int, float] | None) -> Outcome:
    match trial.phase:
        case TrialPhase.PENDING | TrialPhase.RUNNING:
            return Outcome.OPEN
        case TrialPhase.SUCCEEDED if complete:
            return Outcome.VALUES
        case TrialPhase.STOPPED if last is not None:
            return Outcome.CUT
        case _:
            return Outcome.NOTHING


def _last(study: Study, trial: Trial) -> tuple[int, float] | None:
    """Of the one objective; where there are several, a part of the way says nothing."""
    if len(study.objectives) != 1:
        return None
    points: Sequence[tuple[int, float]] = [
        (point.step, point.value) for point in trial.intermediate if point.name == study.objectives[0].name
    ]
    return points[-1] if points else None


def _excess(study: Study, trial: Trial) -> list[float]:
    excess = []
    for limit in study.limits:
        value = trial.values.get(limit.name)
        if value is not None and limit.at_least is not None:
            excess.append(limit.at_least - value)
        if value is not None and limit.at_most is not None:
            excess.append(value - limit.at_most)
    return excess
