"""Ways into the tables: an index that holds the ids of the runs that one condition lets through, or the runs of a
project in the order of one field.

A search either begins with few ids (`db.search` counts them first) or walks along an order until it has enough."""

from __future__ import annotations

import msgspec

from trainyard.query.tree import And, Condition, Equal, Field, Like, Missing, Node, Not, Or, Scalar
from trainyard_core.search.column import COLUMNS, INDEXES
from trainyard_core.search.comparison import FULL_ID, tested
from trainyard_core.search.condition import CUT, split
from trainyard_core.search.scope import Scope, within
from trainyard_core.search.sql import Sql, both, fill, sql

__all__ = ["Source", "order_of", "sources_of"]


class Source(msgspec.Struct, frozen=True):
    """Rows of `table`, known as `k`, for which `where` holds; `id` is the run's. `value` is what they are in the
    order of, if of anything; with `by_id` they are in the order of their ids."""

    table: Sql
    where: Sql
    id: str
    value: str = ""
    by_id: bool = False


def order_of(field: Field, scope: Scope, *, part: str = "") -> Source | None:
    """The runs of the one project that have the field, in the order of it; None when no index is in that order.
    `part` says which column of a JSON value is meant: number or text."""
    if not scope.is_single:
        return None
    if field.kind == "metric":
        value = f"k.{field.part}"
        where = [within(scope, "k.project"), sql(f"k.name = ? AND {value} IS NOT NULL", field.key)]
        return Source(_metric(field, scope), both(where), "k.run", value)
    if field.kind == "scalar":
        return _scalar_order(field, scope, part)
    if field.name not in INDEXES or field.name == "digest":  # that index has only those that have one
        return None
    value = f"k.{COLUMNS.get(field.name, field.name)}"
    where = [within(scope, "k.project"), *([Sql(f"{value} IS NOT NULL")] if field.name in _PARTIAL else [])]
    letters = value if field.kind == "moment" else scope.letters(value)
    return Source(_run(field, scope), both(where), "k.id", letters)


def _scalar_order(field: Field, scope: Scope, part: str) -> Source:
    where = [within(scope, "k.project"), sql("k.source = ? AND k.name = ?", field.name, field.key)]
    if part == "number":
        return Source(
            _kept("run_value_number", scope), both([*where, Sql("k.number IS NOT NULL")]), "k.run", "k.number"
        )
    where.append(Sql("k.text IS NOT NULL AND k.number IS NULL"))
    return Source(_kept("run_value_text", scope), both(where), "k.run", scope.letters("k.text"))


_PARTIAL = ("finished_at", "original", "parent", "started_at")


def sources_of(node: Node, scope: Scope) -> list[Source]:
    """Each holds at least all runs that the query is true of. Fewer is better; none when every run must be looked
    at."""
    if scope.projects is None or isinstance(node, Not):
        return []
    if isinstance(node, And):
        return [source for item in node.items for source in sources_of(item, scope)]
    if isinstance(node, Or):
        return _united([sources_of(item, scope) for item in node.items])
    return _own(node, scope)


def _united(found: list[list[Source]]) -> list[Source]:
    """One that holds what any of the alternatives lets through."""
    if not found or not all(found):
        return []
    firsts = [one[0] for one in found]
    if len(firsts) == 1:
        return firsts[:1]
    parts = [fill(f"SELECT {one.id} AS run FROM {{}} WHERE {{}}", one.table, one.where) for one in firsts]
    return [Source(fill(f"({' UNION ALL '.join(['{}'] * len(parts))}) AS k", *parts), Sql("TRUE"), "k.run")]


def _own(node: Condition, scope: Scope) -> list[Source]:
    field, test = node.field, node.test
    if isinstance(test, Missing | Like):
        return []
    alone = scope.is_single and isinstance(test, Equal) and len(test.values) == 1
    where = within(scope, "k.project")
    if field.name == "tags":
        cut = Equal(tuple(str(value)[:CUT] for value in test.values)) if isinstance(test, Equal) else test
        passes = tested(Sql("k.tag"), "text", cut, scope)
        return [Source(Sql("run_tag AS k"), both([where, passes]), "k.run", by_id=alone)]
    if field.kind == "metric":
        passes = both([sql("k.name = ?", field.key), tested(Sql(f"k.{field.part}"), "number", test, scope)])
        return [Source(_metric(field, scope), both([where, passes]), "k.run")]
    if field.kind == "scalar":
        return _scalar(node, scope, alone)
    return _column(node, scope, alone)


def _scalar(node: Condition, scope: Scope, alone: bool) -> list[Source]:
    """Numbers and texts are in two indexes: a set of both has no way in."""
    field, test = node.field, node.test
    numbers = [isinstance(value, Scalar) and value.number is not None for value in _values(test)]
    if any(numbers) and not all(numbers):
        return []
    kept = "run_value_number" if all(numbers) else "run_value_text"
    passes = split(field, test, letters=scope.letters("k.text"), number="k.number", scope=scope)
    there = Sql("k.number IS NOT NULL" if all(numbers) else "k.text IS NOT NULL")
    where = [within(scope, "k.project"), sql("k.source = ? AND k.name = ?", field.name, field.key), there, passes]
    return [Source(_kept(kept, scope), both(where), "k.run", by_id=alone)]


def _values(test: object) -> tuple[object, ...]:
    """Those of a set; a side or a range counts as of numbers."""
    return test.values if isinstance(test, Equal) else ()


def _column(node: Condition, scope: Scope, alone: bool) -> list[Source]:
    field, test = node.field, node.test
    if (field.name not in INDEXES and field.name != "id") or (field.name == "digest" and "" in _values(test)):
        return []
    if field.kind == "id" and (not isinstance(test, Equal) or any(len(str(value)) < FULL_ID for value in test.values)):
        return []
    column = f"k.{COLUMNS.get(field.name, field.name)}"
    letters = scope.letters(column) if field.kind == "text" else column
    passes = tested(Sql(letters), field.kind, test, scope)
    there = [Sql(f"{column} IS NOT NULL")] if field.name in _PARTIAL else []
    if field.name == "digest":
        there = [Sql("k.digest <> ''")]
    table = Sql("run AS k") if field.name == "id" else _run(field, scope)
    by_id = alone and field.kind != "moment"
    return [Source(table, both([within(scope, "k.project"), *there, passes]), "k.id", by_id=by_id)]


def _metric(field: Field, scope: Scope) -> Sql:
    return _kept(f"metric_{field.part}", scope, "metric")


def _run(field: Field, scope: Scope) -> Sql:
    return _kept(INDEXES[field.name], scope, "run")


def _kept(index: str, scope: Scope, table: str = "run_value") -> Sql:
    """A table, walked along this index: SQLite is told so, PostgreSQL knows by its statistics."""
    return Sql(f"{table} AS k INDEXED BY {index}" if scope.dialect == "sqlite" else f"{table} AS k")
