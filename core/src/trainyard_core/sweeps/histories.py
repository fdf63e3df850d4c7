"""The metrics of a sweep's trials as they went, read from the tracker as far as they have grown.

They are kept for as long as their sweep goes on in this process; after a restart they are read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from trainyard_core.contracts.optimizer import Measured
from trainyard_core.contracts.tracker import RunRef, Tracker
from trainyard_core.sweeps.history import History

__all__ = ["Histories"]

MOST = 1_000
"""Trials whose metrics are kept; of those that have ended, the first is forgotten first."""


class Histories:
    """The watched metrics of one sweep's trials."""

    def __init__(self, tracker: Tracker | None, project: str, names: Sequence[str]) -> None:
        self._tracker, self._project, self._names = tracker, project, list(names)
        self._known: dict[str, tuple[int, dict[str, History]]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    async def refresh(self, grown: Iterable[tuple[str, int]]) -> set[str]:
        """Read what has grown: each run with how many points it has now. The runs that did grow. What is asked for
        again is forgotten last."""
        changed = set()
        for run, total in grown:
            known, history = self._known.get(run, (-1, {}))
            if known != total:
                await self._read_on(run, history)
                changed.add(run)
            self._known.pop(run, None)
            self._known[run] = (total, history)
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]
        return changed

    def of(self, run: str) -> dict[str, History]:
        """A run's metrics by name; empty when nothing is known of it."""
        return self._known.get(run, (0, {}))[1]

    def since(self, run: str, step: int) -> tuple[Measured, ...]:
        """What a run logged after a step, in the order of steps."""
        found = [
            Measured(name, at, value)
            for name, history in self.of(run).items()
            for at, value in zip(history.steps, history.values, strict=True)
            if at > step
        ]
        return tuple(sorted(found, key=lambda each: each.step))

    async def _read_on(self, run: str, history: dict[str, History]) -> None:
        """Read from the last step that is known of each metric: a long series is not read again each time that it
        grows. A second writer that is behind the first is heard of from there on."""
        if self._tracker is None:
            return
        by_last: dict[int | None, list[str]] = {}
        for name in self._names:
            known = history.get(name)
            by_last.setdefault(known.steps[-1] if known is not None and known.steps else None, []).append(name)
        for first, names in by_last.items():
            for series in await self._tracker.read_series(RunRef(self._project, run), names, first=first):
                found = history.setdefault(series.name, History())
                found.extend((point.step, point.last) for point in series.points)
