"""Reads series: decodes segments into columns once, keeps them while they are in use, and cuts them into buckets.

A segment only grows, so a read decodes what is new since the last one. Rows of several writers are merged by step,
then time, then writer, then order of logging, without those that a later attempt has logged again. A bucket is a run
of neighbouring rows, every bucket of a series as good as equal in rows; `low` and `high` are over all its finite
values, so no spike is lost at any resolution.
"""

from __future__ import annotations

import math
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainyard.track import frames
from trainyard_core.contracts.tracker import (
    Point,
    RunRef,
    Series,
    SeriesAxis,
    SeriesColumns,
    SeriesSource,
    superseded_from,
)
from trainyard_tracker_folder import segment
from trainyard_tracker_folder.layout import Layout
from trainyard_tracker_folder.segment import START

__all__ = ["SeriesReader"]

LAST_STEP = (1 << 63) - 1


class _Rows(NamedTuple):
    """Values of one metric, row by row."""

    steps: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]

    def between(self, first: int | None, last: int | None) -> _Rows:
        """The rows of steps `first` to `last`, both included; for rows in step order."""
        start = 0 if first is None else int(np.searchsorted(self.steps, first, "left"))
        end = len(self.steps) if last is None else int(np.searchsorted(self.steps, last, "right"))
        return self.cut(start, end)

    def by_time(self, first: int | None, last: int | None) -> _Rows:
        """The rows of times `first` to `last`, both included, ordered by time; a stable sort."""
        rows = self
        if not np.all(self.times[1:] >= self.times[:-1]):
            order = np.argsort(self.times, kind="stable")
            rows = _Rows(self.steps[order], self.times[order], self.values[order])
        start = 0 if first is None else int(np.searchsorted(rows.times, first, "left"))
        end = len(rows.times) if last is None else int(np.searchsorted(rows.times, last, "right"))
        return rows.cut(start, end)

    def cut(self, start: int, end: int) -> _Rows:
        """Rows by their place; no copy."""
        return _Rows(self.steps[start:end], self.times[start:end], self.values[start:end])

    def below(self, step: int) -> _Rows:
        """The rows of smaller steps, in the order that they have."""
        kept = self.steps < step
        return _Rows(self.steps[kept], self.times[kept], self.values[kept])

    def widened(self, count: int) -> _Rows:
        """A copy with room for `count` rows; what is in the room is undefined."""
        return _Rows(np.resize(self.steps, count), np.resize(self.times, count), np.resize(self.values, count))

    @property
    def nbytes(self) -> int:
        """Bytes that the numbers take."""
        return self.steps.nbytes + self.times.nbytes + self.values.nbytes


class _Merged(NamedTuple):
    """The rows of several writers as one, and the attempt that each of them counted as."""

    attempts: tuple[int, ...]
    rows: _Rows


class SeriesReader:
    """Series of all runs; keeps the columns of the last used runs within `limit` bytes, and of the last one always.
    May be used from several threads."""

    def __init__(self, layout: Layout, limit: int) -> None:
        self._layout = layout
        self._limit = limit
        self._lock = threading.Lock()
        self._runs: OrderedDict[RunRef, _Run] = OrderedDict()

    def names(self, run: RunRef) -> list[str]:
        """The names of the run's metrics, sorted."""
        kept = self._kept(run)
        with kept.lock:
            kept.refresh(self._layout.segments(run))
            kept.measure()
            names = kept.names()
        self._trim()
        return names

    def read(
        self,
        run: RunRef,
        names: Sequence[str],
        *,
        first: int | None,
        last: int | None,
        points: int,
        attempts: Mapping[str, int],
    ) -> list[Series]:
        """See `Tracker.read_series`."""
        chosen = [rows.between(first, last) for rows in self._merged(run, names, attempts)]
        return [
            Series(name=name, total=len(rows.values), points=_points(rows, points))
            for name, rows in zip(names, chosen, strict=True)
        ]

    def read_columns(
        self,
        source: SeriesSource,
        names: Sequence[str],
        *,
        by: SeriesAxis,
        first: int | None,
        last: int | None,
        points: int,
    ) -> list[SeriesColumns]:
        """One run's part of `Tracker.read_many`."""
        found = []
        for name, rows in zip(names, self._merged(source.run, names, source.attempts), strict=True):
            chosen = rows.between(first, last) if by == "step" else rows.by_time(first, last)
            found.append(SeriesColumns(name, len(chosen.values), *_buckets(chosen, points)))
        return found

    def _merged(self, run: RunRef, names: Sequence[str], attempts: Mapping[str, int]) -> list[_Rows]:
        """All rows of these metrics that count, by step."""
        kept = self._kept(run)
        with kept.lock:
            kept.refresh(self._layout.segments(run))
            found = [kept.merged(name, attempts) for name in names]
            kept.measure()
        self._trim()
        return found

    def forget(self, run: RunRef) -> None:
        """Drop what is kept of a run."""
        with self._lock:
            self._runs.pop(run, None)

    def _kept(self, run: RunRef) -> _Run:
        with self._lock:
            kept = self._runs.setdefault(run, _Run())
            self._runs.move_to_end(run)
            return kept

    def _trim(self) -> None:
        with self._lock:
            while len(self._runs) > 1 and sum(kept.size for kept in self._runs.values()) > self._limit:
                self._runs.popitem(last=False)


