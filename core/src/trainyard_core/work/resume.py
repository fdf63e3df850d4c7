"""One view of a run that continues others, however often it was resumed or tried again: which runs its series lie in,
and how they are read as one.

An ancestor counts up to the step at which it was forked, and for each metric only below the first step that the run
after it logged itself: a program that repeats steps after a checkpoint leaves no point twice. Within one run it is the
same with attempts, which is the tracker's to do; it is told which attempt each writer belongs to. Nothing is copied.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from trainyard.track.frames import Summary
from trainyard_core.contracts.tracker import (
    RunRef,
    Series,
    SeriesAxis,
    SeriesColumns,
    SeriesSource,
    Tracker,
    by_time,
    columns_of,
    reduced,
)
from trainyard_core.db import tracking
from trainyard_core.db.engine import Row, Tx

__all__ = [
    "RESUMED",
    "ChainLink",
    "has_past",
    "in_brief",
    "link_of",
    "links_of",
    "read_many",
    "read_series",
    "resume_environment",
    "series_names",
]

RESUMED = "resume"


class ChainLink(msgspec.Struct, frozen=True):
    """One run of the chain. `fork` is the last step of the next link that counts; None: all of it. `attempts` are those
    of its writers; empty for a run of one attempt."""

    ref: RunRef
    fork: int | None = None
    attempts: Mapping[str, int] = {}


_CHAIN = """WITH RECURSIVE chain (id, project, cloned_from, clone_kind, fork_step, depth, attempt) AS (
        SELECT id, project, cloned_from, clone_kind, fork_step, 0, attempt FROM run WHERE id = ?
        UNION ALL
        SELECT r.id, r.project, r.cloned_from, r.clone_kind, r.fork_step, c.depth + 1, r.attempt FROM chain c
        JOIN run r ON r.id = c.cloned_from WHERE c.clone_kind = 'resume')
    SELECT id, project, fork_step, attempt FROM chain ORDER BY depth"""


async def links_of(tx: Tx, row: Row) -> list[ChainLink]:
    """The run itself, then the one that it continues, and so on to the first."""
    found = await tx.all(_CHAIN, row["id"]) if row["clone_kind"] == RESUMED else [row]
    attempts = await tracking.attempts_of(tx, [each["id"] for each in found if each["attempt"] > 1])
    return [
        ChainLink(RunRef(each["project"], each["id"]), each["fork_step"], attempts.get(each["id"], {}))
        for each in found
    ]


def link_of(row: Row) -> ChainLink:
    """The link of a run of one attempt that continues no other."""
    return ChainLink(RunRef(row["project"], row["id"]), row["fork_step"])


def has_past(row: Row) -> bool:
    """Whether there may be points of a run from before its current attempt."""
    return bool(row["attempt"] > 1 or row["clone_kind"] == RESUMED)


def resume_environment(row: Row) -> dict[str, str]:
    """What a resumed run's program is told: whose outputs and series it continues, and after which step."""
    if row["clone_kind"] != RESUMED:
        return {}
    told = {"TRAINYARD_RESUME_FROM": str(row["cloned_from"])}
    if row["fork_step"] is not None:
        told["TRAINYARD_RESUME_STEP"] = str(row["fork_step"])
    return told


async def series_names(tracker: Tracker, links: Sequence[ChainLink]) -> list[str]:
    """The names of all metrics of a chain, sorted."""
    return sorted({name for link in links for name in await tracker.series_names(link.ref)})


async def read_series(
    tracker: Tracker,
    links: Sequence[ChainLink],
    names: Sequence[str],
    *,
    first: int | None = None,
    last: int | None = None,
    points: int = 0,
) -> list[Series]:
    """As `Tracker.read_series`, of a chain as if it were one run."""
    if len(links) == 1:
        only = links[0]
        return await tracker.read_series(only.ref, names, first=first, last=last, points=points, attempts=only.attempts)
    reading = _ChainReader(tracker, names, first, last, points)
    for link in links:
        await reading.add(link)
    return reading.joined()


async def read_many(
    tracker: Tracker,
    chains: Sequence[Sequence[ChainLink]],
    names: Sequence[str],
    *,
    by: SeriesAxis = "step",
    first: int | None = None,
    last: int | None = None,
    points: int = 0,
) -> list[list[SeriesColumns]]:
    """As `Tracker.read_many`, of chains, each as if it were one run. Those of one run are read together."""
    single = [place for place, links in enumerate(chains) if len(links) == 1]
    sources = [SeriesSource(chains[place][0].ref, chains[place][0].attempts) for place in single]
    found = await tracker.read_many(sources, names, by=by, first=first, last=last, points=points) if sources else []
    done = dict(zip(single, found, strict=True))
    for place, links in enumerate(chains):
        if place not in done and by == "step":
            series = await read_series(tracker, links, names, first=first, last=last, points=points)
            done[place] = [columns_of(each) for each in series]
        elif place not in done:
            series = await read_series(tracker, links, names)
            done[place] = [columns_of(by_time(each, first, last, points)) for each in series]
    return [done[place] for place in range(len(chains))]


class _ChainReader:
    """A chain read from its end to its beginning. `_until` is the last step that still counts, for each metric."""

    def __init__(
        self, tracker: Tracker, names: Sequence[str], first: int | None, last: int | None, points: int
    ) -> None:
        self._tracker, self._names, self._first, self._points = tracker, list(dict.fromkeys(names)), first, points
        self._asked = names
        self._until: dict[str, int | None] = dict.fromkeys(self._names, last)
        self._found: dict[str, list[Series]] = {name: [] for name in self._names}

    async def add(self, link: ChainLink) -> None:
        """Read one link, and narrow what counts of the next one."""
        for series in await self._read(link, self._first, self._points):
            self._found[series.name].append(series)
        starts = await self._starts(link)
        for name in self._names:
            before = None if name not in starts else starts[name] - 1
            self._until[name] = _least(self._until[name], link.fork, before)

    async def _starts(self, link: ChainLink) -> Mapping[str, int]:
        """The first step of each metric that this link logged."""
        found = await self._read(link, None, 1)
        return {series.name: series.points[0].step for series in found if series.points}

    async def _read(self, link: ChainLink, first: int | None, points: int) -> list[Series]:
        groups: dict[int | None, list[str]] = {}
        for name, until in self._until.items():
            if first is None or until is None or until >= first:
                groups.setdefault(until, []).append(name)
        found: list[Series] = []
        for until, names in groups.items():
            found += await self._tracker.read_series(
                link.ref, names, first=first, last=until, points=points, attempts=link.attempts
            )
        return found

    def joined(self) -> list[Series]:
        """Each metric as one series, oldest link first."""
        return [_joined(name, self._found[name][::-1], self._points) for name in self._asked]


def _least(*steps: int | None) -> int | None:
    return min((step for step in steps if step is not None), default=None)


def _joined(name: str, parts: Iterable[Series], points: int) -> Series:
    parts = list(parts)
    found = [point for part in parts for point in part.points]
    return Series(name=name, total=sum(part.total for part in parts), points=reduced(found, points))


def in_brief(found: Iterable[Series]) -> list[Summary]:
    """Series of one bucket each as columns in brief, without those that are empty."""
    return [
        Summary(
            name=series.name,
            last_step=point.until,
            last=point.last,
            min=point.min,
            max=point.max,
            total=series.total,
            finite=0 if math.isnan(point.min) else series.total,
        )
        for series in found
        for point in series.points[:1]
    ]
