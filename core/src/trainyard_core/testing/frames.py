"""Frames of one writer, as a program would send them, for tests of what comes of them."""

from __future__ import annotations

from array import array
from typing import Any

from trainyard.track import frames
from trainyard.track.frames import Kind
from trainyard_core.testing.tracker_tools import metric_frame

__all__ = ["events", "lines", "metric", "rows"]


def metric(writer: str, seq: int, values: dict[str, list[float]], *, first: int = 0, final: bool = False) -> bytes:
    """A frame of metrics, one row a step from `first` on."""
    rows = len(next(iter(values.values())))
    steps = array("q", range(first, first + rows))
    block = frames.Block(tuple(values), steps, steps, [array("d", column) for column in values.values()])
    return frames.encode(Kind.METRICS, writer, seq, frames.pack_metrics([block]), final=final)


def rows(writer: str, seq: int, name: str, points: list[tuple[int, float]], *, time: int = 0) -> bytes:
    """A frame of one metric's points, each a step and a value; all of one time."""
    return metric_frame(writer, seq, name, points, time=time).raw


def events(writer: str, seq: int, *what: dict[str, Any], final: bool = False) -> bytes:
    """A frame of events."""
    stamped = [{"time": 1, **one} for one in what]
    return frames.encode(Kind.EVENTS, writer, seq, frames.pack_events(stamped), final=final)


def lines(writer: str, seq: int, *texts: str, final: bool = False) -> bytes:
    """A frame of standard output."""
    told = [frames.Line(seq, 1, text) for text in texts]
    return frames.encode(Kind.LOGS, writer, seq, frames.pack_lines(told), final=final)
