"""`tpe` and `hyperopt`: the first trials drawn at random, then those that a model of good and bad ones prefers
(`parzen`). No point is tried twice where points can be counted; where the model finds no new one that keeps the
constraints, one is drawn.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from trainyard.client.models import FieldProblem
from trainyard_core.contracts.optimizer import Optimizer, Outline, Study, Suggestion, Suggestions, Trial
from trainyard_optimizer_search import checks, draw
from trainyard_optimizer_search import state as states
from trainyard_optimizer_search.observations import Observations
from trainyard_optimizer_search.search import ModelSearch
from trainyard_optimizer_search.sequence import SequenceCache

__all__ = ["HyperoptOptimizer", "TpeOptimizer"]

KEPT = 64
"""Searches in the cache."""


class TpeOptimizer(Optimizer):
    """Options: `numRuns`, and `maxIterations` when that is to be done so many times. Several objectives are traded off
    against each other; what is outside a limit counts as worse than all that is inside."""

    name = "tpe"

    def __init__(self) -> None:
        self._decks = SequenceCache()
        self._searches: OrderedDict[bytes, ModelSearch] = OrderedDict()

    def check(self, study: Study) -> list[FieldProblem]:
        problems = checks.check_whole(study, "numRuns", needed=True) + checks.check_whole(study, "maxIterations")
        if not study.objectives:
            problems += checks.check_metric(study, self.name)
        return problems + checks.check_space(study, self.name)

    def outline(self, study: Study) -> Outline:
        trials, points = _most(study), draw.size(study.space)
        return Outline(trials=trials if points is None else min(trials, points), concurrency=2)

    async def suggest(
        self, study: Study, *, changed: Sequence[Trial], count: int, seed: int, state: bytes
    ) -> Suggestions:
        return await asyncio.to_thread(self._suggest, study, changed, count, seed, state)

    async def aclose(self) -> None:
        self._searches.clear()

    def _suggest(self, study: Study, changed: Sequence[Trial], count: int, seed: int, state: bytes) -> Suggestions:
        search = self._searches.pop(_address(study, seed, state), None) or self._rebuilt(study, seed, state)
        search.tell(changed)
        found: list[Suggestion] = []
        while len(found) < count and search.memory.suggested < _most(study) and (one := search.suggest()) is not None:
            found.append(one)
        exhausted = search.memory.suggested >= _most(study) or search.spare() is None
        state = states.write(self.name, search.memory)
        self._keep(_address(study, seed, state), search)
        return Suggestions(suggestions=tuple(found), state=state, exhausted=exhausted)

    def _rebuilt(self, study: Study, seed: int, state: bytes) -> ModelSearch:
        return ModelSearch(
            study, seed, self._decks.of(study.space, str(seed)), states.read(self.name, Observations, state)
        )

    def _keep(self, address: bytes, search: ModelSearch) -> None:
        self._searches[address] = search
        if len(self._searches) > KEPT:
            self._searches.popitem(last=False)


class HyperoptOptimizer(TpeOptimizer):
    """The name that files written for Polyaxon up to 2.16 know it by."""

    name = "hyperopt"


def _most(study: Study) -> int:
    return checks.whole(study, "numRuns", 1) * checks.whole(study, "maxIterations", 1)


def _address(study: Study, seed: int, state: bytes) -> bytes:
    """What a search is found again by: all that it depends on."""
    return hashlib.sha256(msgspec.msgpack.encode((study, seed)) + state).digest()
