"""`asha`: random trials, of which those that fall behind at a rung are stopped while they run (`rung` decides). It adds
nothing to params: a rung is reached when the metric is logged at its step or past it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from trainyard.client.models import FieldProblem
from trainyard.matrix.objective import Goal
from trainyard_core.contracts.optimizer import (
    Judgement,
    Optimizer,
    Outline,
    Study,
    Suggestion,
    Suggestions,
    Trial,
    TrialPhase,
)
from trainyard_optimizer_search import checks, draw
from trainyard_optimizer_search import state as states
from trainyard_optimizer_search.rung import RungState, rungs
from trainyard_optimizer_search.sequence import SequenceCache

__all__ = ["AshaOptimizer"]

ETA = 3
LIVE = (TrialPhase.PENDING, TrialPhase.RUNNING)


class AshaOptimizer(Optimizer):
    """Options: `numRuns`, `maxIterations` (the most steps of a trial), `minIterations` (the step of the first rung, 1),
    `eta` (3)."""

    name = "asha"

    def __init__(self) -> None:
        self._decks = SequenceCache()

    def check(self, study: Study) -> list[FieldProblem]:
        return (
            checks.check_whole(study, "numRuns", needed=True)
            + checks.check_whole(study, "maxIterations", least=2, needed=True)
            + (checks.check_whole(study, "minIterations") or _check_first(study))
            + checks.check_eta(study, ETA)
            + checks.check_metric(study, self.name)
            + checks.check_space(study, self.name)
        )

    def outline(self, study: Study) -> Outline:
        runs, points = checks.whole(study, "numRuns", 1), draw.size(study.space)
        return Outline(trials=runs if points is None else min(runs, points), concurrency=4, prefetch=2)

    async def suggest(
        self, study: Study, *, changed: Sequence[Trial], count: int, seed: int, state: bytes
    ) -> Suggestions:
        ladder = states.read(self.name, RungState, state)
        _take(study, ladder, changed)
        return await asyncio.to_thread(self._suggest, study, ladder, count, seed)

    async def judge(self, study: Study, *, changed: Sequence[Trial], seed: int, state: bytes) -> Judgement:
        """The trials that fell behind at a rung, also one that `suggest` was told of in between."""
        ladder = states.read(self.name, RungState, state)
        _take(study, ladder, changed)
        stops = tuple(ladder.due.values())
        ladder.due = {}
        return Judgement(stops=stops, state=states.write(self.name, ladder))

    async def aclose(self) -> None:
        """Nothing is held."""

    def _suggest(self, study: Study, ladder: RungState, count: int, seed: int) -> Suggestions:
        most, deck = checks.whole(study, "numRuns", 1), self._decks.of(study.space, str(seed))
        found: list[Suggestion] = []
        while len(found) < count and ladder.drawn < most and (card := deck.card(ladder.drawn)) is not None:
            ladder.drawn += 1
            found.append(Suggestion(params=card, key=str(ladder.drawn)))
        ended = ladder.drawn >= most or deck.card(ladder.drawn) is None
        return Suggestions(suggestions=tuple(found), state=states.write(self.name, ladder), exhausted=ended)


def _take(study: Study, ladder: RungState, changed: Sequence[Trial]) -> None:
    metric, eta = checks.objective(study), checks.eta(study, ETA)
    steps = rungs(checks.whole(study, "minIterations", 1), checks.whole(study, "maxIterations", 1), eta)
    for trial in changed:
        points = [point for point in trial.intermediate if point.name == metric.name]
        ladder.climb(trial.key, points, steps, eta=eta, sign=-1 if metric.goal is Goal.MAXIMIZE else 1)
        if trial.phase not in LIVE:
            ladder.leave(trial.key)


def _check_first(study: Study) -> list[FieldProblem]:
    first, last = checks.whole(study, "minIterations", 1), checks.whole(study, "maxIterations", 2)
    if first < last:
        return []
    message = f"minIterations {first} is not below maxIterations {last}, so no trial would ever be compared"
    return [FieldProblem(message=message, field="minIterations", fix="lower it; 1 is usual")]
