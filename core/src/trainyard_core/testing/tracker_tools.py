"""What the Tracker suite is written with: the harness that an implementation gives, frames made to be recognised,
and ways to read a whole run. It holds no promise of its own.
"""

from __future__ import annotations

import uuid
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from hypothesis import HealthCheck

from trainyard.track import frames
from trainyard_core.contracts.tracker import LoggedLine, RunRef, Tracker

__all__ = [
    "SHARED",
    "TrackerHarness",
    "log_frame",
    "metric_frame",
    "mixed_frames",
    "new_run",
    "new_writer",
    "opened",
    "other_frames",
    "read_all_lines",
    "read_bytes",
    "stream",
]

SHARED = (HealthCheck.differing_executors, HealthCheck.function_scoped_fixture, HealthCheck.too_slow)
"""Warnings of hypothesis that do not apply: implementations share a test on purpose, and each example makes a run of
its own."""


class TrackerHarness(Protocol):
    """What an implementation gives to be tested."""

    def make_tracker(self) -> Tracker:
        """A new instance on the same storage as those made before; the suite closes it."""


@asynccontextmanager
async def opened(harness: TrackerHarness) -> AsyncIterator[Tracker]:
    """A new instance, closed in the end."""
    tracker = harness.make_tracker()
    try:
        yield tracker
    finally:
        await tracker.aclose()


def new_run() -> RunRef:
    """A run that nobody has written to."""
    return RunRef("suite", uuid.uuid4().hex)


def new_writer() -> str:
    """A writer that nobody has seen."""
    return uuid.uuid4().hex


def log_frame(writer: str, seq: int, lines: Sequence[tuple[int, str]]) -> frames.Frame:
    """A frame of lines, each a time and a text."""
    payload = frames.pack_lines([frames.Line(time, 1, text) for time, text in lines])
    return frames.split(frames.encode(frames.Kind.LOGS, writer, seq, payload))[0]


def metric_frame(
    writer: str, seq: int, name: str, rows: Sequence[tuple[int, float]], *, time: int | None = None
) -> frames.Frame:
    """A frame of one metric's rows, each a step and a value. A row's time is its step, or `time` for all."""
    steps = array("q", [step for step, _ in rows])
    times = steps if time is None else array("q", [time] * len(rows))
    block = frames.Block((name,), steps, times, [array("d", [value for _, value in rows])])
    return frames.split(frames.encode(frames.Kind.METRICS, writer, seq, frames.pack_metrics([block])))[0]


def other_frames(writer: str, first: int) -> list[frames.Frame]:
    """An event and a gap, which core understands and a tracker only counts."""
    event = frames.pack_events([{"kind": "params", "params": {"lr": 0.1}, "time": 1}])
    raw = frames.encode(frames.Kind.EVENTS, writer, first, event)
    return frames.split(raw + frames.encode(frames.Kind.GAP, writer, first + 1, frames.pack_gap(frames.Gap(1, 2, 3))))


def mixed_frames(writer: str, count: int) -> list[frames.Frame]:
    """Frames 1 to `count`: odd ones hold the lines `<seq>a` and `<seq>b`, even ones a value of the metric `<writer>`
    at step seq, which is seq too."""
    made = []
    for seq in range(1, count + 1):
        if seq % 2:
            made.append(log_frame(writer, seq, [(seq, f"{seq}a"), (seq, f"{seq}b")]))
        else:
            made.append(metric_frame(writer, seq, writer, [(seq, float(seq))]))
    return made


async def read_all_lines(tracker: Tracker, run: RunRef, *, limit: int = 1000, cursor: str = "") -> list[LoggedLine]:
    """All lines behind `cursor`, page by page."""
    lines: list[LoggedLine] = []
    more = True
    while more:
        page = await tracker.read_logs(run, cursor=cursor, limit=limit)
        assert len(page.lines) <= limit, "a page holds at most `limit` lines"
        assert page.lines or not page.more, "an empty page must not promise more"
        lines, cursor, more = lines + page.lines, page.cursor, page.more
    return lines


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    """Bytes as they come in."""
    for piece in pieces:
        yield piece


async def read_bytes(tracker: Tracker, run: RunRef, name: str, *, start: int = 0, end: int | None = None) -> bytes:
    """An artifact, or a range of it, at once."""
    return b"".join([piece async for piece in tracker.read_artifact(run, name, start=start, end=end)])
