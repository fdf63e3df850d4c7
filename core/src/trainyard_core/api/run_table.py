"""`GET /runs/table`: the runs that a query matches as columns, for data frames. A page holds many more runs than one of
the ordinary list, with the metrics that are asked for, or all of them but those of the system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import Controller, get
from litestar.params import FromPath, QueryParameter

from trainyard.client import models
from trainyard.query.tree import Field, Query, SortKey
from trainyard_core import keyset
from trainyard_core.api.access import ApiRequest, allow, refuse_unknown_project, runtime_of
from trainyard_core.api.pagination import Cursor
from trainyard_core.api.search import Filter, Sort
from trainyard_core.auth import READ
from trainyard_core.db import search, tracking
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.tracking import MetricValues
from trainyard_core.errors import Invalid
from trainyard_core.search import cursor as cursors
from trainyard_core.search.order import RunCursor, keys_of
from trainyard_core.search.scope import Scope
from trainyard_core.search.text import metric_of, query_of, sort_of
from trainyard_core.work import serializers
from trainyard_core.work.run_search import MOST_BYTES

__all__ = ["RunTables"]

MOST_RUNS = 5000
MOST_NAMES = 200
MOST_CELLS = 200_000
"""Metrics in a page: it ends after the piece in which it has more."""
PIECE = 100
"""Runs that are read first; then as many as a page is likely to have room for."""

RunLimit = Annotated[int, QueryParameter(ge=1, le=MOST_RUNS, description="At most so many runs.")]
Metrics = Annotated[
    list[str] | None,
    QueryParameter(
        description="A metric, as in a query: `loss`, `loss.min`. May be repeated. By default all but `system/...`."
    ),
]


class Page(NamedTuple):
    """The runs of a page, their metrics in the pieces in which they were read, each with how many runs were before it,
    and where the next page begins."""

    runs: list[Row]
    metrics: list[tuple[int, MetricValues]]
    after: RunCursor | None


class RunTables(Controller):
    """`/projects/{project}/runs/table`."""

    path = "/projects/{project:str}/runs/table"
    tags = ("runs",)

    @get()
    async def table(
        self,
        request: ApiRequest,
        project: FromPath[str],
        q: Filter = "",
        sort: Sort = "",
        metric: Metrics = None,
        limit: RunLimit = 1000,
        cursor: Cursor = "",
    ) -> models.RunTablePage:
        """A project's runs as columns, newest first unless sorted. A page may have fewer runs than `limit` when they
        have recorded a lot; `next` continues after it."""
        await allow(request, READ, project)
        runtime, fields = runtime_of(request), _fields(metric or ())
        query, keys, mark = query_of(q), sort_of(sort), cursors.fingerprint(q, sort, project)
        at, after = runtime.clock.now(), None
        if parts := keyset.decode(cursor, cursors.width(keys)):
            scope = Scope(None, at, runtime.database.dialect)
            after, at = cursors.unpack(parts, keys_of(keys, scope), mark)

        async def work(tx: Tx) -> models.RunTablePage:
            found = await _read(tx, project, query, keys, fields, limit=limit, at=at, after=after)
            more = keyset.encode(*cursors.pack(found.after, at, mark)) if found.after else None
            return _table(found, fields, at, more)

        async with runtime.searches:
            page = await runtime.database.read(work)
        if not page.id:
            await refuse_unknown_project(request, project)
        return page


def _fields(metrics: Sequence[str]) -> dict[str, Field]:
    """The metrics that are asked for, by the name that is used for them. Raises Invalid."""
    if len(metrics) > MOST_NAMES:
        raise Invalid(f"{len(metrics)} metrics are too many for one table", fix=f"name at most {MOST_NAMES}")
    return {text: metric_of(text) for text in metrics}


async def _read(
    tx: Tx,
    project: str,
    query: Query,
    keys: Sequence[SortKey],
    fields: dict[str, Field],
    *,
    limit: int,
    at: int,
    after: RunCursor | None,
) -> Page:
    """The runs and metrics of a page: fewer runs than are asked for once they or their metrics are a lot."""
    page, piece = Page([], [], after), PIECE
    names, parts = _wanted(fields)
    while True:
        rows, after = await search.page(
            tx, frozenset({project}), query, keys,
            limit=min(piece, limit - len(page.runs)), at=at, after=page.after, columns=(*_COLUMNS, *_CHANGED),
        )  # fmt: skip
        metrics = await tracking.metric_values(tx, [row["id"] for row in rows], parts, names=names)
        page = Page(page.runs + rows, [*page.metrics, (len(page.runs), metrics)], after)
        cells = sum(len(each.names) for _, each in page.metrics)
        size = sum(len(row["params"]) + len(row["outputs"]) for row in page.runs)
        piece = min(_room(MOST_CELLS, cells, len(page.runs)), _room(MOST_BYTES, size, len(page.runs)))
        if after is None or len(page.runs) >= limit or not piece:
            return page


def _wanted(fields: dict[str, Field]) -> tuple[list[str] | None, list[str]]:
    """The names of the metrics to be read, None for all, and which of their values."""
    if not fields:
        return None, ["last"]
    return sorted({field.key for field in fields.values()}), sorted({field.part for field in fields.values()})


def _room(most: int, used: int, runs: int) -> int:
    """How many more runs fit when each takes as much as those that there are."""
    return max(0, most - used) * runs // max(used, 1)


def _table(page: Page, fields: dict[str, Field], at: int, more: str | None) -> models.RunTablePage:
    rows = page.runs
    return models.RunTablePage(
        read_at=at,
        **{column: [row[column] for row in rows] for column in _COLUMNS},
        user=[row["created_by"] for row in rows],
        tags=_json(rows, "tags"),
        params=_json(rows, "params"),
        outputs=_json(rows, "outputs"),
        metrics=_metrics(page, fields),
        next=more,
    )


_COLUMNS = (
    "id", "name", "kind", "status", "reason", "queue", "parent", "created_at", "started_at", "finished_at", "progress",
)  # fmt: skip
_CHANGED = ("created_by", "tags", "params", "outputs")
"""Columns that go out under another name, or as the JSON that they hold."""


def _json(rows: Sequence[Row], column: str) -> list[Any]:
    """A column of JSON, which goes out as it is stored."""
    return [msgspec.Raw(row[column].encode()) for row in rows]


class Values(NamedTuple):
    """What the runs of a page have of one metric: the positions of the runs, and a list for each value that was
    read."""

    places: list[int]
    lists: list[list[float | None]]


def _metrics(page: Page, fields: dict[str, Field]) -> dict[str, models.MetricColumn]:
    _, parts = _wanted(fields)
    values, runs = _by_name(page, len(parts)), len(page.runs)
    shown = fields or {name: Field("metrics", "metric", name, "last") for name in sorted(values)}
    return {
        text: _column(values[field.key].places, values[field.key].lists[parts.index(field.part)], runs)
        for text, field in shown.items()
        if field.key in values
    }


def _by_name(page: Page, parts: int) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for start, piece in page.metrics:
        indexes: dict[str, list[int]] = {}
        for index, name in enumerate(piece.names):
            indexes.setdefault(name, []).append(index)
        for name, mine in indexes.items():
            into = found.setdefault(name, Values([], [[] for _ in range(parts)]))
            into.places.extend(start + piece.places[index] for index in mine)
            for values, given in zip(into.lists, piece.values, strict=True):
                values.extend(given[index] for index in mine)
    return found


def _column(places: list[int], values: list[float | None], runs: int) -> models.MetricColumn:
    is_whole = places == [*range(runs)]
    return models.MetricColumn(values=serializers.numbers(values), rows=None if is_whole else places)
