"""What a run has logged, in a few lines for the terminal: the first, last, lowest and highest value of each metric, and
a small curve of it.

It learns of rows from the thread that turns them into frames, so `log` does no more than before. The first METRICS
metrics are known, each with exact bounds and at most POINTS of its values, evenly spread.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence

from trainyard.track import frames
from trainyard.track.frames import Block

__all__ = ["METRICS", "POINTS", "SHOWN", "Summary", "curve"]

METRICS = 100
POINTS = 256
SHOWN = 12
"""Metrics that are shown; the rest is a number."""
_WIDTH = 24
_NAME_CHARS = 32
_LEVELS = "▁▂▃▄▅▆▇█"


class _Metric:
    """One metric of this process."""

    def __init__(self) -> None:
        self.first = self.last = math.nan
        self.min, self.max = math.inf, -math.inf
        self.points = array("d")
        """Each `_stride`-th of all values."""
        self._stride, self._count, self._last_step = 1, 0, -(1 << 63)

    def add(self, brief: frames.Summary, values: array[float]) -> None:
        """Count values in the order in which they were logged; `brief` is what their frame says of them."""
        if not self._count:
            self.first = values[0]
        if brief.last_step >= self._last_step:
            self.last, self._last_step = brief.last, brief.last_step
        if brief.finite:
            self.min, self.max = min(self.min, brief.min), max(self.max, brief.max)
        self.points.extend(values[-self._count % self._stride :: self._stride])
        self._count += len(values)
        while len(self.points) > POINTS:
            self.points = self.points[::2]
            self._stride *= 2


class Summary:
    """The metrics of one process. One thread adds at a time; `lines` is asked for when all is added."""

    def __init__(self) -> None:
        self._metrics: dict[str, _Metric] = {}
        self._others: set[str] = set()

    def add(self, blocks: Iterable[Block], payload: bytes) -> None:
        """Count the rows of a frame, which is packed as `payload`."""
        columns = (column for block in blocks for column in block.values)
        for brief, column in zip(frames.summarize(payload), columns, strict=True):
            if (metric := self._metric(brief.name)) is not None:
                metric.add(brief, column)

    def _metric(self, name: str) -> _Metric | None:
        if name not in self._metrics:
            if len(self._metrics) >= METRICS:
                if len(self._others) < 10 * METRICS:
                    self._others.add(name)
                return None
            self._metrics[name] = _Metric()
        return self._metrics[name]

    def lines(self) -> list[str]:
        """The table, without a heading; empty when nothing was logged."""
        shown = list(self._metrics.items())[:SHOWN]
        rows = [(_short(name), *_figures(metric), curve(metric.points)) for name, metric in shown]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
        lines = ["  ".join(_cells(row, widths)) for row in rows]
        more = len(self._metrics) - len(shown) + len(self._others)
        return [*lines, *([f"and {more} more"] if more else [])]


def _figures(metric: _Metric) -> list[str]:
    least, most = (metric.min, metric.max) if metric.min <= metric.max else (math.nan, math.nan)
    figures = {"first": metric.first, "last": metric.last, "min": least, "max": most}
    return [f"{word} {value:.5g}" for word, value in figures.items()]


def _cells(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell.ljust(width) for cell, width in zip(row, widths, strict=False)] + [row[-1]]


def _short(name: str) -> str:
    return name if len(name) <= _NAME_CHARS else f"{name[: _NAME_CHARS - 3]}..."


def curve(values: Sequence[float]) -> str:
    """Values as a row of blocks, at most 24 of them: the mean of each part, a blank where no number is."""
    size = max(1, -(-len(values) // _WIDTH))
    means = [_mean(values[at : at + size]) for at in range(0, len(values), size)]
    finite = [mean for mean in means if math.isfinite(mean)]
    if not finite:
        return ""
    low, span = min(finite), max(finite) - min(finite)
    return "".join(_block((mean - low) / span if span else 0.0, mean) for mean in means)


def _mean(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) / len(finite) if finite else math.nan


def _block(share: float, mean: float) -> str:
    return _LEVELS[round(share * (len(_LEVELS) - 1))] if math.isfinite(mean) and math.isfinite(share) else " "
