"""Which points to try, once it is known where they come from: none twice, none outside the space.

A point of the model's that is there already, or that rounding has moved over a constraint, gives way to one of the even
sequence. A small space that is used up is exhausted, and so is any in which ten thousand points in a row were seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trainyard.matrix.space import Space, misfit
from trainyard_core.contracts.optimizer import Suggestion
from trainyard_optimizer_ax import halton
from trainyard_optimizer_ax.encoding import params_at
from trainyard_optimizer_ax.history import History

__all__ = ["CandidateSelector"]

INSTEAD = "taken from an even spread of the space, because"


class CandidateSelector:
    """Picks for one answer; what is picked counts as seen."""

    def __init__(self, space: Space, told: History, seed: int) -> None:
        self._space = space
        self._seed = seed
        self._seen = told.seen()
        self._unseen = self._listed()
        self._spent = False
        self.drawn = told.drawn

    @property
    def exhausted(self) -> bool:
        """Whether nothing is left to be picked."""
        return self._spent or self._unseen == {}

    def left(self) -> list[dict[str, object]]:
        """All params that are left, empty for a space that is too large to be listed."""
        return list((self._unseen or {}).values())

    def candidates(self, count: int) -> list[dict[str, object]]:
        """So many even points to choose from; none of them is taken, and the sequence stays where it is."""
        found: list[dict[str, object]] = []
        at = self.drawn
        while len(found) < count:
            params, at = halton.draw(self._space, self._seed, at, self._seen)
            if params is None:
                break
            found.append(params)
        return found

    def middle(self) -> list[Suggestion]:
        """The centre of the space, as the first trial of all; nothing when it cannot be one."""
        params = halton.centre(self._space)
        return [] if params is None or not self._take(params) else [Suggestion(params=params)]

    def even(self, count: int, reason: str = "") -> list[Suggestion]:
        """So many points without a model, fewer when that is all there are. `reason`: why not the model's."""
        note = f"{INSTEAD} {reason}" if reason else ""
        picked: list[Suggestion] = []
        while len(picked) < count and not self.exhausted:
            if (params := self._draw()) is not None:
                self._take(params)
                picked.append(Suggestion(params=params, note=note))
        return picked

    def modelled(self, points: Sequence[Mapping[str, float]]) -> list[Suggestion]:
        """The model's points; others for those that cannot be taken."""
        picked: list[Suggestion] = []
        for point in points:
            params = params_at(self._space, point)
            if trouble := misfit(self._space, params):
                picked += self.even(1, f"the model's point was rounded out of the space: {trouble}")
            elif self._take(params):
                picked.append(Suggestion(params=params))
            else:
                picked += self.even(1, "the model suggested params that were there before")
        return picked

    def _take(self, params: dict[str, object]) -> bool:
        """False when they were seen before."""
        mark = halton.fingerprint(self._space, params)
        if mark in self._seen:
            return False
        self._seen.add(mark)
        if self._unseen is not None:
            self._unseen.pop(mark, None)
        return True

    def _draw(self) -> dict[str, object] | None:
        params, self.drawn = halton.draw(self._space, self._seed, self.drawn, self._seen)
        if params is None and self._unseen:
            return next(iter(self._unseen.values()))
        self._spent = params is None
        return params

    def _listed(self) -> dict[str, dict[str, object]] | None:
        points = halton.listing(self._space)
        if points is None:
            return None
        marked = ((halton.fingerprint(self._space, params), params) for params in points)
        return {mark: params for mark, params in marked if mark not in self._seen}
