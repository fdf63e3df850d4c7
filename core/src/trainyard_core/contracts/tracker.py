"""The `Tracker` contract: stores series, logs and artifacts.

Ownership. Core owns runs, writers' marks, aggregates and lineage rows in SQL; a tracker owns the points, log lines and
bytes. It receives whole frames (`trainyard.track.frames`) and artifacts, and answers reads.

Idempotence. `append` is idempotent by (run, writer, seq): a frame that is already durable is skipped, so the same
request may be repeated, in other pieces, to another process, after a crash at any point. The result is the writer's
durable sequence number: everything up to it survives a power loss.

Frames. `append` receives frames of every kind, and each counts by its number: a frame is durable or it is not, whatever
it contains. METRICS are read by `read_series`, LOGS by `read_logs`, EVENTS (params, tags, outputs, artifacts, events of
the program) by `read_events`; core also processes them itself. GAP (how much a writer had to drop) is processed by core
alone: a tracker counts it as durable, and may keep or drop its payload. Events and gaps show in no series and in no
log.

Order of lines. The lines of one writer come in the order of its frames and, within a frame, of its lines, whatever
their times. Of the lines that several writers have at the moment of a call, the next one is always that of the writer
whose next line has the earliest time; the order of two equal times is not specified, but is the same each time. A line
that arrives later comes after the cursors that were returned before it, even if its time is earlier.

Concurrency. Calls may overlap, also for one run and from several processes; two appends for one writer may race, and
neither may lose, duplicate or reorder a frame. Readers never see half a frame, and may read while a writer appends.

Attempts. A run may be tried several times, and a later attempt may log steps again. A reader of series passes the
attempt of each writer; for each metric, what an attempt has logged at and after the first step of a later attempt does
not count. `superseded_from` computes that step. Nothing is removed: later reads may pass other attempts.

Names. Project, run and artifact names come from outside. An implementation never lets a name lead out of its root;
artifact names are those that `trainyard.names.check_artifact_name` accepts: relative, `/` between parts, no `..`, no
NUL.

Large artifacts. A tracker with `SupportsUploads` accepts an artifact in parts, over any number of calls, processes and
crashes. Core decides which uploads exist and when one is cancelled; the tracker owns the bytes, finds them by the
upload's id, and stores them where no artifact name refers to.

Raises. `SequenceGap` when the first frame does not follow the durable ones; `ArtifactMissing`, `DigestMismatch`,
`BadName`, `WrongOffset`, `UploadTooLong` as documented. Any other exception means a temporary problem (disk full, no
network): nothing was acknowledged, and the caller tries again.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

import msgspec

from trainyard.names import BadName, check_artifact_name
from trainyard.track.frames import Frame
from trainyard_core.contracts.tracker_events import EventPage

__all__ = [
    "ArtifactInfo",
    "ArtifactMissing",
    "BadName",
    "DigestMismatch",
    "LogPage",
    "LoggedLine",
    "Point",
    "RunRef",
    "SequenceGap",
    "Series",
    "SeriesAxis",
    "SeriesColumns",
    "SeriesSource",
    "SupportsUploads",
    "Tracker",
    "Upload",
    "UploadTooLong",
    "WrongOffset",
    "by_time",
    "check_artifact_name",
    "columns_of",
    "reduced",
    "superseded_from",
]


class RunRef(msgspec.Struct, frozen=True):
    """The run that data belong to."""

    project: str
    run: str


class SequenceGap(Exception):
    """The frames are out of order: the next one must be `expected`."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"the next frame must have sequence number {expected}")
        self.expected = expected


class ArtifactMissing(LookupError):
    """There is no artifact of that name in that run."""


class DigestMismatch(ValueError):
    """The bytes do not have the announced digest; nothing was stored."""


class WrongOffset(Exception):
    """The bytes do not continue the upload, which has `offset` bytes."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"the upload has {offset} bytes; continue there")
        self.offset = offset


class UploadTooLong(ValueError):
    """More bytes arrived than were announced; those within the announced size may have been kept."""


def superseded_from(first_steps: Mapping[int, int]) -> dict[int, int]:
    """For each attempt that has logged a metric, given its first step, the step from which on its points do not count.
    The last attempt is left out: all of its points do."""
    found: dict[int, int] = {}
    least: int | None = None
    for attempt in sorted(first_steps, reverse=True):
        if least is not None:
            found[attempt] = least
        least = first_steps[attempt] if least is None else min(least, first_steps[attempt])
    return found


class Point(msgspec.Struct, frozen=True, array_like=True):
    """One bucket of a series: over the rows `step` to `until`, the first time (microseconds since 1970 UTC), the
    lowest and highest finite value and the last value of all (NaN and infinities included). At full resolution a
    bucket is one row."""

    step: int
    until: int
    time: int
    min: float
    max: float
    last: float


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of one run. `total` is how many values it has in the asked range; `points` are in step order."""

    name: str
    total: int
    points: list[Point]


