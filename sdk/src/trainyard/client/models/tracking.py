"""What runs track: lines, metrics, series, and the answer to frames."""

from __future__ import annotations

import msgspec

from trainyard.client.models.number import Number

__all__ = ["FrameAck", "LogLine", "LogPage", "Metric", "MetricPage", "Series", "SeriesPage"]


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


class FrameAck(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to frames: the writer's sequence number up to which everything is safe."""

    writer: str
    durable: int
