"""`trainyard.runs`: the runs of a project that a query matches, as a table."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any, cast

from trainyard.client import Client, requests
from trainyard.client.models import MetricColumn, RunTablePage
from trainyard.table.table import Column, Kind, Table, column_of

__all__ = ["RunTable", "run_table", "runs"]

_log = logging.getLogger("trainyard")

PAGE = 2500
"""Runs in one answer, unless they have recorded a lot."""
_COLUMNS: dict[str, Kind] = {
    "id": "text",
    "name": "text",
    "status": "text",
    "reason": "text",
    "kind": "text",
    "project": "text",
    "queue": "text",
    "user": "text",
    "parent": "text",
    "created_at": "time",
    "started_at": "time",
    "finished_at": "time",
    "duration": "duration",
    "progress": "number",
    "tags": "object",
}


_FIRST = ("id", "name", "status")
_AFTER_METRICS = ("reason", "created_at", "started_at", "finished_at", "duration")
_MOST_PARAMS = _MOST_METRICS = 10
"""So many of each are shown before everything else."""


class RunTable(Table):
    """Runs as a table, one a row: the columns of `runs`. In a notebook and on a terminal it is shown as one: what the
    runs are, the params that differ and the metrics first."""

    def _for_people(self) -> dict[str, Column]:
        columns = super()._for_people()
        params = [name for name in columns if name.startswith("params.") and self._differs(name)]
        metrics = [name for name in columns if name.startswith("metrics.")]
        order = [*_FIRST, *params[:_MOST_PARAMS], *metrics[:_MOST_METRICS], *_AFTER_METRICS, *columns]
        return {name: columns[name] for name in order if name in columns}

    def _differs(self, name: str) -> bool:
        """Whether runs have different values in a column, or there is one run only."""
        values = self.column(name).values
        return len(values) == 1 or any(value != values[0] for value in values)


def runs(
    q: str = "",
    *,
    project: str | None = None,
    sort: str = "",
    limit: int | None = None,
    metrics: Sequence[str] = (),
) -> RunTable:
    """The runs of a project (default: TRAINYARD_PROJECT, then `default`) that the query `q` matches, such as
    `status:failed`, newest first unless sorted; at most `limit` of them.

    The columns are `id`, `name`, `status`, `reason`, `kind`, `project`, `queue`, `user`, `parent`, `created_at`,
    `started_at`, `finished_at`, `duration` (of a run that goes on: until now), `progress` and `tags`, then
    `params.NAME`, `metrics.NAME` and `outputs.NAME`. `metrics` names those that are wanted, such as `loss` (its last
    value) or `loss.min`, `loss.max`; without it the last value of each metric is there, but not of those of the system
    (`system/...`).

    Raises Invalid for a query or sort that makes no sense, NotFound for a project that does not exist, NoServer and
    NotReachable where there is no server."""
    with Client(project=project) as client:
        return run_table(client, q, sort=sort, limit=limit, metrics=metrics)


def run_table(
    client: Client, q: str = "", *, sort: str = "", limit: int | None = None, metrics: Sequence[str] = ()
) -> RunTable:
    """As `runs`, from a client that is open, in its project."""
    if isinstance(metrics, str):
        raise TypeError(f"metrics={metrics!r} is one text; write metrics=({metrics!r},)")
    if limit is not None and limit < 1:
        raise ValueError(f"limit={limit} is no number of runs; write 1 or more, or None for all")
    pages = [*_pages(client, q=q, sort=sort, limit=limit, metrics=metrics)]
    length = sum(len(page.id) for page in pages)
    return RunTable({**_own(pages, length, client.endpoint.project), **_families(pages, length, metrics)}, length)


def _pages(client: Client, *, limit: int | None, **asked: Any) -> Iterator[RunTablePage]:
    cursor, left = "", limit
    while True:
        size = PAGE if left is None else min(PAGE, left)
        request = requests.read_run_table(client.endpoint.project, cursor=cursor, limit=size, **asked)
        yield (page := client.send(request))
        left = None if left is None else left - len(page.id)
        if page.next is None or left == 0:
            return
        cursor = page.next


def _joined(pages: Sequence[RunTablePage], name: str) -> list[Any]:
    return [value for page in pages for value in getattr(page, name)]


def _own(pages: Sequence[RunTablePage], length: int, project: str) -> dict[str, Column]:
    """The columns that all runs have."""
    computed: dict[str, Sequence[Any]] = {"project": [project] * length, "duration": _durations(pages)}
    return {
        name: Column(kind, computed[name] if name in computed else _joined(pages, name))
        for name, kind in _COLUMNS.items()
    }


def _durations(pages: Sequence[RunTablePage]) -> list[int | None]:
    """How long each run has taken, up to when the first page was read if it goes on."""
    now, times = pages[0].read_at, zip(_joined(pages, "started_at"), _joined(pages, "finished_at"), strict=True)
    return [None if start is None else max(0, (now if end is None else end) - start) for start, end in times]


def _families(pages: Sequence[RunTablePage], length: int, metrics: Sequence[str]) -> dict[str, Column]:
    measured = _metrics(pages, length)
    names = list(dict.fromkeys(metrics)) if metrics else sorted(measured)
    if length and (unknown := [name for name in names if name not in measured]):
        _log.warning("trainyard: none of these runs has recorded %s", ", ".join(map(repr, unknown)))
    return {
        **_values("params", _joined(pages, "params")),
        **{f"metrics.{name}": Column("number", measured.get(name) or [None] * length) for name in names},
        **_values("outputs", _joined(pages, "outputs")),
    }


def _values(family: str, rows: Sequence[dict[str, Any]]) -> dict[str, Column]:
    """A column for each name that any row has, in the order in which they come."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {f"{family}.{name}": column_of([row.get(name) for row in rows]) for name in names}


def _metrics(pages: Sequence[RunTablePage], length: int) -> dict[str, list[float | None]]:
    """The values of each metric, with None where a run does not have it."""
    found: dict[str, list[float | None]] = {}
    start = 0
    for page in pages:
        for name, column in page.metrics.items():
            _place(found.setdefault(name, [None] * length), start, column)
        start += len(page.id)
    return found


def _place(values: list[float | None], start: int, column: MetricColumn) -> None:
    numbers = cast("list[float]", column.values)  # the client has read them
    if column.rows is None:
        values[start : start + len(numbers)] = numbers
        return
    for row, value in zip(column.rows, numbers, strict=True):
        values[start + row] = value
