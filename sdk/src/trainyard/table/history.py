"""`trainyard.history`: the values of metrics over the steps of runs, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from trainyard.client import Client
from trainyard.client.models import Series
from trainyard.table.table import Column, Kind, Table

if TYPE_CHECKING:
    from trainyard.submission.run_handle import RunHandle

__all__ = ["history"]

_NAMES = 100
"""Series in one answer."""
_NAME_BYTES = 4000
"""Of the names in one request."""
_BUCKET = ("min", "max")


class Point(NamedTuple):
    """One value of one metric of one run, at the last step and time that it stands for."""

    run: str
    metric: str
    step: int
    time: int
    value: float
    min: float
    max: float


def history(
    runs: str | RunHandle | Iterable[str | RunHandle],
    *metrics: str,
    points: int | None = None,
    shape: str = "wide",
    project: str | None = None,
) -> Table:
    """The values of metrics (all of them by default) over the steps of one run or of several. `runs` are ids, handles,
    or both; a table of runs has the ids in its column `id`.

    With the shape `wide` there is a row for each run and step: `run`, `step`, `time` and `metrics.NAME` with the last
    value that was logged at that step. With `long` there is a row for each value: `run`, `metric`, `step`, `time`,
    `value`. All values are there by default. With `points` the steps of each metric are divided into at most so many
    buckets: a row then has the last step and value of its bucket, and the lowest and highest value in it in
    `metrics.NAME.min` and `metrics.NAME.max` (`min` and `max` when long).

    Raises NotFound for a run that does not exist, NoServer and NotReachable where there is no server."""
    if shape not in ("wide", "long"):
        raise ValueError(f"shape={shape!r}; choose from wide, long")
    if points is not None and points < 1:
        raise ValueError(f"points={points} is no number of buckets; write 1 or more, or None for all values")
    found = [point for ref, where in _refs(runs, project) for point in _points(ref, metrics, points, where)]
    parts = () if points is None else _BUCKET
    return _long(found, parts) if shape == "long" else _wide(found, metrics, parts)


def _refs(runs: str | RunHandle | Iterable[str | RunHandle], project: str | None) -> Iterator[tuple[str, str | None]]:
    """Each run, and its project."""
    from trainyard.submission.run_handle import RunHandle

    for run in [runs] if isinstance(runs, str | RunHandle) else runs:
        yield (run.id, run.project) if isinstance(run, RunHandle) else (run, project)


def _points(ref: str, metrics: Sequence[str], points: int | None, project: str | None) -> Iterator[Point]:
    with Client(project=project) as client:
        run = client.runs.get(ref).id
        names = metrics or [metric.name for metric in client.runs.metrics(run)]
        for some in _batches(names):
            for series in client.runs.series(run, some, points=points or 0):
                yield from _of_series(run, series)


def _batches(names: Sequence[str]) -> Iterator[list[str]]:
    """As many names as one address holds, and one answer may have."""
    batch: list[str] = []
    for name in names:
        if batch and (len(batch) == _NAMES or sum(map(len, batch)) * 3 + len(name) * 3 > _NAME_BYTES):
            yield batch
            batch = []
        batch.append(name)
    if batch:
        yield batch


def _of_series(run: str, series: Series) -> Iterator[Point]:
    until, time, *values = (series.columns.index(name) for name in ("until", "time", "last", "min", "max"))
    for row in series.points:
        value, least, most = (float(row[place]) for place in values)
        yield Point(run, series.name, int(row[until]), int(row[time]), value, least, most)


def _long(points: Sequence[Point], parts: Sequence[str]) -> Table:
    kinds: dict[str, Kind] = {"run": "text", "metric": "text", "step": "integer", "time": "time", "value": "number"}
    kinds |= dict.fromkeys(parts, "number")
    columns = {name: Column(kind, [getattr(point, name) for point in points]) for name, kind in kinds.items()}
    return Table(columns, len(points))


def _wide(points: Sequence[Point], metrics: Sequence[str], parts: Sequence[str]) -> Table:
    """A row for each run and step, in the order of the runs and then of the steps."""
    runs = {run: place for place, run in enumerate(dict.fromkeys(point.run for point in points))}
    keys = sorted({(runs[point.run], point.step) for point in points})
    rows = {key: place for place, key in enumerate(keys)}
    times: list[int | None] = [None] * len(rows)
    names = metrics or sorted({point.metric for point in points})
    values: dict[str, list[Any]] = {
        f"metrics.{name}{end}": [None] * len(rows) for name in names for end in ("", *(f".{part}" for part in parts))
    }
    for point in points:
        row = rows[runs[point.run], point.step]
        times[row] = max(point.time, times[row] or point.time)
        values[f"metrics.{point.metric}"][row] = point.value
        for part in parts:
            values[f"metrics.{point.metric}.{part}"][row] = getattr(point, part)
    ids = list(runs)
    return Table(
        {
            "run": Column("text", [ids[run] for run, _ in keys]),
            "step": Column("integer", [step for _, step in keys]),
            "time": Column("time", times),
            **{name: Column("number", column) for name, column in values.items()},
        },
        len(rows),
    )
