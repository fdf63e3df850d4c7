"""Frames come in: the tracker makes them durable, then one transaction moves the writer's mark, the aggregates and the
run's own fields. There are several transactions, frame by frame, when there are so many metrics that others would wait
for long.

Exactly once by that order: the tracker skips what it has by (run, writer, seq), the mark is a compare-and-set, and
only then is the sequence number acknowledged. A crash in between leaves frames that come again and are counted
once.

A writer belongs to the attempt whose token its first frame came with, or that whoever sent that frame named. What comes
of an attempt after another one has taken its place is kept and acknowledged like all else, but changes nothing of the
run; see `aggregate` for its points.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec

from trainyard.names import KIND_CHARS, MESSAGE_CHARS, storable
from trainyard.track.conversion import plain_mapping
from trainyard.track.frames import Frame, FrameError, Kind, first_steps, split, summarize, unpack_events, unpack_gap
from trainyard_core import failpoints, instruments
from trainyard_core.contracts.tracker import BadName, RunRef, SequenceGap, Tracker, check_artifact_name
from trainyard_core.db import clone_rows, directors, recorded_end, runs, tracking
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.errors import BadFrame, GapInFrames, NotFound
from trainyard_core.lifecycle import FINAL, Reason, Status
from trainyard_core.policy import Policy
from trainyard_core.work import aggregate, run_record
from trainyard_core.work.reconcile import reconcile

__all__ = ["IngestResult", "ingest"]

_encode = msgspec.json.Encoder().encode
NAMES = 4096
"""How many metrics are counted in one transaction, unless a single frame has more."""


class IngestResult(msgspec.Struct, frozen=True):
    """The writer's mark: everything up to it is stored and counted; whether the run may have ended by these frames;
    and how many points of metrics were new."""

    durable: int
    ended: bool
    points: int = 0


async def ingest(
    database: Database, tracker: Tracker, run: RunRef, body: bytes, *, policy: Policy, at: int, attempt: int = 0
) -> tuple[str, IngestResult]:
    """Take whole frames of one writer, sent by an attempt, or (0) by somebody else, who stands for the current one.
    Returns the writer and what came of it. Raises BadFrame, GapInFrames, NotFound."""
    frames = _parse(body)
    count = _CountTransaction(run, frames, attempt, policy, at)
    try:
        failpoints.point("ingest:before_append")
        await tracker.append(run, frames)
        failpoints.point("ingest:after_append")
    except SequenceGap as gap:
        raise GapInFrames(gap.expected) from gap
    done = await _counted(database, tracker, count)
    instruments.FRAMES.add(len(frames))
    instruments.BYTES.add(len(body))
    instruments.POINTS.add(done.points)
    return frames[0].writer, done


async def _counted(database: Database, tracker: Tracker, count: _CountTransaction) -> IngestResult:
    """Have all of them counted, with what came before the attempt as far as that must be known."""
    done = IngestResult(0, False)
    while done.durable < count.last:
        try:
            more = await database.write(count.work, name="ingest")
        except aggregate.EarlierCountsNeeded as missing:
            count.before = await aggregate.read_before(database, tracker, count.run.run, count.writer, missing.steps)
        else:
            done = IngestResult(more.durable, done.ended or more.ended, done.points + more.points)
    return done


def _parse(body: bytes) -> list[Frame]:
    try:
        frames = split(body)
    except FrameError as error:
        raise BadFrame(str(error), fix="send whole frames as the spool holds them") from error
    if not frames:
        raise BadFrame("the body is empty", fix="send at least one frame")
    if len({frame.writer for frame in frames}) > 1:
        raise BadFrame("the frames are of several writers", fix="send each writer's frames in a request of their own")
    if any(after.seq != before.seq + 1 for before, after in pairwise(frames)):
        raise BadFrame("the frames are not in sequence", fix="send them in order and without gaps")
    return frames


def _events(payload: bytes) -> list[dict[str, Any]]:
    """The events of a payload. One that cannot be written as JSON again is kept as far as it can."""
    events = unpack_events(payload)
    try:
        _encode(events)
    except (ValueError, OverflowError):
        return [_plain(event) for event in events]
    return events


def _plain(event: dict[str, Any]) -> dict[str, Any]:
    """The event as JSON can hold it; each of its values is made plain when it is recorded."""
    rest = plain_mapping({key: value for key, value in event.items() if key != "values"}, lambda name, why: None)
    return rest if "values" not in event else {**rest, "values": event["values"]}


class _CountTransaction:
    """The transaction that counts frames, or the next of them. Decoding happens before it; inside it only what is new
    is applied."""

    def __init__(self, run: RunRef, frames: Sequence[Frame], attempt: int, policy: Policy, at: int) -> None:
        self.run, self._attempt, self._policy, self._at = run, attempt, policy, at
        self.before = aggregate.EarlierCounts()
        self.writer, self.last, self._frames = frames[0].writer, frames[-1].seq, frames
        try:
            brief = {f.seq: run_record.metrics(summarize(f.payload)) for f in frames if f.kind is Kind.METRICS}
            self._events = {f.seq: _events(f.payload) for f in frames if f.kind is Kind.EVENTS}
            self._gaps = {f.seq: sum(unpack_gap(f.payload)) for f in frames if f.kind is Kind.GAP}
        except (ValueError, OverflowError, RecursionError) as error:
            raise BadFrame(f"a payload does not decode: {error}", fix="send frames as the spool holds them") from error
        self._summaries = {seq: kept for seq, (kept, _) in brief.items()}
        self._events |= {seq: omitted for seq, (_, omitted) in brief.items() if omitted}

    async def work(self, tx: Tx) -> IngestResult:
        """Count what is new, or the first of it. What is acknowledged is the mark, whoever moved it last: never a frame
        that nobody counted."""
        run = self.run.run
        await runs.lock(tx, run)
        row = await runs.get(tx, run)
        if row is None:
            raise NotFound(f"no run '{run}'")
        mark = await tracking.mark(tx, run, self.writer)
        attempt = mark.attempt if mark.attempt is not None else self._attempt or row["attempt"]
        new = self._first([frame for frame in self._frames if frame.seq > mark.seq])
        if not new or not await self._move(tx, row, mark.seq, new, attempt):
            return IngestResult((await tracking.mark(tx, run, self.writer)).seq, False)
        found = [summary for frame in new for summary in self._summaries.get(frame.seq, ())]
        points = aggregate.MetricColumns(self.writer, attempt, found, lambda: _first_steps(new))
        await aggregate.count(tx, row, points, self.before)
        if attempt < row["attempt"]:
            return IngestResult(new[-1].seq, False)
        await self._take_effect(tx, row, new)
        return IngestResult(new[-1].seq, await self._maybe_end(tx, row, new), sum(each.total for each in found))

    def _first(self, new: Sequence[Frame]) -> Sequence[Frame]:
        """The first of these frames, as many as have NAMES metrics together, but one at least."""
        names: set[str] = set()
        for number, frame in enumerate(new):
            before = len(names)
            names.update(each.name for each in self._summaries.get(frame.seq, ()))
            if number and len(names) > max(before, NAMES):
                return new[:number]
        return new

    async def _take_effect(self, tx: Tx, row: Row, new: Sequence[Frame]) -> None:
        """What frames of the current attempt change of the run beside its metrics."""
        if self._summaries and row["parent"] and await self._is_watched(tx, row["parent"]):
            await runs.wake_now(tx, row["parent"], at=self._at)
        for frame in new:
            for event in self._events.get(frame.seq, ()):
                await _apply(tx, row["id"], event, self._at)
        if row["status"] in FINAL and self._has_artifacts(new):
            await clone_rows.pass_on(tx, row["id"])

    async def _is_watched(self, tx: Tx, parent: str) -> bool:
        """Whether the parent plans by a metric that has just come."""
        watched = await directors.watches(tx, parent)
        return any(each.name in watched for found in self._summaries.values() for each in found)

    async def _move(self, tx: Tx, row: Row, seen: int, new: Sequence[Frame], attempt: int) -> bool:
        if new[0].seq != seen + 1:
            raise GapInFrames(seen + 1)
        return await tracking.move_mark(
            tx,
            self.run.run,
            self.writer,
            seen=seen,
            to=new[-1].seq,
            attempt=attempt,
            final=new[-1].final,
            dropped=sum(self._gaps.get(frame.seq, 0) for frame in new),
            late=len(new) if row["status"] in FINAL else 0,
            at=self._at,
        )

    def _has_artifacts(self, new: Sequence[Frame]) -> bool:
        return any(event["type"] == "artifact" for frame in new for event in self._events.get(frame.seq, ()))

    async def _maybe_end(self, tx: Tx, row: Row, new: Sequence[Frame]) -> bool:
        """True when the run was reconciled: the last frames of something that has ended may have come."""
        ends = any(e["type"] == "end" for f in new for e in self._events.get(f.seq, ()))
        waits = row["reason"] == Reason.DRAINING or row["status"] == Status.STOPPING or row["reported_status"]
        if row["status"] in FINAL or not (waits or ends or new[-1].final):
            return False
        await reconcile(tx, self.run.run, policy=self._policy, at=self._at)
        return True


def _first_steps(new: Sequence[Frame]) -> dict[str, int]:
    """The lowest step of each metric in these frames."""
    found: dict[str, int] = {}
    for frame in new:
        for name, step in first_steps(frame.payload).items() if frame.kind is Kind.METRICS else ():
            found[name] = min(step, found.get(name, step))
    return found


async def _apply(tx: Tx, run: str, event: dict[str, Any], at: int) -> None:
    """One event's effect on the run's row. Unknown types are kept by the tracker and change nothing here."""
    kind, values = event["type"], event.get("values")
    if kind in _MERGED and isinstance(values, dict):
        await _merge(tx, run, kind, values)
    elif kind == "tags":
        await _add_tags(tx, run, [tag for tag in _list(event.get("tags")) if isinstance(tag, str)])
    elif kind == "progress" and isinstance(event.get("value"), int | float):
        await tx.run("UPDATE run SET progress = ? WHERE id = ?", float(event["value"]), run)
    elif kind == "artifact":
        await _record_artifact(tx, run, event, at)
    elif kind == "omission" and event.get("name"):
        await _record_omissions(tx, run, [event])
    elif kind == "end" and event.get("status") in ("succeeded", "failed", "stopped"):
        await recorded_end.tell(tx, run, event["status"], _ended(event))
        if lines := run_record.last_lines(event.get("last_lines")):
            await _merge(tx, run, "meta", {run_record.LAST_LINES: lines})


def _ended(event: dict[str, Any]) -> recorded_end.ReportedEnd:
    """What an `end` says. What it cannot say is left out."""
    code, at = event.get("exit_code"), event.get("time")
    return recorded_end.ReportedEnd(
        reason=event["reason"] if event.get("reason") in _END_REASONS else "",
        message=storable(str(event.get("message", "")), MESSAGE_CHARS),
        exit_code=code if isinstance(code, int) and 0 <= code <= 255 else None,
        at=at if isinstance(at, int) and 0 <= at < 1 << 63 else None,
    )


_END_REASONS = (Reason.ERROR, Reason.EXIT_CODE, Reason.LOST, Reason.USER)
_MERGED = ("params", "outputs", "meta")


async def _merge(tx: Tx, run: str, column: str, values: dict[str, Any]) -> None:
    merged, omitted = run_record.values(column, values, await _read(tx, run, column))
    await _write(tx, run, column, merged)
    await _record_omissions(tx, run, omitted)


async def _add_tags(tx: Tx, run: str, tags: list[str]) -> None:
    merged, omitted = run_record.tags(tags, await _read(tx, run, "tags"))
    await _write(tx, run, "tags", merged)
    await _record_omissions(tx, run, omitted)


async def _record_omissions(tx: Tx, run: str, omitted: run_record.Omitted) -> None:
    """What the run does not have although its program wanted to record it."""
    if omitted:
        await _write(tx, run, "meta", run_record.meta_of(omitted, await _read(tx, run, "meta")))


async def _read(tx: Tx, run: str, column: str) -> Any:
    row = await tx.one(f"SELECT {column} AS value FROM run WHERE id = ?", run)
    assert row is not None
    return msgspec.json.decode(row["value"])


async def _write(tx: Tx, run: str, column: str, value: object) -> None:
    await tx.run(f"UPDATE run SET {column} = ? WHERE id = ?", _encode(value).decode(), run)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _size(value: object) -> int:
    """Bytes; what is no size counts as 0."""
    return value if isinstance(value, int) and 0 <= value < 1 << 63 else 0


async def _record_artifact(tx: Tx, run: str, event: dict[str, Any], at: int) -> None:
    """A row for an artifact that the run tells of; none for a name that no artifact can have."""
    name = str(event.get("name", ""))
    try:
        check_artifact_name(name)
    except BadName:
        return
    extra = {key: event[key] for key in ("step", "meta") if event.get(key) is not None}
    await tracking.put_artifact(
        tx,
        run,
        name=name,
        kind=storable(str(event.get("kind") or "file"), KIND_CHARS),
        size=_size(event.get("size")),
        digest=str(event.get("digest", "")),
        data=extra,
        at=at,
    )