class _Run:
    """The columns of one run, by writer, and those that were merged since they last grew."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.size = 0
        self._writers: dict[str, _Writer] = {}
        self._merged: dict[str, _Merged] = {}

    def names(self) -> list[str]:
        return sorted({name for writer in self._writers.values() for name in writer.columns})

    def refresh(self, paths: dict[str, Path]) -> None:
        """Take in what the segments hold beyond what is known."""
        for gone in self._writers.keys() - paths.keys():
            self._drop(gone)
        for writer, path in paths.items():
            try:
                fd = segment.open_to_read(path)
            except FileNotFoundError:
                self._drop(writer)
                continue
            try:
                self._refresh_one(writer, fd)
            finally:
                os.close(fd)

    def _refresh_one(self, writer: str, fd: int) -> None:
        if writer in self._writers and not segment.holds(fd, self._writers[writer].mark, os.fstat(fd).st_size):
            self._drop(writer)
        for name in self._writers.setdefault(writer, _Writer()).refresh(fd):
            self._merged.pop(name, None)

    def _drop(self, writer: str) -> None:
        for name in self._writers.pop(writer, _Writer()).columns:
            self._merged.pop(name, None)

    def merged(self, name: str, attempts: Mapping[str, int]) -> _Rows:
        """The rows of a metric that count, by step, then time; ties by writer, then as logged."""
        writers = [writer for writer in sorted(self._writers) if name in self._writers[writer].columns]
        columns = [self._writers[writer].columns[name] for writer in writers]
        if len(columns) == 1 and columns[0].in_order:
            return columns[0].rows()
        of = tuple(attempts.get(writer, 0) for writer in writers)
        if name not in self._merged or self._merged[name].attempts != of:
            parts = _without_superseded([column.rows() for column in columns], of)
            self._merged[name] = _Merged(of, _sorted(_joined(parts)))
        return self._merged[name].rows

    def measure(self) -> None:
        """Note in `size` how many bytes are kept; others read it without our lock."""
        columns = [column for writer in self._writers.values() for column in writer.columns.values()]
        self.size = sum(column.nbytes for column in columns) + sum(
            merged.rows.nbytes for merged in self._merged.values()
        )


class _Writer:
    """What one segment holds, as columns in the order of logging."""

    def __init__(self) -> None:
        self.mark = START
        self.columns: dict[str, _Column] = {}

    def refresh(self, fd: int) -> set[str]:
        """Decode what is new; the names that grew."""
        fresh: dict[str, list[_Rows]] = {}
        mark = self.mark
        for at, frame in segment.walk(fd, mark.end):
            mark = mark.after(at, frame)
            if frame.kind is frames.Kind.METRICS:
                _decode(frame.payload, fresh)
        for name, parts in fresh.items():
            self.columns.setdefault(name, _Column()).extend(_joined(parts))
        self.mark = mark
        return set(fresh)


class _Column:
    """Rows of one writer that grow in place: what was handed out stays as it is."""

    def __init__(self) -> None:
        self._space = _joined([])
        self._count = 0
        self.in_order = True

    @property
    def nbytes(self) -> int:
        """Bytes kept."""
        return self._space.nbytes

    def rows(self) -> _Rows:
        """All rows, as logged."""
        return self._space.cut(0, self._count)

    def extend(self, fresh: _Rows) -> None:
        """Add rows behind the last."""
        start, self._count = self._count, self._count + len(fresh.steps)
        if self._count > len(self._space.steps):
            self._space = self._space.widened(max(self._count, len(self._space.steps) * 3 // 2))
        for part, new in zip(self._space, fresh, strict=True):
            part[start : self._count] = new
        tail = slice(max(0, start - 1), self._count)
        self.in_order = self.in_order and _in_order(self._space.steps[tail], self._space.times[tail])


def _decode(payload: bytes, into: dict[str, list[_Rows]]) -> None:
    """Add a payload's columns by name. One whose lengths do not add up is no metric of anybody: it is left out."""
    try:
        blocks = frames.unpack_metrics(payload)
    except (frames.FrameError, UnicodeDecodeError):
        return
    for block in blocks:
        steps, times = np.frombuffer(block.steps, np.int64), np.frombuffer(block.times, np.int64)
        for name, column in zip(block.names, block.values, strict=True):
            into.setdefault(name, []).append(_Rows(steps, times, np.frombuffer(column, np.float64)))


