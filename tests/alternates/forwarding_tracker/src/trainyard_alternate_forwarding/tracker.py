"""The `forwarding` tracker: sends frames and blobs to the other service, and works out series and lines from the
frames it gets back, anew for each read. What is durable is what the service says.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import math
import re
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import islice, repeat
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import msgspec

from trainyard.track import frames as frame_bytes
from trainyard.track.frames import Frame, Kind, Line
from trainyard_core.contracts.tracker import (
    ArtifactInfo,
    ArtifactMissing,
    DigestMismatch,
    LoggedLine,
    LogPage,
    Point,
    RunRef,
    SequenceGap,
    Series,
    Tracker,
    Upload,
    UploadTooLong,
    WrongOffset,
    check_artifact_name,
    superseded_from,
)
from trainyard_core.contracts.tracker_events import EventPage, page_of_events
from trainyard_core.hookspecs import Context

__all__ = ["ForwardingTracker", "Settings"]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `forwarding` of the settings. `url`: the service; `timeout`: seconds to wait for one answer."""

    url: str
    timeout: float = 30.0


class _Row(NamedTuple):
    step: int
    time: int
    writer: str
    value: float


class ForwardingTracker(Tracker):
    """Forwards to `url`. Use it from one event loop."""

    name = "forwarding"
    upload_step = 64 * 1024

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=timeout, trust_env=False, verify=_certificates())

    @classmethod
    def from_context(cls, context: Context) -> ForwardingTracker:
        """A tracker as the settings say. Raises ValueError that names a setting that is missing or not known."""
        try:
            settings = msgspec.convert(dict(context.settings), Settings)
        except msgspec.ValidationError as error:
            raise ValueError(f"settings of forwarding: {error}; needed is url, timeout may be set") from error
        return cls(settings.url, timeout=settings.timeout)

    async def append(self, run: RunRef, frames: Sequence[Frame]) -> int:
        """Idempotent by (run, writer, seq): the service decides what is new."""
        if not frames or any(
            frame.writer != frames[0].writer or frame.seq != frames[0].seq + place for place, frame in enumerate(frames)
        ):
            raise ValueError("append frames of one writer, at least one, in order and without holes")
        answer = await self._http.post(_path(run, "frames"), content=b"".join(frame.raw for frame in frames))
        if answer.status_code == httpx.codes.CONFLICT:
            raise SequenceGap(int(answer.json()))
        return int(answer.raise_for_status().json())

    async def durable(self, run: RunRef, writer: str) -> int:
        """As the service says."""
        answer = await self._http.get(_path(run, "durable"), params={"writer": writer})
        return int(answer.raise_for_status().json())

    async def series_names(self, run: RunRef) -> list[str]:
        """Sorted."""
        return sorted(await self._rows(run))

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
        """Buckets have as good as equal numbers of rows."""
        rows = await self._rows(run)
        found = []
        for name in names:
            chosen = [r for r in _counting(rows.get(name, []), attempts) if _within(r.step, first, last)]
            found.append(Series(name=name, total=len(chosen), points=list(_buckets(chosen, points))))
        return found

    async def read_logs(self, run: RunRef, *, cursor: str = "", limit: int = 1000, tail: bool = False) -> LogPage:
        """A cursor counts the lines read of each writer."""
        read = _read_cursor(cursor)
        lines: dict[str, list[Line]] = defaultdict(list)
        for frame in await self._frames(run):
            if frame.kind is Kind.LOGS:
                lines[frame.writer] += frame_bytes.unpack_lines(frame.payload)
        streams = [[(line, writer) for line in lines[writer][read.get(writer, 0) :]] for writer in sorted(lines)]
        merged = list(heapq.merge(*streams, key=lambda item: item[0].time))
        taken = merged[-limit:] if tail else merged[:limit]
        for _, writer in merged if tail else taken:
            read[writer] = read.get(writer, 0) + 1
        page = [
            LoggedLine(time=line.time, stream=line.stream, text=line.text, cut=line.cut, writer=writer)
            for line, writer in taken
        ]
        return LogPage(lines=page, cursor=json.dumps(read), more=not tail and len(merged) > limit)

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
        """From all frames, anew for each page."""
        events: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for frame in await self._frames(run):
            if frame.kind is Kind.EVENTS:
                events[frame.writer] += frame_bytes.unpack_events(frame.payload)
        sources = {writer: partial(_from, found) for writer, found in events.items()}
        return page_of_events(sources, kind=kind, names=names, cursor=cursor, limit=limit, attempts=attempts)

    async def put_artifact(
        self, run: RunRef, name: str, data: AsyncIterator[bytes], *, digest: str | None = None
    ) -> ArtifactInfo:
        """Gathers all bytes before the first is sent."""
        check_artifact_name(name)
        body = b"".join([piece async for piece in data])
        info = ArtifactInfo(name=name, size=len(body), digest=f"sha256:{hashlib.sha256(body).hexdigest()}")
        if digest is not None and digest.lower() != info.digest:
            raise DigestMismatch(f"artifact {name!r} has digest {info.digest}, not {digest}; nothing was stored")
        (await self._http.put(_path(run, "blobs", name), content=body)).raise_for_status()
        return info

    async def stat_artifact(self, run: RunRef, name: str) -> ArtifactInfo:
        """From the service's list."""
        check_artifact_name(name)
        for info in await self.list_artifacts(run):
            if info.name == name:
                return info
        raise ArtifactMissing(f"there is no artifact {name!r} in this run")

    async def read_artifact(
        self, run: RunRef, name: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """One request, whose answer is of one artifact even when it is replaced meanwhile."""
        info = await self.stat_artifact(run, name)
        if start >= (info.size if end is None else end):
            return
        asked = {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
        async with self._http.stream("GET", _path(run, "blobs", name), headers=asked) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise ArtifactMissing(f"there is no artifact {name!r} in this run")
            answer.raise_for_status()
            async for piece in answer.aiter_bytes():
                yield piece

    async def list_artifacts(self, run: RunRef, *, prefix: str = "") -> list[ArtifactInfo]:
        """By name."""
        answer = await self._http.get(_path(run, "blobs"))
        found = [ArtifactInfo(name=n, size=size, digest=d) for n, size, d in answer.raise_for_status().json()]
        return sorted((info for info in found if info.name.startswith(prefix)), key=lambda info: info.name)

    async def delete_artifact(self, run: RunRef, name: str) -> None:
        """Idempotent."""
        check_artifact_name(name)
        (await self._http.delete(_path(run, "blobs", name))).raise_for_status()

    async def upload_offset(self, run: RunRef, upload: Upload) -> int:
        """As the service says."""
        check_artifact_name(upload.name)
        answer = await self._http.get(_path(run, "parts", upload.id))
        kept = int(answer.raise_for_status().json())
        return kept or (upload.size if await self._has(run, upload) else 0)

    async def append_upload(self, run: RunRef, upload: Upload, offset: int, data: AsyncIterator[bytes]) -> int:
        """One request for each whole step, and one for the end; what is less is not sent."""
        kept = await self.upload_offset(run, upload)
        if offset != kept:
            raise WrongOffset(kept)
        waiting = b""
        async for piece in data:
            waiting += piece
            if kept + len(waiting) > upload.size:
                raise UploadTooLong(f"upload of {upload.name!r} has {upload.size} bytes, and more than that came")
            while len(waiting) >= self.upload_step:
                kept = await self._add_part(run, upload, kept, waiting[: self.upload_step])
                waiting = waiting[self.upload_step :]
        if waiting and kept + len(waiting) == upload.size:
            kept = await self._add_part(run, upload, kept, waiting)
        return kept

    async def finish_upload(self, run: RunRef, upload: Upload) -> ArtifactInfo:
        """The service puts its parts together."""
        check_artifact_name(upload.name)
        asked: dict[str, str | int] = {"name": upload.name, "size": upload.size, "digest": upload.digest.lower()}
        answer = await self._http.post(_path(run, "complete", upload.id), params=asked)
        if answer.status_code == httpx.codes.CONFLICT:
            raise WrongOffset(int(answer.json()))
        if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            raise DigestMismatch(
                f"artifact {upload.name!r} has another digest than {upload.digest}; nothing was stored"
            )
        answer.raise_for_status()
        return ArtifactInfo(name=upload.name, size=upload.size, digest=upload.digest.lower())

    async def drop_upload(self, run: RunRef, upload: Upload) -> None:
        """Idempotent."""
        (await self._http.delete(_path(run, "parts", upload.id))).raise_for_status()

    async def delete_run(self, run: RunRef) -> None:
        """Idempotent."""
        (await self._http.delete(_path(run))).raise_for_status()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def _add_part(self, run: RunRef, upload: Upload, offset: int, part: bytes) -> int:
        answer = await self._http.put(_path(run, "parts", upload.id), params={"offset": offset}, content=part)
        if answer.status_code == httpx.codes.CONFLICT:
            raise WrongOffset(int(answer.json()))
        return int(answer.raise_for_status().json())

    async def _has(self, run: RunRef, upload: Upload) -> bool:
        """Whether the upload has become the artifact of its name."""
        try:
            info = await self.stat_artifact(run, upload.name)
        except ArtifactMissing:
            return False
        return (info.size, info.digest) == (upload.size, upload.digest.lower())

    async def _frames(self, run: RunRef) -> list[Frame]:
        answer = await self._http.get(_path(run, "frames"))
        return frame_bytes.split(answer.raise_for_status().content)

    async def _rows(self, run: RunRef) -> dict[str, list[_Row]]:
        """All rows of all metrics, by step, then time, then writer."""
        rows: dict[str, list[_Row]] = defaultdict(list)
        for frame in await self._frames(run):
            for block in frame_bytes.unpack_metrics(frame.payload) if frame.kind is Kind.METRICS else ():
                for name, values in zip(block.names, block.values, strict=True):
                    rows[name] += map(_Row, block.steps, block.times, repeat(frame.writer), values)
        return {name: sorted(found, key=lambda row: row[:3]) for name, found in rows.items()}


def _from(events: Sequence[dict[str, Any]], start: int) -> Sequence[dict[str, Any]]:
    return events[start:]


@cache
def _certificates() -> ssl.SSLContext:
    """Read once: that takes longer than most requests."""
    return ssl.create_default_context()


def _path(run: RunRef, *parts: str) -> str:
    """A path in which no name is more than one segment; dots are encoded, for clients fold `..`."""
    return "/" + "/".join(quote(part, safe="").replace(".", "%2E") for part in ("runs", run.project, run.run, *parts))


def _counting(rows: Sequence[_Row], attempts: Mapping[str, int]) -> list[_Row]:
    """Those that no later attempt has logged again; `rows` are in the order of their steps."""
    firsts: dict[int, int] = {}
    for row in rows:
        firsts.setdefault(attempts.get(row.writer, 0), row.step)
    until = superseded_from(firsts)
    return [row for row in rows if row.step < until.get(attempts.get(row.writer, 0), math.inf)]


def _within(step: int, first: int | None, last: int | None) -> bool:
    return (first is None or step >= first) and (last is None or step <= last)


def _buckets(rows: Sequence[_Row], points: int) -> Iterator[Point]:
    count = min(points, len(rows)) if points else len(rows)
    for n in range(count):
        inside = list(islice(rows, n * len(rows) // count, (n + 1) * len(rows) // count))
        finite = [row.value for row in inside if math.isfinite(row.value)]
        low, high = (min(finite), max(finite)) if finite else (math.nan, math.nan)
        yield Point(inside[0].step, inside[-1].step, inside[0].time, low, high, inside[-1].value)


def _read_cursor(cursor: str) -> dict[str, int]:
    try:
        return {
            _writer(writer): count for writer, count in msgspec.json.decode(cursor or "{}", type=dict[str, int]).items()
        }
    except msgspec.DecodeError:
        raise ValueError(f"{cursor[:80]!r} is no log cursor; start again without one") from None


def _writer(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{32}", text):
        raise ValueError(f"{text[:80]!r} is no writer; start again without a cursor")
    return text
