"""The `Tracker` contract: who keeps series, logs and artifacts.

Ownership. Core owns runs, writers' marks, aggregates and lineage rows in SQL; a tracker owns the points, lines and
bytes. It is told whole frames (`trainyard.track.frames`) and artifacts, and answers reads.

Idempotence. `append` by (run, writer, seq): a frame that is already durable is skipped, so the same request may
come again, in other pieces, to another process, after a crash at any point. The answer is the writer's durable
sequence number: everything up to it survives a power cut.

Frames. `append` gets frames of every kind, and each is kept for its number: a frame is durable or it is not, whatever
it holds. METRICS are read back by `read_series`, LOGS by `read_logs`. EVENTS (params, tags, outputs, notes) and GAP
(how much a writer had to drop) are core's, which reads them itself. A tracker counts them as durable, may keep or drop
their payload, and shows them in no series and no lines.

Order of lines. The lines of one writer come in the order of its frames and, in a frame, of its lines, whatever their
times. Of what several writers have there at the moment of a call, always that writer's next line comes first whose time
is the earliest; which of two equal times comes first is not said, and is the same each time. A line that arrives later
comes after the cursors that were given out before it, even if its time is earlier.

Concurrency. Calls may overlap, also for one run and from several processes; two appends for one writer may race,
and neither may lose, double or reorder a frame. Readers never see half a frame, and may read while a writer
appends.

Attempts. A run may be tried several times, and a later attempt may log steps again. A reader of series is told which
attempt each writer belongs to; for each metric, what an attempt has logged at and after the first step of a later
attempt does not count. `superseded_from` says where that is. Nothing is removed: later reads may be told otherwise.

Names. Project, run and artifact names come from outside. An implementation never lets one leave its root; artifact
names are those that `trainyard.names.check_artifact_name` lets pass: relative, `/` between parts, no `..`, no NUL.

Large artifacts. A tracker with `SupportsUploads` takes an artifact in pieces, over any number of calls, processes and
crashes. Core owns which uploads there are and when one is given up; the tracker owns the bytes, finds them by the
upload's id, and keeps them where no artifact name leads.

Raises. `SequenceGap` when the first frame is not next to the durable ones; `ArtifactMissing`, `DigestMismatch`,
`BadName`, `WrongOffset`, `UploadTooLong` as named. Any other exception is trouble of the moment (disk full, no
network): nothing was acknowledged and the caller tries again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from trainyard.names import BadName, check_artifact_name
from trainyard.track.frames import Frame

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
    "SupportsUploads",
    "Tracker",
    "Upload",
    "UploadTooLong",
    "WrongOffset",
    "check_artifact_name",
    "superseded_from",
]


class RunRef(msgspec.Struct, frozen=True):
    """The run that data belong to."""

    project: str
    run: str


class SequenceGap(Exception):
    """Frames came out of order: the next one wanted is `expected`."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"the next frame must have sequence number {expected}")
        self.expected = expected


class ArtifactMissing(LookupError):
    """There is no artifact of that name in that run."""


class DigestMismatch(ValueError):
    """The bytes do not have the digest that was promised; nothing was stored."""


class WrongOffset(Exception):
    """The bytes do not go on where the upload is: it has `offset` bytes."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"the upload has {offset} bytes; go on from there")
        self.offset = offset


class UploadTooLong(ValueError):
    """More bytes came than the upload has; those within its size may have been kept."""


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


class Tracker(ABC):
    """Keeps series, logs and artifacts. See the module's prose for what every method may assume."""

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

    @abstractmethod
    async def read_logs(self, run: RunRef, *, cursor: str = "", limit: int = 1000, tail: bool = False) -> LogPage:
        """Lines after `cursor` (empty: from the start), at most `limit`; with `tail` the last `limit` lines. A
        cursor stays valid while the run grows, and no line is skipped or repeated by following cursors. Raises
        ValueError for a cursor that is not ours."""

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
        """Remove an artifact; removing one that is not there is no error. Raises BadName."""

    @abstractmethod
    async def delete_run(self, run: RunRef) -> None:
        """Remove all that is kept for a run. Idempotent."""

    @abstractmethod
    async def aclose(self) -> None:
        """Free this instance's own resources."""


@runtime_checkable
class SupportsUploads(Protocol):
    """Takes artifacts in pieces. Every call is for one `Upload` of a run, which need not be announced before; calls
    for it may come from several processes, also at once, and none of them may make a byte wrong, lost or doubled."""

    upload_step: int
    """Bytes that are certainly kept of what one call brings are a multiple of this, but for the upload's last ones,
    which are kept whatever their number. 1 when every byte is kept."""

    async def upload_offset(self, run: RunRef, upload: Upload) -> int:
        """How many bytes are kept, from the start and without a hole; they survive a power cut. 0 for an unknown
        upload. The whole size once it is finished, while the artifact of its name is this one. Raises BadName."""

    async def append_upload(self, run: RunRef, upload: Upload, offset: int, data: AsyncIterator[bytes]) -> int:
        """Add bytes from `offset` on. Returns how many are kept now, as `upload_offset`, which may be fewer than came.
        When `data` breaks off, its exception passes and what has come may be kept. Raises WrongOffset when the upload
        is elsewhere, also when another call moves it meanwhile; UploadTooLong, BadName."""

    async def finish_upload(self, run: RunRef, upload: Upload) -> ArtifactInfo:
        """Make an artifact of the bytes, at once and whole, replacing an older one of that name. Idempotent. Raises
        DigestMismatch after it has removed the bytes, WrongOffset while some are missing, BadName."""

    async def drop_upload(self, run: RunRef, upload: Upload) -> None:
        """Remove the bytes of an upload that is not finished; idempotent. An artifact stays."""
