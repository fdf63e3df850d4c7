"""`GET /runs/table`: the runs that a query matches as columns, for data frames. A page holds many more runs than one of
the ordinary list, with the metrics that are asked for, or all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import Controller, get
from litestar.params import FromPath, QueryParameter

from trainyard.client import models
from trainyard.query.tree import Field, Query, SortKey
from trainyard_core.api import pagination, serializers
from trainyard_core.api.access import Asked, allow, platform_of, refuse_unknown_project
from trainyard_core.api.pagination import Cursor
from trainyard_core.api.search import MOST_BYTES, Filter, Sort
from trainyard_core.auth import READ
from trainyard_core.db import search, tracking
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Invalid
from trainyard_core.search import cursor as cursors
from trainyard_core.search.order import After, keys_of
from trainyard_core.search.scope import Scope
from trainyard_core.search.text import metric_of, query_of, sort_of

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
    QueryParameter(description="A metric, as in a query: `loss`, `loss.min`. May be repeated. All of them by default."),
]


class Piece(NamedTuple):
    """Some runs of a page, with their metrics, and where the next ones begin."""

    runs: list[Row]
    metrics: list[Row]
    after: After | None


class RunTables(Controller):
    """`/projects/{project}/runs/table`."""

    path = "/projects/{project:str}/runs/table"
    tags = ("runs",)

    @get()
    async def table(
        self,
        request: Asked,
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
        platform, fields = platform_of(request), _fields(metric or ())
        query, keys, mark = query_of(q), sort_of(sort), cursors.fingerprint(q, sort, project)
        at, after = platform.clock.now(), None
        if parts := pagination.decode(cursor, cursors.width(keys)):
            scope = Scope(None, at, platform.database.dialect)
            after, at = cursors.unpack(parts, keys_of(keys, scope), mark)

        async def work(tx: Tx) -> models.RunTablePage:
            found = await _read(tx, project, query, keys, fields, limit=limit, at=at, after=after)
            more = pagination.encode(*cursors.pack(found.after, at, mark)) if found.after else None
            return _page(found, fields, at, more)

        async with platform.searches:
            page = await platform.database.read(work)
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
    after: After | None,
) -> Piece:
    """The runs and metrics of a page: fewer runs than are asked for once they or their metrics are a lot."""
    page, piece = Piece([], [], after), PIECE
    names = sorted({field.key for field in fields.values()}) or None
    while True:
        rows, after = await search.page(
            tx, frozenset({project}), query, keys, limit=min(piece, limit - len(page.runs)), at=at, after=page.after
        )
        metrics = await tracking.metrics_of(tx, [row["id"] for row in rows], names=names)
        page = Piece(page.runs + rows, page.metrics + metrics, after)
        size = sum(len(row[name]) for row in page.runs for name in ("inputs", "outputs"))
        piece = min(_room(MOST_CELLS, len(page.metrics), len(page.runs)), _room(MOST_BYTES, size, len(page.runs)))
        if after is None or len(page.runs) >= limit or not piece:
            return page


def _room(most: int, used: int, runs: int) -> int:
    """How many more runs fit when each takes as much as those that there are."""
    return max(0, most - used) * runs // max(used, 1)


def _page(found: Piece, fields: dict[str, Field], at: int, more: str | None) -> models.RunTablePage:
    rows = found.runs
    return models.RunTablePage(
        read_at=at,
        **{column: [row[column] for row in rows] for column in _COLUMNS},
        user=[row["created_by"] for row in rows],
        tags=_json(rows, "tags"),
        params=_json(rows, "inputs"),
        outputs=_json(rows, "outputs"),
        metrics=_metrics(found, fields),
        next=more,
    )


_COLUMNS = (
    "id", "name", "kind", "status", "reason", "queue", "parent", "created_at", "started_at", "finished_at", "progress",
)  # fmt: skip


def _json(rows: Sequence[Row], column: str) -> list[Any]:
    """A column of JSON, which goes out as it is stored."""
    return [msgspec.Raw(row[column].encode()) for row in rows]


def _metrics(found: Piece, fields: dict[str, Field]) -> dict[str, models.MetricColumn]:
    place = {row["id"]: n for n, row in enumerate(found.runs)}
    by_name: dict[str, list[Row]] = {}
    for row in found.metrics:
        by_name.setdefault(row["name"], []).append(row)
    shown = fields or {name: Field("metrics", "metric", name, "last") for name in sorted(by_name)}
    return {
        text: _column(by_name[field.key], field.part, place) for text, field in shown.items() if field.key in by_name
    }


def _column(rows: Sequence[Row], part: str, place: dict[str, int]) -> models.MetricColumn:
    values = [row[part] for row in rows]
    places = [place[row["run"]] for row in rows]
    return models.MetricColumn(
        values=serializers.numbers(values), rows=None if places == [*range(len(place))] else places
    )
