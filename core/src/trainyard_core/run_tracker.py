"""One tracker that stands for all: each call goes on to the tracker that its run has recorded.

So whoever reads and writes what runs track needs to know of one tracker only, also where runs of several are read
together: a run that continues another, an artifact that is used by reference, the children of a sweep.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

from trainyard.track.frames import Frame
from trainyard_core.contracts.tracker import (
    ArtifactInfo,
    LogPage,
    RunRef,
    Series,
    SeriesAxis,
    SeriesColumns,
    SeriesSource,
    Tracker,
)
from trainyard_core.contracts.tracker_events import EventPage
from trainyard_core.db import run_trackers
from trainyard_core.db.engine import Database
from trainyard_core.trackers import Trackers

__all__ = ["RunTracker"]

KNOWN = 50_000
"""Runs whose tracker is remembered: it never changes."""


class RunTracker(Tracker):
    """The tracker of each run. A run that is not there counts as one of the current tracker. Every method raises
    Unavailable when the run's tracker is not installed or does not start."""

    def __init__(self, database: Database, trackers: Trackers) -> None:
        self._database, self._trackers = database, trackers
        self._known: OrderedDict[str, str] = OrderedDict()
        self.name = trackers.current

    async def of(self, run: RunRef) -> Tracker:
        """The tracker that keeps a run's data. Raises Unavailable."""
        (name,) = await self._names_of([run.run])
        return await self._trackers.get(name)

    async def append(self, run: RunRef, frames: Sequence[Frame]) -> int:
        """As the run's tracker."""
        return await (await self.of(run)).append(run, frames)

    async def durable(self, run: RunRef, writer: str) -> int:
        """As the run's tracker."""
        return await (await self.of(run)).durable(run, writer)

    async def series_names(self, run: RunRef) -> list[str]:
        """As the run's tracker."""
        return await (await self.of(run)).series_names(run)

    async def read_series(
        self,
        run: RunRef,
        names: Sequence[str],
        *,
        first: int | None = None,
        last: int | None = None,
        points: int = 0,
        attempts: Mapping[str, int] = {},
    ) -> list[Series]:
        """As the run's tracker."""
        tracker = await self.of(run)
        return await tracker.read_series(run, names, first=first, last=last, points=points, attempts=attempts)

    async def read_many(
        self,
        sources: Sequence[SeriesSource],
        names: Sequence[str],
        *,
        by: SeriesAxis = "step",
        first: int | None = None,
        last: int | None = None,
        points: int = 0,
    ) -> list[list[SeriesColumns]]:
        """Each tracker reads all of its runs in one call."""
        places: dict[str, list[int]] = {}
        for place, name in enumerate(await self._names_of([source.run.run for source in sources])):
            places.setdefault(name, []).append(place)
        found: list[list[SeriesColumns]] = [[] for _ in sources]
        for name, of in places.items():
            tracker = await self._trackers.get(name)
            read = await tracker.read_many(
                [sources[place] for place in of], names, by=by, first=first, last=last, points=points
            )
            for place, each in zip(of, read, strict=True):
                found[place] = each
        return found

    async def read_logs(self, run: RunRef, *, cursor: str = "", limit: int = 1000, tail: bool = False) -> LogPage:
        """As the run's tracker."""
        return await (await self.of(run)).read_logs(run, cursor=cursor, limit=limit, tail=tail)

    async def read_events(
        self,
        run: RunRef,
        *,
        kind: str = "",
        names: Sequence[str] = (),
        cursor: str = "",
        limit: int = 1000,
        attempts: Mapping[str, int] = {},
    ) -> EventPage:
        """As the run's tracker."""
        tracker = await self.of(run)
        return await tracker.read_events(run, kind=kind, names=names, cursor=cursor, limit=limit, attempts=attempts)

    async def put_artifact(
        self, run: RunRef, name: str, data: AsyncIterator[bytes], *, digest: str | None = None
    ) -> ArtifactInfo:
        """As the run's tracker."""
        return await (await self.of(run)).put_artifact(run, name, data, digest=digest)

    async def stat_artifact(self, run: RunRef, name: str) -> ArtifactInfo:
        """As the run's tracker."""
        return await (await self.of(run)).stat_artifact(run, name)

    async def read_artifact(
        self, run: RunRef, name: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """As the run's tracker."""
        tracker = await self.of(run)
        pieces = tracker.read_artifact(run, name, start=start, end=end)
        try:
            async for piece in pieces:
                yield piece
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()

    async def list_artifacts(self, run: RunRef, *, prefix: str = "") -> list[ArtifactInfo]:
        """As the run's tracker."""
        return await (await self.of(run)).list_artifacts(run, prefix=prefix)

    async def delete_artifact(self, run: RunRef, name: str) -> None:
        """As the run's tracker."""
        await (await self.of(run)).delete_artifact(run, name)

    async def delete_run(self, run: RunRef) -> None:
        """As the run's tracker."""
        await (await self.of(run)).delete_run(run)

    async def aclose(self) -> None:
        """Closes every tracker that was opened."""
        await self._trackers.aclose()

    async def _names_of(self, runs: Sequence[str]) -> list[str]:
        """The name of each run's tracker."""
        if unknown := [run for run in runs if run not in self._known]:
            self._known |= await self._database.read(lambda tx: run_trackers.of(tx, unknown))
        names = [self._known.get(run, self._trackers.current) for run in runs]
        while len(self._known) > KNOWN:
            self._known.popitem(last=False)
        return names
