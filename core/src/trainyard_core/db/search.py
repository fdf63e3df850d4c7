"""Runs a search: looks how much each way into it has, takes the best one, and reads a page.

Few candidates are sorted; else an index is walked in the order of the sort until the page is full. A walk is long only
when what is looked for is rare though each of its conditions alone is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from trainyard.query.tree import Query, SortKey
from trainyard_core.db.engine import Row, Tx
from trainyard_core.search import id_suffix, statement
from trainyard_core.search.order import Key, RunCursor, keys_of
from trainyard_core.search.scope import Scope
from trainyard_core.search.source import Source, sources_of
from trainyard_core.search.sql import Sql
from trainyard_core.search.statement import RunSearch

__all__ = ["FoundRuns", "find", "page", "select_ids"]

FEW = {"sqlite": 2_000, "postgresql": 5_000}
"""So many candidates are sorted rather than looked for along an order."""

MOST_PROJECTS = 50
"""Of more projects no index is used by its project."""


class FoundRuns(msgspec.Struct, frozen=True):
    """The ids that were found, in order, and where the next page begins: None when there is nothing more."""

    ids: list[str]
    after: RunCursor | None


async def page(
    tx: Tx,
    projects: frozenset[str] | None,
    query: Query,
    sort: Sequence[SortKey] = (),
    *,
    limit: int,
    at: int,
    after: RunCursor | None = None,
    columns: Sequence[str] = ("*",),
) -> tuple[list[Row], RunCursor | None]:
    """The runs of these projects (None: of all) that the query is true of, and where the next page begins. Of each run
    there are these columns, of which one is the id."""
    found = await find(tx, projects, query, sort, limit=limit, at=at, after=after)
    return await _rows(tx, found.ids, columns), found.after


async def select_ids(tx: Tx, project: str, query: Query, limit: int, *, at: int) -> list[str]:
    """The ids of a project's runs that the query is true of, the newest first, `limit` at most. `at` is now, in
    microseconds since 1970 UTC: relative times count from it."""
    return (await find(tx, frozenset({project}), query, limit=limit, at=at)).ids


async def find(
    tx: Tx,
    projects: frozenset[str] | None,
    query: Query,
    sort: Sequence[SortKey] = (),
    *,
    limit: int,
    at: int,
    after: RunCursor | None = None,
) -> FoundRuns:
    """As `page`, ids only."""
    scope = Scope(await _projects(tx, projects), at, tx.dialect)
    if scope.projects == ():
        return FoundRuns([], None)
    search = RunSearch(scope, await _with_whole_ids(tx, scope, query), keys_of(sort, scope), after)
    rows = await _search(tx, search, limit + 1)
    more = len(rows) > limit
    return FoundRuns([row["id"] for row in rows[:limit]], _last(search.keys, rows[limit - 1]) if more else None)


async def _with_whole_ids(tx: Tx, scope: Scope, query: Query) -> Query:
    """The query with the ids that its endings mean."""
    if not (endings := id_suffix.endings_of(query.root)):
        return query
    found = await _all(tx, id_suffix.matching(scope, endings))
    return Query(id_suffix.resolved(query.root, (row["id"] for row in found)), query.text)


async def _search(tx: Tx, search: RunSearch, limit: int) -> list[Row]:
    few = FEW[tx.dialect]
    sources = sources_of(search.query.root, search.scope)
    if sources:
        numbers = await _numbers(tx, statement.counts(sources, few), len(sources))
        fewest = min(range(len(sources)), key=numbers.__getitem__)
        best = sources[fewest]
        if numbers[fewest] < few:
            goes_along = best.by_id and not search.keys
            found = statement.along(search, best, limit) if goes_along else statement.chosen(search, best, few, limit)
            return await _all(tx, found)
    by_id = [source for source in sources if source.by_id]
    if by_id and not search.keys:
        return await _all(tx, statement.along(search, await _sparsest(tx, by_id, few), limit))
    rows: list[Row] = []
    for walk in statement.walks(search, limit):
        rows += await _all(tx, walk)
        if len(rows) >= limit:
            break
    return rows[:limit]


async def _sparsest(tx: Tx, sources: list[Source], few: int) -> Source:
    """The one whose newest ids reach back furthest."""
    if len(sources) == 1:
        return sources[0]
    lowest = await _numbers(tx, statement.reach(sources, few), len(sources))
    return sources[min(range(len(sources)), key=lowest.__getitem__)]


async def _numbers(tx: Tx, asked: Sql, count: int) -> list[Any]:
    row = await tx.one(asked.text, *asked.args)
    assert row is not None
    return [row[f"n{n}"] for n in range(count)]


async def _projects(tx: Tx, projects: frozenset[str] | None) -> tuple[str, ...] | None:
    """All projects by name as long as they are not too many: then their indexes are of use."""
    if projects is not None:
        return tuple(sorted(projects))
    rows = await tx.all("SELECT name FROM project LIMIT ?", MOST_PROJECTS + 1)
    return tuple(row["name"] for row in rows) if len(rows) <= MOST_PROJECTS else None


async def _rows(tx: Tx, ids: list[str], columns: Sequence[str]) -> list[Row]:
    if not ids:
        return []
    rows = await tx.all(f"SELECT {', '.join(columns)} FROM run WHERE id IN ({', '.join('?' * len(ids))})", *ids)
    by_id = {row["id"]: row for row in rows}
    return [by_id[one] for one in ids]


async def _all(tx: Tx, asked: Sql) -> list[Row]:
    return await tx.all(asked.text, *asked.args)


def _last(keys: Sequence[Key], row: Row) -> RunCursor:
    return RunCursor(tuple(row[f"s{n}"] for n in range(len(keys))), row["id"])
