"""The points of a space in the order in which they are drawn: each comes once where points can come twice at all, until
there are no more. The n-th card of a deck depends on space and seed alone, so an optimizer keeps only how many it took.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import msgspec

from trainyard.matrix.space import Space
from trainyard_optimizer_search import draw

__all__ = ["SequenceCache", "SuggestionSequence", "token"]

TRIES = 200
"""Draws before the points of a discrete space are gone through one by one."""
MOST_TRIES = 20_000
"""Draws before a space that cannot be gone through counts as exhausted."""


class SuggestionSequence:
    """One space and seed. Safe to use from several threads; cards that were dealt are kept for who asks again."""

    def __init__(self, space: Space, seed: str) -> None:
        self._space = space
        self._seed = seed
        self._size = draw.size(space)
        self._discrete = draw.is_discrete(space)
        self._lock = threading.Lock()
        self._dealt: list[dict[str, object]] = []
        self._seen: set[bytes] = set()
        self._ended = False

    def card(self, number: int) -> dict[str, object] | None:
        """The card of that number, from 0; None when there are not so many."""
        if not self._discrete:
            return self._draw(number, MOST_TRIES)
        with self._lock:
            while len(self._dealt) <= number and not self._ended:
                self._deal()
            return dict(self._dealt[number]) if number < len(self._dealt) else None

    def _deal(self) -> None:
        number = len(self._dealt)
        full = self._size is not None and number >= self._size
        card = None if full else self._draw(number, TRIES) or self._search(number)
        if card is None:
            self._ended = True
            return
        self._dealt.append(card)
        self._seen.add(token(card))

    def _draw(self, number: int, tries: int, first: int = 0) -> dict[str, object] | None:
        for attempt in range(first, first + tries):
            card = draw.drawn(self._space, self._seed, number, attempt)
            if self._is_new(card):
                return card
        return None

    def _search(self, number: int) -> dict[str, object] | None:
        """The first new point behind a drawn one, around the whole space."""
        if self._size is None:
            return self._draw(number, MOST_TRIES, first=TRIES)
        start = int(draw.unit(self._seed, number) * self._size)
        points = (draw.point(self._space, (start + step) % self._size) for step in range(self._size))
        return next(filter(self._is_new, points), None)

    def _is_new(self, card: dict[str, object]) -> bool:
        return draw.fits(self._space, card) and (not self._discrete or token(card) not in self._seen)


class SequenceCache:
    """The decks that an instance used lately: a cache, and nothing is lost with it."""

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._decks: OrderedDict[tuple[bytes, str], SuggestionSequence] = OrderedDict()

    def of(self, space: Space, seed: str) -> SuggestionSequence:
        """The deck of this space and seed."""
        key = (msgspec.msgpack.encode(space), seed)
        deck = self._decks.pop(key, None) or SuggestionSequence(space, seed)
        self._decks[key] = deck
        if len(self._decks) > self._most:
            self._decks.popitem(last=False)
        return deck


def token(params: dict[str, object]) -> bytes:
    """The same for the same params in the same order; 1, 1.0 and true are three."""
    return msgspec.msgpack.encode(params)