SeriesAxis = Literal["step", "time"]
"""What the rows of a series are ordered by: their steps, or their times."""


class SeriesSource(msgspec.Struct, frozen=True):
    """A run whose series are read together with those of others, and the attempts of its writers; see
    `Tracker.read_series`."""

    run: RunRef
    attempts: Mapping[str, int] = {}


class SeriesColumns(msgspec.Struct, frozen=True):
    """One metric of one run as columns: item n of each list belongs to bucket n. `total` is how many values it has in
    the asked range. A bucket has rows that are next to each other: the step and the time (microseconds since 1970 UTC)
    of the first, the step of the last (`until`), the lowest and highest finite value, and the last value."""

    name: str
    total: int
    step: list[int]
    until: list[int]
    time: list[int]
    min: list[float]
    max: list[float]
    last: list[float]


class LoggedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of output. `stream` is 1 (stdout) or 2 (stderr), `time` microseconds since 1970 UTC, `writer` who
    wrote it."""

    time: int
    stream: int
    text: str
    cut: bool = False
    writer: str = ""


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines in a stable order, and the cursor that continues after them. `more` tells that there are lines after
    the cursor now."""

    lines: list[LoggedLine]
    cursor: str
    more: bool = False


class ArtifactInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One stored artifact: its name, size in bytes and digest (`sha256:` and hex)."""

    name: str
    size: int
    digest: str


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact that arrives in pieces: `id` names it among all uploads of its run, `size` (bytes) and `digest`
    (`sha256:` and hex) are those that it will have."""

    id: str
    name: str
    size: int
    digest: str


def columns_of(series: Series) -> SeriesColumns:
    """The same buckets as columns."""
    columns = [[*column] for column in zip(*map(msgspec.structs.astuple, series.points), strict=True)] or [[]] * 6
    return SeriesColumns(series.name, series.total, *columns)


