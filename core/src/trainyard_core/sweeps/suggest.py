"""Asks an optimizer for trials, and makes trials and runs of what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from trainyard.matrix.space import Space, misfit
from trainyard_core.contracts.optimizer import (
    Optimizer,
    StateUnreadable,
    StopTrial,
    Suggestion,
    Suggestions,
    SupportsEarlyStopping,
    Trial,
)
from trainyard_core.db import planned_trials
from trainyard_core.db.planned_trials import NewTrial
from trainyard_core.lifecycle import Reason, Status
from trainyard_core.sweeps.dependencies import Dependencies
from trainyard_core.sweeps.outcome import SweepOutcome
from trainyard_core.sweeps.plan import SweepPlan, TrialStart
from trainyard_core.sweeps.trial_run import TrialRun, TrialRunFactory, tracked
from trainyard_core.sweeps.view import SweepView
from trainyard_core.work.stored_operation import stored
from trainyard_core.work.sweep_setup import study_of

__all__ = ["Suggester"]

DEADLINE = 120.0
"""Seconds that an optimizer may think; its own deadline is far shorter."""

QUICK = 0.01
"""Seconds of thinking for which a free slot may wait: a transaction less is worth more than that."""


class Suggester:
    """The optimizer of one sweep, and the maker of its runs."""

    def __init__(self, means: Dependencies) -> None:
        self._means = means
        self._maker: TrialRunFactory | None = None
        self._thought: float | None = None

    @property
    def is_quick(self) -> bool:
        """Whether it thought for a moment only when it was asked last."""
        return self._thought is not None and self._thought < QUICK

    def optimizer(self, view: SweepView) -> Optimizer:
        """The optimizer of a sweep. Raises Invalid when it is not installed any more."""
        return self._means.algorithms.get(view.sweep.algorithm)

    async def ask(
        self, view: SweepView, changed: Sequence[Trial], count: int
    ) -> tuple[Suggestions, Sequence[StopTrial]]:
        """At most `count` trials more, and the running ones that it would end. Raises what the optimizer raises, and
        TimeoutError when it thinks for too long."""
        clock = asyncio.get_running_loop().time
        began, self._thought = clock(), None
        answer = await self._answer(view, changed, count)
        self._thought = clock() - began
        return answer

    async def _answer(
        self, view: SweepView, changed: Sequence[Trial], count: int
    ) -> tuple[Suggestions, Sequence[StopTrial]]:
        optimizer, study, state = self.optimizer(view), study_of(view.sweep), view.state
        stops: Sequence[StopTrial] = ()
        try:
            async with asyncio.timeout(DEADLINE):
                if isinstance(optimizer, SupportsEarlyStopping) and changed:
                    verdict = await optimizer.judge(study, changed=changed, seed=view.seed, state=state)
                    state, stops, changed = verdict.state, verdict.stops, ()
                answer = await optimizer.suggest(study, changed=changed, count=count, seed=view.seed, state=state)
        except StateUnreadable as error:
            return Suggestions(state=view.state, exhausted=True, failure=str(error)), ()
        return answer, stops

    async def start_prepared(self, view: SweepView, plan: SweepPlan, free: int) -> None:
        """Trials that wait take the free slots."""
        for trial in view.prepared[: max(0, free)]:
            suggestion = Suggestion(params=trial.params, note=trial.note, continues=trial.continues)
            plan.started.append(TrialStart(trial.key, await self._trial(view, trial.key, trial.number, suggestion)))

    async def take(self, view: SweepView, plan: SweepPlan, answer: Suggestions, *, free: int) -> None:
        """What was suggested becomes trials: with a run while there is a free slot, prepared beyond. Something that may
        not be suggested ends the sweep, with a word about the algorithm."""
        for each in answer.suggestions:
            if each.tuner:
                plan.started.append(await self._tuner(view, each))
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
                plan.outcome = SweepOutcome(status=Status.FAILED, reason=Reason.OPTIMIZER, message=said)
                return
            if plan.asking is not None:
                made = tracked(view, new, asker=plan.asking.asker, at=self._means.clock.now())
                plan.started.append(TrialStart(new.key, made, new))
            elif free > 0:
                plan.started.append(TrialStart(new.key, await self._trial(view, new.key, number, each), new))
                free -= 1
            else:
                plan.prepared.append(new)

    async def _trial(self, view: SweepView, key: str, number: int, suggestion: Suggestion) -> TrialRun:
        maker, at = await self._maker_of(view), self._means.clock.now()
        made = maker.trial(view, key, number, suggestion.params, at=at, note=suggestion.note)
        if not suggestion.continues or made.refused:
            return made
        source = await self._means.database.read(lambda tx: planned_trials.run_of(tx, view.run, suggestion.continues))
        return msgspec.structs.replace(made, continues=source)

    async def _tuner(self, view: SweepView, suggestion: Suggestion) -> TrialStart:
        maker, at = await self._maker_of(view), self._means.clock.now()
        made = maker.tuner(view, suggestion.key, suggestion.params, at=at)
        number = await self._means.database.read(lambda tx: planned_trials.next_tuner(tx, view.run))
        return TrialStart(
            suggestion.key, made, NewTrial(key=suggestion.key, number=number, params=suggestion.params, tuner=True)
        )

    async def _maker_of(self, view: SweepView) -> TrialRunFactory:
        if self._maker is None:
            operation = await self._means.database.read(lambda tx: stored(tx, view.run))
            self._maker = TrialRunFactory(operation, self._means.algorithms)
        return self._maker


def _wrong(view: SweepView, plan: SweepPlan, new: NewTrial) -> str:
    """Why this cannot be a trial; empty when it can."""
    taken = {trial.key for trial in view.going} | {each.key for each in plan.started}
    if new.key in taken or any(new.key == each.key for each in plan.prepared):
        return f"the key '{new.key}' is taken"
    space: Space = view.sweep.space
    if not space.params:
        return ""
    return misfit(space, {name: value for name, value in new.params.items() if name in space.params})
