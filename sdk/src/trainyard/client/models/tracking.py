"""What runs track: lines, metrics, series, and the answer to frames."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from trainyard.client.models.number import Number

__all__ = [
    "FrameAck",
    "LogLine",
    "LogPage",
    "Metric",
    "MetricPage",
    "ReadSeries",
    "RunSeries",
    "RunSeriesPage",
    "Series",
    "SeriesPage",
    "TrackedEvent",
    "TrackedEventPage",
]


class LogLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a run's output."""

    at: str
    text: str
    stream: str = "stdout"
    cut: bool = False


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines, and the cursor that continues after them."""

    items: list[LogLine]
    next: str
    more: bool = False


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric in brief. `min` and `max` are over the finite values and null when there are none."""

    name: str
    last: Number
    step: int
    min: Number | None
    max: Number | None
    count: int


class MetricPage(msgspec.Struct, frozen=True, kw_only=True):
    """The metrics of a run, by name. `next` is the cursor of the next page, None on the last; `dropped` is how many
    records (values, lines, events) its programs had to drop."""

    items: list[Metric]
    next: str | None = None
    dropped: int = 0


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One metric over its steps. `columns` names the items of each row of `points`: step, until, time
    (microseconds), min, max, last."""

    name: str
    total: int
    points: list[list[Number]]
    columns: list[str] = msgspec.field(default_factory=lambda: ["step", "until", "time", "min", "max", "last"])


class SeriesPage(msgspec.Struct, frozen=True, kw_only=True):
    """Series in the order asked for."""

    items: list[Series]


class ReadSeries(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which series of which runs to read together. `runs` are ids, endings of ids or `latest`; `names` are metrics. By
    `step`, `first` and `last` are steps; by `time`, they are microseconds since 1970 UTC. `points` is the greatest
    number of buckets of each series; 0: every row."""

    runs: list[str]
    names: list[str]
    by: Literal["step", "time"] = "step"
    first: int | None = None
    last: int | None = None
    points: int = 500


class RunSeries(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of one run as columns: item n of each list belongs to bucket n. `total` is how many values it has in
    the asked range. A bucket has rows that are next to each other: the step and the time (microseconds since 1970 UTC)
    of the first, the step of the last (`until`), the lowest and highest finite value, and the last value."""

    run: str
    name: str
    total: int
    step: list[int]
    until: list[int]
    time: list[int]
    min: list[Number]
    max: list[Number]
    last: list[Number]


class RunSeriesPage(msgspec.Struct, frozen=True, kw_only=True):
    """For each run in the order asked for, each of the metrics."""

    items: list[RunSeries]


class TrackedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What a program recorded at a time beside values and lines: `kind` is `params`, `outputs`, `meta`, `tags`,
    `progress`, `artifact`, `end`, `event` or another; `name` is what it is about, if it has a name."""

    kind: str
    at: str
    name: str = ""
    data: dict[str, Any] = {}


class TrackedEventPage(msgspec.Struct, frozen=True, kw_only=True):
    """Events, and the cursor that continues after them."""

    items: list[TrackedEvent]
    next: str
    more: bool = False


class FrameAck(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to frames: the writer's sequence number up to which everything is safe."""

    writer: str
    durable: int
