"""The metrics of a sweep's trials as they went, read from the tracker as far as they have grown.

They are kept for as long as their sweep goes on in this process; after a restart they are read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from trainyard_core.contracts.optimizer import IntermediateValue
from trainyard_core.contracts.tracker import Point, Series
from trainyard_sweeps.history import History

__all__ = ["Histories", "LoggedPoints", "SeriesReader"]

MOST = 1_000
"""Trials whose metrics are kept; of those that have ended, the first is forgotten first."""


class LoggedPoints(NamedTuple):
    """How many points of the metrics a run has, and the latest attempt that has logged any (0 or 1: there is one)."""

    run: str
    total: int
    attempt: int = 0


class SeriesReader(Protocol):
    """The part of `PlanTools` that reads series."""

    async def read_series(
        self, run: str, names: Sequence[str], *, first: int | None = None, attempt: int = 0
    ) -> Sequence[Series]:
        """See `PlanTools`."""


class Histories:
    """The watched metrics of one sweep's trials."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._known: dict[str, _RunHistory] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    async def refresh(self, grown: Iterable[LoggedPoints], reader: SeriesReader) -> set[str]:
        """Read what has grown. The runs that did. What is asked for again is forgotten last."""
        changed = set()
        for now in grown:
            known = self._known.get(now.run) or _RunHistory()
            if (known.total, known.attempt) != (now.total, now.attempt):
                await self._read_on(now, known, reader)
                changed.add(now.run)
            self._known.pop(now.run, None)
            self._known[now.run] = known
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]
        return changed

    def of(self, run: str) -> dict[str, History]:
        """A run's metrics by name; empty when nothing is known of it."""
        known = self._known.get(run)
        return {} if known is None else {name: one.history for name, one in known.series.items()}

    def since(self, run: str, step: int) -> tuple[IntermediateValue, ...]:
        """What a run logged after a step, in the order of steps."""
        found = [
            IntermediateValue(name, at, value)
            for name, history in self.of(run).items()
            for at, value in zip(history.steps, history.values, strict=True)
            if at > step
        ]
        return tuple(sorted(found, key=lambda each: each.step))

    async def _read_on(self, now: LoggedPoints, known: _RunHistory, reader: SeriesReader) -> None:
        """Read from the last step that is known of each metric, as a long series is not to be read again each time that
        it grows; or from the start, when a writer was behind that, or another attempt has begun to log: points that
        were read may not count any more."""
        if now.attempt != known.attempt or now.total < known.total:
            known.series.clear()
        if not now.total:
            known.series.clear()
        else:
            was_read = bool(known.series)
            await self._read(now, known, reader)
            if was_read and sum(one.rows for one in known.series.values()) < now.total:
                known.series.clear()
                await self._read(now, known, reader)
        known.total, known.attempt = now.total, now.attempt

    async def _read(self, now: LoggedPoints, known: _RunHistory, reader: SeriesReader) -> None:
        by_last: dict[int | None, list[str]] = {}
        for name in self._names:
            by_last.setdefault(known.series[name].last if name in known.series else None, []).append(name)
        for first, names in by_last.items():
            for series in await reader.read_series(now.run, names, first=first, attempt=now.attempt):
                if series.points:
                    known.series.setdefault(series.name, _Series()).take(series.points)


class _Series:
    """One metric of one run: its rows so far, and those of them that are at the last step."""

    __slots__ = ("_at_last", "history", "last", "rows")

    def __init__(self) -> None:
        self.history = History()
        self.last: int | None = None
        self.rows = self._at_last = 0

    def take(self, points: Sequence[Point]) -> None:
        """Rows in the order of steps, all that there are from the last known step on."""
        self.rows += len(points) - self._at_last
        self.last = points[-1].step
        self._at_last = sum(point.step == self.last for point in points)
        self.history.extend((point.step, point.last) for point in points)


class _RunHistory:
    """What is known of one run: its metrics, as they were when it had so many points in all, the latest of them of that
    attempt."""

    __slots__ = ("attempt", "series", "total")

    def __init__(self) -> None:
        self.series: dict[str, _Series] = {}
        self.total = self.attempt = -1
