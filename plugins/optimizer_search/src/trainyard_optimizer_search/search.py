"""One TPE search as far as its state has come, kept from one call to the next: the memory, the model of it, and the
points that were tried.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainyard_core.contracts.optimizer import Study, Suggestion, Trial
from trainyard_optimizer_search import draw
from trainyard_optimizer_search.encoding import Encoding
from trainyard_optimizer_search.history_window import remembered
from trainyard_optimizer_search.observations import Observation, Observations, Outcome, heard
from trainyard_optimizer_search.sequence import SuggestionSequence, token

if TYPE_CHECKING:
    from trainyard_optimizer_search.parzen import Parzen

__all__ = ["ModelSearch"]

STARTUP = 10
"""Trials with a result before the model is asked."""
TRIES = 8
"""How often the model is asked for a point that was not tried and keeps the constraints."""
RESULTS = (Outcome.VALUES, Outcome.CUT)


class ModelSearch:
    """Not safe for several threads: whoever uses one takes it out of the cache."""

    def __init__(self, study: Study, seed: int, deck: SuggestionSequence, memory: Observations) -> None:
        self.memory = memory
        self._study, self._seed, self._deck = study, seed, deck
        self._chart = Encoding(study.space)
        self._discrete = draw.is_discrete(study.space)
        self._model: Parzen | None = None
        self._places = {told.key: place for place, told in enumerate(memory.told)}
        self._tried = {self._mark(told) for told in memory.told} if self._discrete else set()
        self._tried.update(memory.forgotten)
        self._results = sum(told.outcome in RESULTS for told in memory.told)

    def tell(self, changed: Sequence[Trial]) -> None:
        """Take the trials in; what was told of one before is replaced."""
        for trial in changed:
            place = self._places.get(trial.key)
            former = None if place is None else self.memory.told[place]
            told = heard(self._study, self._chart, former, trial)
            if told is not None and place is None:
                self._add(told)
            elif told is not None and place is not None:
                self._replace(place, told)

    def suggest(self) -> Suggestion | None:
        """One more trial, which goes on from now; None when every point was tried."""
        point = self._modelled() if self._results >= STARTUP else None
        params = self.spare() if point is None else self._chart.params(point)
        if params is None:
            return None
        if point is None:
            self.memory.drawn += 1
            point = self._chart.point(params) or []
        self.memory.suggested += 1
        key = str(self.memory.suggested)
        self._add(Observation(key=key, point=point))
        return Suggestion(params=params, key=key)

    def spare(self) -> dict[str, object] | None:
        """The next point of the deck that was not tried."""
        while (card := self._deck.card(self.memory.drawn)) is not None and not self._is_new(card):
            self.memory.drawn += 1
        return card

    def _modelled(self) -> list[float] | None:
        """What the model proposes, if that is new and keeps the constraints."""
        model = self._model = self._model or self._modelling()
        for attempt in range(TRIES):
            point = model.propose(int(draw.unit("tpe", self._seed, self.memory.suggested, attempt) * 2**32))
            params = self._chart.params(point)
            if self._is_new(params) and draw.fits(self._study.space, params):
                return point
        return None

    def _modelling(self) -> Parzen:
        from trainyard_optimizer_search.parzen import Parzen  # it takes a while, and a small sweep needs no model

        return Parzen(self._study, self._chart, self.memory)

    def _is_new(self, params: dict[str, object]) -> bool:
        return not self._discrete or _mark(params) not in self._tried

    def _mark(self, told: Observation) -> int:
        return _mark(self._chart.params(told.point))

    def _add(self, told: Observation) -> None:
        self._places[told.key] = len(self.memory.told)
        self.memory.told.append(told)
        self._results += told.outcome in RESULTS
        if self._discrete:
            self._tried.add(self._mark(told))
        if self._model is not None:
            self._model.add(told)
        self._forget()

    def _forget(self) -> None:
        """Let go of what the model can do without; then the model is made anew."""
        kept = remembered(self._study, self.memory.told)
        if len(kept) == len(self.memory.told):
            return
        if self._discrete:
            keys = {told.key for told in kept}
            self.memory.forgotten += [self._mark(told) for told in self.memory.told if told.key not in keys]
        self.memory.told, self._model = kept, None
        self._places = {told.key: place for place, told in enumerate(kept)}
        self._results = sum(told.outcome in RESULTS for told in kept)

    def _replace(self, place: int, told: Observation) -> None:
        """An open trial ends in the model; after any other change the model is made anew."""
        former = self.memory.told[place]
        self.memory.told[place] = told
        self._results += (told.outcome in RESULTS) - (former.outcome in RESULTS)
        if self._model is None or told.outcome is former.outcome is Outcome.OPEN or told == former:
            return
        if former.outcome is Outcome.OPEN:
            self._model.end(place, told)
        else:
            self._model = None


def _mark(params: dict[str, object]) -> int:
    """A number that stands for the params; two of the same are less likely than a broken disk."""
    return int.from_bytes(hashlib.sha256(token(params)).digest()[:8])
