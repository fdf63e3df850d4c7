"""Helpers of the Tracker suite: the harness that an implementation provides, frames with known content, and functions
that read all data of a run. It contains no tests."""

from __future__ import annotations

import uuid
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from hypothesis import HealthCheck

from trainyard.track import frames
from trainyard_core.contracts.tracker import LoggedLine, RunRef, Tracker
from trainyard_core.contracts.tracker_events import RecordedEvent

__all__ = [
    "SHARED",
    "TrackerHarness",
    "event_frame",
    "gap_frame",
    "log_frame",
    "metric_frame",
    "mixed_frames",
    "new_run",
    "new_writer",
    "opened",
    "other_frames",
    "read_all_events",
    "read_all_lines",
    "read_bytes",
    "stream",
]

SHARED = (HealthCheck.differing_executors, HealthCheck.function_scoped_fixture, HealthCheck.too_slow)
"""Warnings of hypothesis that do not apply: implementations share a test on purpose, and each example makes a run of
its own."""


class TrackerHarness(Protocol):
    """What an implementation provides for its tests."""

    def make_tracker(self) -> Tracker:
        """Make a new instance on the same storage as the earlier ones. The suite closes it."""


@asynccontextmanager
async def opened(harness: TrackerHarness) -> AsyncIterator[Tracker]:
    """A new instance, which is closed at the end."""
    tracker = harness.make_tracker()
    try:
        yield tracker
    finally:
        await tracker.aclose()


def new_run() -> RunRef:
    """Return a reference to a run without frames and artifacts."""
    return RunRef("suite", uuid.uuid4().hex)


def new_writer() -> str:
    """Return the id of a new writer."""
    return uuid.uuid4().hex


def log_frame(writer: str, seq: int, lines: Sequence[tuple[int, str]]) -> frames.Frame:
    """Return a frame of lines, each with a time and a text."""
    payload = frames.pack_lines([frames.Line(time, 1, text) for time, text in lines])
    return frames.split(frames.encode(frames.Kind.LOGS, writer, seq, payload))[0]


def metric_frame(
    writer: str, seq: int, name: str, rows: Sequence[tuple[int, float]], *, time: int | None = None
) -> frames.Frame:
    """Return a frame with rows of one metric, each with a step and a value. `time` is the time of all rows; without it,
    the time of a row is its step."""
    steps = array("q", [step for step, _ in rows])
    times = steps if time is None else array("q", [time] * len(rows))
    block = frames.Block((name,), steps, times, [array("d", [value for _, value in rows])])
    return frames.split(frames.encode(frames.Kind.METRICS, writer, seq, frames.pack_metrics([block])))[0]


def event_frame(writer: str, seq: int, *events: dict[str, Any]) -> frames.Frame:
    """Return a frame of events, each with a `type` and a `time`."""
    return frames.split(frames.encode(frames.Kind.EVENTS, writer, seq, frames.pack_events(events)))[0]


def gap_frame(writer: str, seq: int) -> frames.Frame:
    """Return a gap of one point, two lines and three events. A tracker only counts it; core reads its content."""
    return frames.split(frames.encode(frames.Kind.GAP, writer, seq, frames.pack_gap(frames.Gap(1, 2, 3))))[0]


def other_frames(writer: str, first: int) -> list[frames.Frame]:
    """Return an event and a gap."""
    event = {"type": "params", "values": {"lr": 0.1}, "time": 1}
    return [event_frame(writer, first, event), gap_frame(writer, first + 1)]


def mixed_frames(writer: str, count: int) -> list[frames.Frame]:
    """Return frames 1 to `count`. Odd frames hold the lines `<seq>a` and `<seq>b`. Even frames hold one row of the
    metric `<writer>`, whose step and value are both seq."""
    made = []
    for seq in range(1, count + 1):
        if seq % 2:
            made.append(log_frame(writer, seq, [(seq, f"{seq}a"), (seq, f"{seq}b")]))
        else:
            made.append(metric_frame(writer, seq, writer, [(seq, float(seq))]))
    return made


async def read_all_lines(tracker: Tracker, run: RunRef, *, limit: int = 1000, cursor: str = "") -> list[LoggedLine]:
    """Return all lines after `cursor`, read page by page."""
    lines: list[LoggedLine] = []
    more = True
    while more:
        page = await tracker.read_logs(run, cursor=cursor, limit=limit)
        assert len(page.lines) <= limit, "a page holds at most `limit` lines"
        assert page.lines or not page.more, "an empty page must not promise more"
        lines, cursor, more = lines + page.lines, page.cursor, page.more
    return lines


async def read_all_events(
    tracker: Tracker, run: RunRef, *, cursor: str = "", limit: int = 1000, **chosen: Any
) -> list[RecordedEvent]:
    """Return all events after `cursor`, read page by page."""
    events: list[RecordedEvent] = []
    more = True
    while more:
        page = await tracker.read_events(run, cursor=cursor, limit=limit, **chosen)
        assert len(page.events) <= limit, "a page holds at most `limit` events"
        assert page.events or not page.more, "an empty page must not promise more"
        events, cursor, more = events + page.events, page.cursor, page.more
    return events


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    """Yield these bytes piece by piece, as from a connection."""
    for piece in pieces:
        yield piece


async def read_bytes(tracker: Tracker, run: RunRef, name: str, *, start: int = 0, end: int | None = None) -> bytes:
    """Return the bytes of an artifact, or of a range of it."""
    return b"".join([piece async for piece in tracker.read_artifact(run, name, start=start, end=end)])