def reduced(points: Sequence[Point], most: int) -> list[Point]:
    """At most `most` buckets (0: as many as there are), each of neighbouring ones of these: every spike stays."""
    count = min(most, len(points)) if most else len(points)
    if count == len(points):
        return [*points]
    edges = [n * len(points) // count for n in range(count + 1)]
    return [_one_bucket(points[start:end]) for start, end in itertools.pairwise(edges)]


def by_time(rows: Series, first: int | None, last: int | None, points: int) -> Series:
    """A series at full resolution, ordered by time, between two times, in at most `points` buckets (0: every row)."""
    chosen = [row for row in rows.points if (first is None or row.time >= first) and (last is None or row.time <= last)]
    chosen.sort(key=lambda row: row.time)
    return Series(name=rows.name, total=len(chosen), points=reduced(chosen, points))


def _one_bucket(points: Sequence[Point]) -> Point:
    lows = [point.min for point in points if not math.isnan(point.min)]
    highs = [point.max for point in points if not math.isnan(point.max)]
    low, high = min(lows, default=math.nan), max(highs, default=math.nan)
    return Point(points[0].step, points[-1].until, points[0].time, low, high, points[-1].last)


class Tracker(ABC):
    """Stores series, logs and artifacts. The module's docstring says what every method may assume."""

    name: str

    @abstractmethod
    async def append(self, run: RunRef, frames: Sequence[Frame]) -> int:
        """Store frames of ONE writer, in sequence order and next to each other. Returns the writer's durable
        sequence number. An empty sequence is refused by ValueError, as are frames of several writers or with holes
        between them."""

    @abstractmethod
    async def durable(self, run: RunRef, writer: str) -> int:
        """The writer's durable sequence number; 0 when it is not known."""

    @abstractmethod
    async def series_names(self, run: RunRef) -> list[str]:
        """The names of the run's metrics, sorted."""

    @abstractmethod
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
        """Metrics by name between two steps, both included, as at most `points` buckets each (0: every row). Every
        spike shows in `low` and `high`. Unknown names give an empty series. Rows of several writers are merged by
        step, then time, then writer; those of one writer stay in the order in which they were logged. `attempts` are
        those of the writers, 0 for one that is not named: rows of an earlier attempt at and after the first step of a
        later one are left out."""

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
        """Metrics of several runs, all reduced alike: for each run, in the order of `sources`, each of `names`. By
        "step" every series is as of `read_series`. By "time" the rows are ordered by time (those of one time stay in
        the order of their steps), and `first` and `last` are times, in microseconds since 1970 UTC. This
        implementation calls `read_series` for each run; one that can read them together may be faster."""
        by_step = by == "step"

        async def read(source: SeriesSource) -> list[Series]:
            limits = (first, last, points) if by_step else (None, None, 0)
            return await self.read_series(
                source.run, names, first=limits[0], last=limits[1], points=limits[2], attempts=source.attempts
            )

        found = await asyncio.gather(*(read(source) for source in sources))
        reduction = columns_of if by_step else lambda series: columns_of(by_time(series, first, last, points))
        return [[reduction(series) for series in each] for each in found]

    @abstractmethod
    async def read_logs(self, run: RunRef, *, cursor: str = "", limit: int = 1000, tail: bool = False) -> LogPage:
        """Lines after `cursor` (empty: from the start), at most `limit`; with `tail` the last `limit` lines. A
        cursor stays valid while the run grows, and no line is skipped or repeated by following cursors. Raises
        ValueError for a cursor that is not ours."""

    @abstractmethod
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
        """Events after `cursor` (empty: from the start), at most `limit`, in the order that
        `trainyard_core.contracts.tracker_events` states. With `kind` only those of that type; with `names` only those
        with one of these as `name`, or as a key of their `values`. `attempts` are those of the writers, as for
        `read_series`: events with a step that a later attempt has recorded again are left out. A cursor stays valid
        while the run grows, and by following cursors no event is skipped or repeated. Raises ValueError for a cursor
        that is not ours. `tracker_events.page_of_events` makes the page from event frames."""

    @abstractmethod
    async def put_artifact(
        self, run: RunRef, name: str, data: AsyncIterator[bytes], *, digest: str | None = None
    ) -> ArtifactInfo:
        """Store an artifact whole or not at all, replacing an older one of that name. Raises DigestMismatch,
        BadName."""

    @abstractmethod
    async def stat_artifact(self, run: RunRef, name: str) -> ArtifactInfo:
        """What is stored under a name. Raises ArtifactMissing, BadName."""

    @abstractmethod
    def read_artifact(self, run: RunRef, name: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end` (not included). Raises ArtifactMissing, BadName on the first step."""

    @abstractmethod
    async def list_artifacts(self, run: RunRef, *, prefix: str = "") -> list[ArtifactInfo]:
        """The run's artifacts whose names start with `prefix`, by name."""

    @abstractmethod
    async def delete_artifact(self, run: RunRef, name: str) -> None:
        """Remove an artifact; succeeds when there is none of that name. Raises BadName."""

    @abstractmethod
    async def delete_run(self, run: RunRef) -> None:
        """Remove everything that is stored for a run. Idempotent."""

    @abstractmethod
    async def aclose(self) -> None:
        """Free this instance's own resources."""


@runtime_checkable
class SupportsUploads(Protocol):
    """Accepts artifacts in parts. Every call is for one `Upload` of a run, which need not be announced before. Calls
    for it may come from several processes, also concurrently, and none of them may corrupt, lose or duplicate a
    byte."""

    upload_step: int
    """Of the bytes of one call, at least the largest multiple of this is kept; the last bytes of an upload are kept
    whatever their number. 1 when every byte is kept."""

    async def upload_offset(self, run: RunRef, upload: Upload) -> int:
        """How many bytes are stored, from the start and without a gap; they survive a power loss. 0 for an unknown
        upload; the whole size once it is finished, as long as the artifact of its name is this one. Raises BadName."""

    async def append_upload(self, run: RunRef, upload: Upload, offset: int, data: AsyncIterator[bytes]) -> int:
        """Append bytes at `offset`. Returns how many are stored now, as `upload_offset`, which may be fewer than were
        sent. When `data` raises, the exception is passed on, and the bytes before it may be kept. Raises WrongOffset
        when the upload is at another offset, also when another call moves it meanwhile; UploadTooLong, BadName."""

    async def finish_upload(self, run: RunRef, upload: Upload) -> ArtifactInfo:
        """Make an artifact of the bytes, at once and whole, replacing an older one of that name. Idempotent. Raises
        DigestMismatch after it has removed the bytes, WrongOffset while some are missing, BadName."""

    async def drop_upload(self, run: RunRef, upload: Upload) -> None:
        """Remove the bytes of an upload that is not finished; idempotent. An artifact stays."""
