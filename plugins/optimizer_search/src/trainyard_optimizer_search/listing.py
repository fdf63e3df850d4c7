"""What mapping, grid and random share: trials that depend on nothing but their number, told from a list that need not
be written out. A kind says which params have a number, and this says how many were taken.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Sequence

import msgspec

from trainyard_core.contracts.optimizer import Optimizer, Outline, Study, Suggestion, Suggestions, Trial
from trainyard_optimizer_search import state as states

__all__ = ["ListPosition", "Listing"]

PARALLEL = 4
AHEAD = 4
"""More to have ready for a slot: what trials bring changes nothing here."""


class ListPosition(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """How far the list is read, and how many trials came of it."""

    at: int = 0
    trials: int = 0


class Listing(Optimizer):
    """Suggests the entries of a list in order."""

    @abstractmethod
    def most(self, study: Study) -> int:
        """How many trials there can be."""

    @abstractmethod
    def entry(self, study: Study, seed: int, at: int) -> tuple[dict[str, object], int] | None:
        """The first entry from place `at` on, and the place behind it; None at the end."""

    def outline(self, study: Study) -> Outline:
        return Outline(trials=self.most(study), concurrency=PARALLEL, prefetch=AHEAD)

    async def suggest(
        self, study: Study, *, changed: Sequence[Trial], count: int, seed: int, state: bytes
    ) -> Suggestions:
        taken = states.read(self.name, ListPosition, state)
        return await asyncio.to_thread(self._take, study, count, seed, taken)

    async def aclose(self) -> None:
        """Nothing is held."""

    def _take(self, study: Study, count: int, seed: int, taken: ListPosition) -> Suggestions:
        found: list[Suggestion] = []
        most = self.most(study)
        ahead = self.entry(study, seed, taken.at) if taken.trials < most else None
        while ahead is not None and len(found) < count:
            params, taken.at = ahead
            taken.trials += 1
            found.append(Suggestion(params=params, key=str(taken.trials)))
            ahead = self.entry(study, seed, taken.at) if taken.trials < most else None
        state = states.write(self.name, taken)
        return Suggestions(suggestions=tuple(found), state=state, exhausted=ahead is None)
