"""Asks an optimizer for trials, and makes trials and their runs of what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from trainyard.matrix.space import Space, misfit
from trainyard_core.contracts.director import NewChild, PlanTools, Status
from trainyard_core.contracts.optimizer import (
    Optimizer,
    StateUnreadable,
    StopTrial,
    Suggestion,
    Suggestions,
    SupportsEarlyStopping,
    Trial,
)
from trainyard_sweeps import planned_trials
from trainyard_sweeps.outcome import SweepOutcome
from trainyard_sweeps.plan import SweepPlan, TrialStart
from trainyard_sweeps.planned_trials import NewTrial
from trainyard_sweeps.reason import SweepReason
from trainyard_sweeps.setup import Algorithms, study_of
from trainyard_sweeps.view import SweepView

__all__ = ["Suggester"]

QUICK = 0.01
"""Seconds of computing for which a free slot may wait: a transaction less is worth more than that."""


class Suggester:
    """The optimizer of one sweep, and the maker of its trials."""

    def __init__(self, algorithms: Algorithms) -> None:
        self._algorithms = algorithms
        self._seconds: float | None = None
        self._judging: SupportsEarlyStopping | None = None
        self._asked: Optimizer | None = None

    @property
    def is_quick(self) -> bool:
        """Whether it took a moment only when it was asked last."""
        return self._seconds is not None and self._seconds < QUICK

    def optimizer(self, view: SweepView) -> Optimizer:
        """The optimizer of a sweep. Raises Invalid when it is not installed any more."""
        return self._algorithms(view.sweep.algorithm)

    def judging(self, view: SweepView) -> SupportsEarlyStopping | None:
        """The optimizer, if it judges running trials itself. Raises Invalid."""
        optimizer = self.optimizer(view)
        if optimizer is not self._asked:  # to look at its methods takes as long as to read a row
            self._asked = optimizer
            self._judging = optimizer if isinstance(optimizer, SupportsEarlyStopping) else None
        return self._judging

    async def ask(
        self, view: SweepView, changed: Sequence[Trial], count: int
    ) -> tuple[Suggestions, Sequence[StopTrial]]:
        """At most `count` trials more, and the running ones that it would end. Raises what the optimizer raises."""
        clock = asyncio.get_running_loop().time
        began, self._seconds = clock(), None
        answer = await self._answer(view, changed, count)
        self._seconds = clock() - began
        return answer

    async def _answer(
        self, view: SweepView, changed: Sequence[Trial], count: int
    ) -> tuple[Suggestions, Sequence[StopTrial]]:
        optimizer, study, state = self.optimizer(view), study_of(view.sweep), view.state
        stops: Sequence[StopTrial] = ()
        try:
            if changed and (judging := self.judging(view)) is not None:
                verdict = await judging.judge(study, changed=changed, seed=view.seed, state=state)
                state, stops, changed = verdict.state, verdict.stops, ()
            answer = await optimizer.suggest(study, changed=changed, count=count, seed=view.seed, state=state)
        except StateUnreadable as error:
            return Suggestions(state=view.state, exhausted=True, failure=str(error)), ()
        return answer, stops

    def start_prepared(self, view: SweepView, plan: SweepPlan, free: int) -> None:
        """Trials that wait take the free slots."""
        for trial in view.prepared[: max(0, free)]:
            suggestion = Suggestion(params=trial.params, note=trial.note, continues=trial.continues)
            plan.started.append(TrialStart(_trial_run(view, trial.key, trial.number, suggestion)))

    async def take(self, view: SweepView, plan: SweepPlan, answer: Suggestions, *, free: int, tools: PlanTools) -> None:
        """What was suggested becomes trials: with a run while there is a free slot, prepared beyond. Something that may
        not be suggested ends the sweep, with a word about the algorithm."""
        for each in answer.suggestions:
            if each.tuner:
                number = await tools.read(lambda tx: planned_trials.next_tuner(tx, view.run))
                plan.started.append(_tuner(view, each, number))
                continue
            number = view.created + plan.created + 1
            new = NewTrial(
                key=each.key or str(number),
                number=number,
                params=each.params,
                note=each.note,
                continues=each.continues,
            )
            if wrong := _wrong(view, plan, new):
                said = f"the algorithm '{view.sweep.algorithm}' suggested what it may not: {wrong}"
                plan.outcome = SweepOutcome(status=Status.FAILED, reason=SweepReason.OPTIMIZER, message=said)
                return
            if plan.request is not None:
                new = msgspec.structs.replace(new, asker=plan.request.asker)
                plan.started.append(TrialStart(_external_run(view, new), new))
            elif free > 0:
                plan.started.append(TrialStart(_trial_run(view, new.key, number, each), new))
                free -= 1
            else:
                plan.prepared.append(new)


def _trial_run(view: SweepView, key: str, number: int, suggestion: Suggestion) -> NewChild:
    note = suggestion.note
    return NewChild(
        key=key,
        params=suggestion.params,
        name=_name(view, number),
        iteration=number,
        continues=suggestion.continues,
        meta={"trial": {"sweep": view.run, "number": number, **({"note": note} if note else {})}},
        warnings=(note,) if note else (),
    )


def _external_run(view: SweepView, new: NewTrial) -> NewChild:
    """The run of a trial that a program outside has asked for."""
    trial = {"sweep": view.run, "number": new.number, "asker": new.asker, "continues": new.continues, "note": new.note}
    return NewChild(
        key=new.key,
        params=new.params,
        name=_name(view, new.number),
        managed=False,
        meta={"trial": {name: value for name, value in trial.items() if value}},
        warnings=(new.note,) if new.note else (),
    )


def _tuner(view: SweepView, suggestion: Suggestion, number: int) -> TrialStart:
    """The run of the user's own tuner, which refers to nothing since the sweep was made."""
    operation = view.sweep.options["tuner"]
    child = NewChild(
        key=suggestion.key,
        params=suggestion.params,
        operation=operation if isinstance(operation, Mapping) else {},
        name=_name(view, suggestion.key),
        meta={"tuner": {"sweep": view.run}},
    )
    return TrialStart(child, NewTrial(key=suggestion.key, number=number, params=suggestion.params, tuner=True))


def _name(view: SweepView, number: int | str) -> str:
    return f"{view.name or view.sweep.algorithm}-{number}"


def _wrong(view: SweepView, plan: SweepPlan, new: NewTrial) -> str:
    """Why this cannot be a trial; empty when it can."""
    taken = {trial.key for trial in view.unfinished} | {each.child.key for each in plan.started}
    if new.key in taken or any(new.key == each.key for each in plan.prepared):
        return f"the key '{new.key}' is taken"
    space: Space = view.sweep.space
    if not space.params:
        return ""
    return misfit(space, {name: value for name, value in new.params.items() if name in space.params})
