"""`random`: `numRuns` points drawn from the space, none twice where they can be counted."""

from __future__ import annotations

from trainyard.client.models import FieldProblem
from trainyard_core.contracts.optimizer import Study
from trainyard_optimizer_search import checks, draw
from trainyard_optimizer_search.listing import Listing
from trainyard_optimizer_search.sequence import SequenceCache

__all__ = ["RandomOptimizer"]


class RandomOptimizer(Listing):
    """Options: `numRuns`, lowered to what a discrete space holds."""

    name = "random"

    def __init__(self) -> None:
        self._decks = SequenceCache()

    def check(self, study: Study) -> list[FieldProblem]:
        return checks.check_whole(study, "numRuns", needed=True) + checks.check_space(study, self.name)

    def most(self, study: Study) -> int:
        runs, points = checks.whole(study, "numRuns", 1), draw.size(study.space)
        return runs if points is None else min(runs, points)

    def entry(self, study: Study, seed: int, at: int) -> tuple[dict[str, object], int] | None:
        card = self._decks.of(study.space, str(seed)).card(at)
        return None if card is None else (card, at + 1)