def _joined(parts: Sequence[_Rows]) -> _Rows:
    if not parts:
        return _Rows(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64))
    if len(parts) == 1:
        return parts[0]
    return _Rows(
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.values for part in parts]),
    )


def _without_superseded(parts: Sequence[_Rows], attempts: Sequence[int]) -> list[_Rows]:
    """The rows of each writer, whose attempt is given, without those that a later attempt has logged again."""
    if len({*attempts}) < 2:
        return [*parts]
    first: dict[int, int] = {}
    for rows, attempt in zip(parts, attempts, strict=True):
        first[attempt] = min(int(rows.steps.min()), first.get(attempt, LAST_STEP))
    until = superseded_from(first)
    return [rows.below(until[of]) if of in until else rows for rows, of in zip(parts, attempts, strict=True)]


def _sorted(rows: _Rows) -> _Rows:
    """Rows by step, then time; a stable sort."""
    order = np.lexsort((rows.times, rows.steps))
    return _Rows(rows.steps[order], rows.times[order], rows.values[order])


def _in_order(steps: npt.NDArray[np.int64], times: npt.NDArray[np.int64]) -> bool:
    later = (steps[1:] == steps[:-1]) & (times[1:] >= times[:-1])
    return bool(np.all((steps[1:] > steps[:-1]) | later))


def _points(rows: _Rows, points: int) -> list[Point]:
    return [Point(*values) for values in zip(*_buckets(rows, points), strict=True)]


def _buckets(rows: _Rows, points: int) -> tuple[list[Any], ...]:
    """At most `points` buckets (0: one for each row) as columns: step, until, time, min, max, last."""
    if points < 0:
        raise ValueError(f"points is {points}; ask for 0 (every row) or more")
    total = len(rows.values)
    if total == 0:
        return ([], [], [], [], [], [])
    count = min(points, total) if points else total
    starts = np.arange(count, dtype=np.int64) * total // count
    ends = np.append(starts[1:], total) - 1
    low, high = _ranges(rows.values, starts)
    columns = (rows.steps[starts], rows.steps[ends], rows.times[starts], low, high, rows.values[ends])
    return tuple(column.tolist() for column in columns)


def _ranges(
    values: npt.NDArray[np.float64], starts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The lowest and the highest finite value of each bucket, NaN where it has none. NaN and infinities show in the
    plain lowest and highest values; only where there are any is each value looked at again."""
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    if np.isfinite(low).all() and np.isfinite(high).all():
        return low, high
    finite = np.isfinite(values)
    low = np.minimum.reduceat(np.where(finite, values, math.inf), starts)
    high = np.maximum.reduceat(np.where(finite, values, -math.inf), starts)
    low[np.isinf(low)] = math.nan
    high[np.isinf(high)] = math.nan
    return low, high
