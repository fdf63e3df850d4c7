"""The optimizer: takes what was told into the history, and finds points to try next.

The first trials fill the space evenly and need no model; the worker starts meanwhile. Then the model is asked, with a
deadline; whatever goes wrong there (it is late, it died, Ax does not like the problem, a point comes again) a point of
the even sequence is taken instead, and the suggestion says so.
"""

from __future__ import annotations

import asyncio
import itertools
import zlib
from collections.abc import Sequence

import msgspec

from trainyard.client.models import FieldProblem
from trainyard.matrix.space import misfit
from trainyard_core.contracts.optimizer import (
    Optimizer,
    Outline,
    Prediction,
    Study,
    Suggestion,
    Suggestions,
    SupportsPrediction,
    Trial,
    TrialPhase,
)
from trainyard_core.hookspecs import Context
from trainyard_optimizer_ax import halton, history
from trainyard_optimizer_ax.candidate import CandidateSelector
from trainyard_optimizer_ax.check import problems_of
from trainyard_optimizer_ax.encoding import Encoding, chart_of, point_of
from trainyard_optimizer_ax.history import History, Observation
from trainyard_optimizer_ax.plan import TrialBudget, plan_of
from trainyard_optimizer_ax.process import DeadlinePassed, WorkerTrouble
from trainyard_optimizer_ax.settings import Settings
from trainyard_optimizer_ax.shared import WorkerLease
from trainyard_optimizer_ax.wire import Answer, Ask, DataPoint, Predict, Question

__all__ = ["AxOptimizer"]

LEAST_OBSERVED = 2
MOST_EFFORT = 2
CANDIDATES = 500
_numbers = itertools.count(1)


DEFAULTS = Settings()


class AxOptimizer(Optimizer, SupportsPrediction):
    """A kind of matrix, `bayes` or `ax`. See the module."""

    def __init__(self, name: str, settings: Settings = DEFAULTS) -> None:
        self.name = name
        self._deadline = settings.deadline
        self._lease = WorkerLease(settings.hold)

    @classmethod
    def from_context(cls, name: str, context: Context) -> AxOptimizer:
        """An optimizer as the settings say."""
        return cls(name, context.settings)

    def check(self, study: Study) -> list[FieldProblem]:
        return problems_of(self.name, study)

    def outline(self, study: Study) -> Outline:
        plan = plan_of(self.name, study.options)
        points = halton.listing(study.space)
        trials = plan.trials if points is None else max(1, min(plan.trials, len(points)))
        return Outline(trials=trials, concurrency=1, prefetch=1)

    async def suggest(
        self, study: Study, *, changed: Sequence[Trial], count: int, seed: int, state: bytes
    ) -> Suggestions:
        told = history.take(history.read(state), study, changed)
        plan, chart = plan_of(self.name, study.options), chart_of(study)
        picker = CandidateSelector(study.space, told, seed)
        picks = _even(plan, chart, told, picker, count)
        if count and plan.method != "random_search" and plan.trials > plan.initial:
            self._lease.worker.warm()
        if len(picks) < count and not picker.exhausted:
            asked = _question(study, plan, chart, told, picks, count - len(picks), seed)
            given = picker.left() or (picker.candidates(CANDIDATES) if asked.effort == MOST_EFFORT else [])
            asked = msgspec.structs.replace(asked, candidates=[point_of(study.space, each) for each in given])
            told, found = await self._modelled(asked, told, picker, count - len(picks))
            picks += found
        return _answer(told, picker, picks)

    async def predict(
        self, study: Study, *, points: Sequence[dict[str, object]], state: bytes
    ) -> list[Prediction | None]:
        """None for all of them before two trials have succeeded, and when the model does not answer in time."""
        told, chart = history.read(state), chart_of(study)
        if told.observed(chart) < LEAST_OBSERVED or not chart.axes:
            return [None for _ in points]
        asked = [point_of(study.space, point) for point in points if not misfit(study.space, point)]
        question = Predict(id=next(_numbers), chart=chart, seen=_seen(study, chart, told), points=asked, seed=0)
        try:
            outcomes = iter((await self._asked(question)).outcomes)
        except WorkerTrouble:
            return [None for _ in points]
        return [None if misfit(study.space, point) else _prediction(study, next(outcomes)) for point in points]

    async def aclose(self) -> None:
        await asyncio.to_thread(self._lease.release)

    async def _modelled(
        self, asked: Ask, told: History, picker: CandidateSelector, count: int
    ) -> tuple[History, list[Suggestion]]:
        """The model's points and, for what it does not bring in time, even ones; a model that is too slow for its
        deadline tries less hard from then on."""
        reason = "the model is slow here and is asked for one point at a time"
        picks: list[Suggestion] = []
        try:
            picks = picker.modelled((await self._asked(asked)).points[:count])
        except WorkerTrouble as error:
            reason = str(error)
            if isinstance(error, DeadlinePassed) and error.own:
                told = msgspec.structs.replace(told, late=told.late + 1)
        return told, picks + picker.even(count - len(picks), reason)

    async def _asked(self, question: Question) -> Answer:
        return await asyncio.wrap_future(self._lease.worker.ask(question, deadline=self._deadline))


