"""Subscriptions of streams: one that is woken when a run changes, and one that is given the log in batches through a
bounded queue.

Everything here is synchronous but the waiting, so that whoever leaves does it at once, also while being cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self

from trainyard_core.db.engine import Row

__all__ = ["BYE", "DENIED", "GONE", "OVERFLOW", "Batch", "LogSubscription", "Subscription", "batches"]

MOST = 1000
"""How many activities may wait for one subscriber."""
BYE, DENIED, GONE, OVERFLOW = "bye", "denied", "gone", "overflow"
"""Why a subscription ends: the server goes down, the asker may not see it any more, the client has left, the
client is too slow."""


class Subscription:
    """One stream that waits, active within a `with` block. `ended` says why it is over, empty while it is not."""

    def __init__(self, enter: Callable[[], None], leave: Callable[[], None]) -> None:
        self._enter, self._leave = enter, leave
        self._event = asyncio.Event()
        self.ended = ""
        self.on_end: Callable[[], None] = lambda: None
        """Called once, when it is over."""

    def __enter__(self) -> Self:
        self._enter()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def wake(self) -> None:
        """Look, there may be something."""
        self._event.set()

    def end(self, why: str) -> None:
        """It is over. The first reason counts."""
        if not self.ended:
            self.ended = why
            self._event.set()
            self.on_end()

    async def wait(self, seconds: float) -> None:
        """Until woken since the last wait, ended, or for so long."""
        if not self.ended:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._event.wait()
        self._event.clear()


class Batch:
    """Rows that came together and go to everybody who sees the same projects. `data` is kept for the encoding, which
    the first of them makes for all."""

    __slots__ = ("data", "rows")

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.data = b""

    @property
    def last(self) -> int:
        """The id of the last row."""
        return int(self.rows[-1]["id"])


class LogSubscription(Subscription):
    """A subscriber of the log. `projects` are those that it sees (None: all), and may be set anew. `taken` is the id
    of the last activity that it was given."""

    def __init__(self, projects: frozenset[str] | None, enter: Callable[[], None], leave: Callable[[], None]) -> None:
        super().__init__(enter, leave)
        self.projects = projects
        self._waiting: list[Batch] = []
        self._count = 0
        self.joined = False
        self.taken = 0

    def join(self, after: int) -> None:
        """From here on be given what follows this activity. The tail must not have passed it."""
        self.joined, self.taken = True, after

    def push(self, batch: Batch) -> bool:
        """Queue a batch. False when there was no room: then the subscription has ended, and what waited is dropped."""
        if self.ended or batch.last <= self.taken:
            return True
        if batch.rows[0]["id"] <= self.taken:
            batch = Batch([row for row in batch.rows if row["id"] > self.taken])
        self._count += len(batch.rows)
        if self._count > MOST:
            self._waiting.clear()
            self.end(OVERFLOW)
            return False
        self._waiting.append(batch)
        self._event.set()
        return True

    async def next(self) -> list[Batch]:
        """What came since the last time, or nothing when it is time for a ping or `ended`."""
        if not self._waiting and not self.ended:
            await self._event.wait()
        self._event.clear()
        given, self._waiting, self._count = self._waiting, [], 0
        if given:
            self.taken = given[-1].last
        return given


def batches(rows: Sequence[Row]) -> Callable[[frozenset[str] | None], Batch | None]:
    """Gives, for the projects that somebody sees, the rows among these; the same batch to all who see the same."""
    made: dict[frozenset[str] | None, Batch | None] = {None: Batch(rows)}

    def of(projects: frozenset[str] | None) -> Batch | None:
        if projects not in made:
            seen = [row for row in rows if row["project"] in (projects or ())]
            made[projects] = Batch(seen) if seen else None
        return made[projects]

    return of
