"""Lists of runs: filtered, sorted and paged, in one project or in all that the asker may read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.params import QueryParameter

from trainyard.client import models
from trainyard.names import METRIC_NAME_BYTES, storable
from trainyard.query.tree import Query, SortKey, fields_of
from trainyard_core.api import pagination, serializers
from trainyard_core.api.access import ApiRequest, allow, refuse_unknown_project, runtime_of, visible
from trainyard_core.api.pagination import Cursor, Limit
from trainyard_core.auth import KNOWN
from trainyard_core.db import search, tracking
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Invalid
from trainyard_core.search import cursor as cursors
from trainyard_core.search.order import RunCursor, keys_of
from trainyard_core.search.scope import Scope
from trainyard_core.search.text import query_of, sort_of

__all__ = ["Count", "Filter", "Metrics", "Search", "Sort", "found"]

PIECE = 100
"""Runs that are read at once."""
MOST_COUNTED = 1000
"""Runs that are counted where their number is asked for."""
MOST_BYTES = 8 * 1024 * 1024
"""Of what a page's runs have recorded: a page ends behind the piece in which it has more."""

FIRST_METRICS = 32
"""Metrics of a run in a list, by name, unless others are asked for."""
MOST_METRICS = 200
"""Metrics that may be asked for by name."""

Filter = Annotated[str, QueryParameter(description="Which runs, in the query language: `status:running, tags:a`.")]
Sort = Annotated[str, QueryParameter(description="Fields to sort by, `-` for descending: `-metrics.loss,name`.")]
Count = Annotated[bool, QueryParameter(description="Whether to count all runs that are found, up to 1000: `total`.")]

Metrics = Annotated[
    list[str] | None,
    QueryParameter(
        description="The metrics that each run is given with, by name, instead of the first 32; those of `q` and `sort`"
        " are always there."
    ),
]


class Search(Controller):
    """`/runs`: across projects."""

    path = "/runs"
    tags = ("runs",)

    @get()
    async def page(
        self,
        request: ApiRequest,
        q: Filter = "",
        sort: Sort = "",
        metrics: Metrics = None,
        limit: Limit = 50,
        cursor: Cursor = "",
        count: Count = False,
    ) -> models.RunPage:
        """List runs of all projects that the caller may read, newest first unless `sort` is given."""
        await allow(request, KNOWN)
        among = await visible(request)
        return await found(request, among, q=q, sort=sort, metrics=metrics, limit=limit, cursor=cursor, count=count)


async def found(
    request: ApiRequest,
    among: frozenset[str] | None,
    *,
    q: str,
    sort: str,
    metrics: Sequence[str] | None,
    limit: int,
    cursor: str,
    count: bool,
) -> models.RunPage:
    """A page of the runs in these projects (None: in all), and with `count` how many there are. Raises Invalid for a
    query, sort or cursor that makes no sense, NotFound for a single project that does not exist."""
    runtime = runtime_of(request)
    query, keys, mark = query_of(q), sort_of(sort), cursors.fingerprint(q, sort, *sorted(among or ()))
    first, named = 0 if metrics else FIRST_METRICS, _named(query, keys, metrics or ())
    at, after = runtime.clock.now(), None
    if parts := pagination.decode(cursor, cursors.width(keys)):
        scope = Scope(None, at, runtime.database.dialect)
        after, at = cursors.unpack(parts, keys_of(keys, scope), mark)

    async def work(tx: Tx) -> models.RunPage:
        rows, last = await _pieces(tx, among, query, keys, limit=limit, at=at, after=after)
        some = await tracking.some_metrics(tx, [row["id"] for row in rows], first=first, named=named)
        items = [serializers.listed(row, some[row["id"]], keys) for row in rows]
        further = pagination.encode(*cursors.pack(last, at, mark)) if last else None
        page = models.RunPage(items=items, next=further)
        return await _counted(tx, page, among, query, at=at, is_first=not cursor) if count else page

    async with runtime.searches:
        page = await runtime.database.read(work)
    if not page.items and among is not None and len(among) == 1:
        (project,) = among
        await refuse_unknown_project(request, project)
    return page


def _named(query: Query, keys: Sequence[SortKey], asked: Sequence[str]) -> list[str]:
    """The metrics that a page must have: those asked for, filtered by and sorted by. Raises Invalid for too many."""
    if len(asked) > MOST_METRICS:
        raise Invalid(f"{len(asked)} metrics are too many for a list", fix=f"ask for at most {MOST_METRICS} by name")
    fields = [*fields_of(query.root), *(key.field for key in keys)]
    names = dict.fromkeys([*asked, *(each.key for each in fields if each.kind == "metric")])
    return [storable(name, METRIC_NAME_BYTES) for name in names]


async def _counted(
    tx: Tx, page: models.RunPage, among: frozenset[str] | None, query: Query, *, at: int, is_first: bool
) -> models.RunPage:
    """The page with the number of all runs that are found; of a first page that is the last, those on it."""
    if is_first and page.next is None:
        return msgspec.structs.replace(page, total=len(page.items))
    every = await search.find(tx, among, query, limit=MOST_COUNTED, at=at)
    return msgspec.structs.replace(page, total=len(every.ids), total_is_cut=every.after is not None)


async def _pieces(
    tx: Tx,
    among: frozenset[str] | None,
    query: Query,
    keys: Sequence[SortKey],
    *,
    limit: int,
    at: int,
    after: RunCursor | None,
) -> tuple[list[Row], RunCursor | None]:
    """The rows of a page and where the next one begins: fewer than are asked for once they are many bytes."""
    rows: list[Row] = []
    while True:
        piece = min(PIECE, limit - len(rows))
        more, after = await search.page(tx, among, query, keys, limit=piece, at=at, after=after)
        rows += more
        size = sum(len(row[name]) for row in rows for name in ("params", "outputs", "meta"))
        if after is None or len(rows) >= limit or size > MOST_BYTES:
            return rows, after
