"""Walks admission over the database: reads the few runs that each decision needs, in the caller's transaction.

What is decided is `admission`'s; `assignment` carries it out, and `why` explains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from trainyard_core.admission import AgentOffer, Grant, Snapshot, WaitingQuery, WaitingRun, by_age, lane_of, named, walk
from trainyard_core.db import admission
from trainyard_core.db.engine import Tx

__all__ = ["DatabaseSource", "MovedRun", "WaitingSource", "plan"]


class WaitingSource(Protocol):
    """Answers a walk."""

    async def answer(self, ask: WaitingQuery) -> Sequence[WaitingRun]:
        """The runs that are asked for."""


async def plan(
    source: WaitingSource, world: Snapshot, offer: AgentOffer, *, most: int
) -> list[tuple[Grant, WaitingRun]]:
    """What `admit` grants this agent now, each with what the run asked for."""
    seen: dict[str, WaitingRun] = {}
    going = walk(world, offer, most=most)
    try:
        ask = next(going)
        while True:
            answer = await source.answer(ask)
            seen.update((need.run, need) for need in answer)
            ask = going.send(answer)
    except StopIteration as done:
        grants: list[Grant] = done.value
    return [(grant, seen[grant.run]) for grant in grants]


class DatabaseSource:
    """Answers walks from the database, and remembers the answers for the next walk of the same transaction.

    On PostgreSQL a question costs a way there and back, so whoever asks about a second queue is told of all."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._known: dict[tuple[object, ...], list[WaitingRun]] = {}
        self._asked = 0
        self._heads: dict[str, list[WaitingRun]] | None = None

    async def answer(self, ask: WaitingQuery) -> Sequence[WaitingRun]:
        """The runs that are asked for."""
        key = (ask.queue, ask.lane and ask.lane.run, ask.after and ask.after.run, ask.upto, ask.most)
        if key not in self._known:
            self._known[key] = await (self._first(ask) if ask.lane is None else admission.ask(self._tx, ask))
        return self._known[key]

    async def _first(self, ask: WaitingQuery) -> list[WaitingRun]:
        self._asked += 1
        if self._tx.dialect == "sqlite" or self._asked == 1:
            return await admission.ask(self._tx, ask)
        if self._heads is None:
            self._heads = await admission.heads(self._tx)
        return self._heads.get(ask.queue, [])


class MovedRun:
    """Answers as if one run waited somewhere else, too."""

    def __init__(self, lookup: DatabaseSource, need: WaitingRun) -> None:
        self._lookup, self._need = lookup, need

    async def answer(self, ask: WaitingQuery) -> Sequence[WaitingRun]:
        """The runs that are asked for, with the moved one among them."""
        found, need = await self._lookup.answer(ask), self._need
        if ask.queue != need.queue:
            return found
        if ask.lane is None or ask.after is None:
            return _with_head(found, need)
        beyond = by_age(need) <= by_age(ask.after) or lane_of(ask.lane) != lane_of(need)
        too_large = any(amount > most for amount, most in zip(named(need), ask.upto, strict=True))
        return found if beyond or too_large else sorted([*found, need], key=by_age)[: ask.most]


def _with_head(heads: Sequence[WaitingRun], need: WaitingRun) -> Sequence[WaitingRun]:
    others = [head for head in heads if lane_of(head) != lane_of(need)]
    same = [head for head in heads if lane_of(head) == lane_of(need)]
    return [*others, min([*same, need], key=by_age)]