def _even(plan: TrialBudget, chart: Encoding, told: History, picker: CandidateSelector, count: int) -> list[Suggestion]:
    """The picks that need no model."""
    observed = told.observed(chart) >= max(LEAST_OBSERVED, plan.initial // 2)
    if plan.method == "random_search" or not observed or not chart.axes:
        room = count
    else:
        room = max(0, min(count, plan.initial - told.begun()))
    first = picker.middle() if room and not told.trials and plan.method != "random_search" else []
    return first + picker.even(room - len(first))


def _question(
    study: Study, plan: TrialBudget, chart: Encoding, told: History, picks: Sequence[Suggestion], count: int, seed: int
) -> Ask:
    """`picks` were made in this answer already."""
    pending = [DataPoint(point_of(study.space, pick.params), pending=True) for pick in picks]
    return Ask(
        id=next(_numbers),
        chart=chart,
        seen=[*_seen(study, chart, told), *pending],
        count=1 if told.late else count,
        seed=zlib.crc32(f"{seed}/{told.suggested}".encode()),
        method=plan.method,
        effort=min(told.late, MOST_EFFORT),
    )


def _seen(study: Study, chart: Encoding, told: History) -> list[DataPoint]:
    points = (point_of(study.space, dict(zip(study.space.params, each.params, strict=True))) for each in _trials(told))
    return [
        DataPoint(point, chart.row(each.scores) if each.counts else None, each.pending)
        for point, each in zip(points, _trials(told), strict=True)
    ]


def _trials(told: History) -> list[Observation]:
    """In the order of their keys, so that what was told first does not matter."""
    return [each for _, each in sorted(told.trials.items(), key=lambda item: (len(item[0]), item[0]))]


def _answer(told: History, picker: CandidateSelector, picks: Sequence[Suggestion]) -> Suggestions:
    keyed, trials = [], dict(told.trials)
    keys = (key for number in itertools.count(told.suggested + 1) if (key := str(number)) not in told.trials)
    for pick, key in zip(picks, keys, strict=False):
        keyed.append(msgspec.structs.replace(pick, key=key))
        trials[key] = Observation(tuple(pick.params.values()), TrialPhase.PENDING)
    told = msgspec.structs.replace(told, trials=trials, suggested=told.suggested + len(keyed), drawn=picker.drawn)
    return Suggestions(suggestions=tuple(keyed), state=history.written(told), exhausted=picker.exhausted)


def _prediction(study: Study, outcome: dict[str, tuple[float, float]]) -> Prediction:
    named = {each.name: outcome[f"o{index}"] for index, each in enumerate(study.objectives)}
    return Prediction(
        mean={name: mean for name, (mean, _) in named.items()},
        deviation={name: deviation for name, (_, deviation) in named.items()},
    )
