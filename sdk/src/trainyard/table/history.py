"""`trainyard.history`: the values of metrics over the steps of runs, as a table."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from trainyard.client import Client
from trainyard.client.models import Series
from trainyard.names import SYSTEM_METRICS
from trainyard.spec.error import suggest
from trainyard.table.table import Column, Kind, Table

__all__ = ["history"]

_log = logging.getLogger("trainyard")
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


class Recorded(NamedTuple):
    """What was read of one run. `known` are the metrics that it has recorded, when they had to be looked up."""

    points: list[Point]
    known: list[str]
    is_final: bool


def history(
    runs: object,
    *metrics: str,
    points: int | None = None,
    shape: str = "wide",
    project: str | None = None,
) -> Table:
    """The values of metrics over the steps of one run or of several. `runs` is an id, a handle or a row of a table of
    runs, or several of them: a list, or such a table or data frame, which has the ids in its column `id`. Without
    `metrics` all are there but those of the system (`system/...`), whose steps are seconds.

    With the shape `wide` there is a row for each run and step: `run`, `step`, `time` and `metrics.NAME` with the last
    value that was logged at that step. With `long` there is a row for each value: `run`, `metric`, `step`, `time`,
    `value`. All values are there by default. With `points` the steps of each metric are divided into at most so many
    buckets: a row then has the last step and value of its bucket, and the lowest and highest value in it in
    `metrics.NAME.min` and `metrics.NAME.max` (`min` and `max` when long).

    Raises TypeError for what names no run, ValueError for a metric that none of the runs has and all have ended,
    NotFound for a run that does not exist, NoServer and NotReachable where there is no server."""
    if shape not in ("wide", "long"):
        raise ValueError(f"shape={shape!r}; choose from wide, long")
    if points is not None and points < 1:
        raise ValueError(f"points={points} is no number of buckets; write 1 or more, or None for all values")
    recorded = [_recorded(ref, metrics, points, where) for ref, where in _refs(runs, project)]
    found = [point for one in recorded for point in one.points]
    _check_names(metrics, found, recorded)
    parts = () if points is None else _BUCKET
    return _long(found, parts) if shape == "long" else _wide(found, metrics, parts)


def _refs(runs: Any, project: str | None) -> Iterator[tuple[str, str | None]]:
    """Each run, and its project. Raises TypeError for what names no run."""
    if hasattr(runs, "columns"):
        yield from _refs_of_frame(runs, project)
    elif isinstance(runs, str | Mapping) or hasattr(runs, "id") or not isinstance(runs, Iterable):
        yield _ref(runs, project)
    else:
        for run in runs:
            yield _ref(run, project)


def _refs_of_frame(frame: Any, project: str | None) -> Iterator[tuple[str, str | None]]:
    """The runs of a table, or of a data frame made from one."""
    names = list(frame.columns)
    if "id" not in names:
        raise TypeError(f"runs are named by a column `id`, and there is none; there are: {', '.join(map(str, names))}")
    for run, where in zip(frame["id"], frame["project"] if "project" in names else [project] * len(frame), strict=True):
        yield _ref(run, where)


def _ref(run: Any, project: str | None) -> tuple[str, str | None]:
    """One run: its id, an object that has it (a handle, a record), or a row."""
    found, where = (run, None) if isinstance(run, str) else (_part(run, "id"), _part(run, "project"))
    if not isinstance(found, str) or not found:
        raise TypeError(f"{str(run)[:80]!r} names no run; give an id, a handle, or what `trainyard.runs` returns")
    return found, where or project


def _part(run: Any, name: str) -> Any:
    return run.get(name) if isinstance(run, Mapping) else getattr(run, name, None)


def _recorded(ref: str, metrics: Sequence[str], points: int | None, project: str | None) -> Recorded:
    with Client(project=project) as client:
        run = client.runs.get(ref)
        names = metrics or [name for name in _known(client, run.id) if not name.startswith(SYSTEM_METRICS)]
        found = [
            point
            for some in _batches(names)
            for series in client.runs.series(run.id, some, points=points or 0)
            for point in _of_series(run.id, series)
        ]
        known = _known(client, run.id) if set(names) - {point.metric for point in found} else []
        return Recorded(found, known, run.is_final)


def _known(client: Client, run: str) -> list[str]:
    return [metric.name for metric in client.runs.metrics(run)]


def _check_names(metrics: Sequence[str], points: Sequence[Point], recorded: Sequence[Recorded]) -> None:
    """A metric that no run has is a mistake once all have ended; until then it may come. Raises ValueError."""
    known = {name for one in recorded for name in one.known}
    with_points = {point.metric for point in points}
    for name in metrics:
        if name in with_points or not recorded:
            continue
        said = f"no run has recorded a metric {name!r}; {suggest(name, known) or 'none was recorded'}"
        if all(one.is_final for one in recorded):
            raise ValueError(said)
        _log.warning("trainyard: %s", said)


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
    """A row for each run and step, in the order of the runs and then of the steps. Its time is that of what the program
    logged; that of the system's metrics only where there is nothing else."""
    runs = {run: place for place, run in enumerate(dict.fromkeys(point.run for point in points))}
    keys = sorted({(runs[point.run], point.step) for point in points})
    rows = {key: place for place, key in enumerate(keys)}
    times: list[tuple[bool, int]] = [(False, 0)] * len(rows)
    names = metrics or sorted({point.metric for point in points})
    values: dict[str, list[Any]] = {
        f"metrics.{name}{end}": [None] * len(rows) for name in names for end in ("", *(f".{part}" for part in parts))
    }
    for point in points:
        row = rows[runs[point.run], point.step]
        times[row] = max(times[row], (not point.metric.startswith(SYSTEM_METRICS), point.time))
        values[f"metrics.{point.metric}"][row] = point.value
        for part in parts:
            values[f"metrics.{point.metric}.{part}"][row] = getattr(point, part)
    ids = list(runs)
    return Table(
        {
            "run": Column("text", [ids[run] for run, _ in keys]),
            "step": Column("integer", [step for _, step in keys]),
            "time": Column("time", [time for _, time in times]),
            **{name: Column("number", column) for name, column in values.items()},
        },
        len(rows),
    )
