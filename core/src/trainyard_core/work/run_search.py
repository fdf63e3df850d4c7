"""Searches of runs: filtered, sorted and paged, each page with the metrics that are wanted."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trainyard.client import models
from trainyard.names import METRIC_NAME_BYTES, storable
from trainyard.query.tree import Query, SortKey, fields_of
from trainyard_core import keyset
from trainyard_core.db import search, tracking
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.errors import Invalid
from trainyard_core.search import cursor as cursors
from trainyard_core.search.order import RunCursor, keys_of
from trainyard_core.search.scope import Scope
from trainyard_core.search.text import query_of, sort_of
from trainyard_core.work import serializers

__all__ = ["MOST_BYTES", "search_runs"]

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


async def search_runs(
    database: Database,
    among: frozenset[str] | None,
    *,
    at: int,
    q: str = "",
    sort: str = "",
    metrics: Sequence[str] | None = None,
    limit: int = 50,
    cursor: str = "",
    count: bool = False,
) -> models.RunPage:
    """A page of the runs in these projects (None: in all) as they are at a time, and with `count` how many there are.
    Raises Invalid for a query, sort or cursor that makes no sense."""
    query, keys, mark = query_of(q), sort_of(sort), cursors.fingerprint(q, sort, *sorted(among or ()))
    first, named = 0 if metrics else FIRST_METRICS, _named(query, keys, metrics or ())
    after = None
    if parts := keyset.decode(cursor, cursors.width(keys)):
        after, at = cursors.unpack(parts, keys_of(keys, Scope(None, at, database.dialect)), mark)

    async def work(tx: Tx) -> models.RunPage:
        rows, last = await _pieces(tx, among, query, keys, limit=limit, at=at, after=after)
        some = await tracking.some_metrics(tx, [row["id"] for row in rows], first=first, named=named)
        items = [serializers.listed(row, some[row["id"]], keys) for row in rows]
        further = keyset.encode(*cursors.pack(last, at, mark)) if last else None
        page = models.RunPage(items=items, next=further)
        return await _counted(tx, page, among, query, at=at, is_first=not cursor) if count else page

    return await database.read(work)


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
