"""A query as one condition on `run`. It is two-valued: a test of what a run does not have is false, its negation
true."""

from __future__ import annotations

from trainyard.query.tree import And, Condition, Equal, Field, Like, Missing, Node, Not, Or, Scalar, Test
from trainyard_core.search.column import expression
from trainyard_core.search.comparison import tested
from trainyard_core.search.scope import Scope
from trainyard_core.search.sql import FALSE, Sql, both, either, fill, sql

__all__ = ["CUT", "condition", "split"]

CUT = 256
"""Params, outputs, meta values and tags are kept for searching up to so many characters."""


def condition(node: Node, scope: Scope) -> Sql:
    """The whole query as a condition on the table `run`."""
    if isinstance(node, Not):
        return fill("NOT ({})", condition(node.item, scope))
    if isinstance(node, And):
        return both(condition(item, scope) for item in node.items)
    if isinstance(node, Or):
        return either(condition(item, scope) for item in node.items)
    return _leaf(node, scope)


def split(field: Field, test: Test, *, letters: str, number: str, scope: Scope) -> Sql:
    """A test of a JSON value that is kept as number or as text: numbers are compared with numbers."""
    if isinstance(test, Like):
        return tested(Sql(letters), "text", test, scope)
    if not isinstance(test, Equal):
        return tested(Sql(number), "number", test, scope)
    values = [value for value in test.values if isinstance(value, Scalar)]
    numbers = tuple(value.number for value in values if value.number is not None)
    texts = tuple(value.text[:CUT] for value in values if value.number is None)
    found = [tested(Sql(number), "number", Equal(numbers), scope)] if numbers else []
    return either([*found, *([tested(Sql(letters), "text", Equal(texts), scope)] if texts else [])])


def _leaf(node: Condition, scope: Scope) -> Sql:
    field, test = node.field, node.test
    if field.name in _TABLES:
        return _TABLES[field.name](field, test, scope)
    if field.kind == "scalar":
        return _scalar(field, test, scope)
    found = expression(field, scope)
    passes = tested(found.sql, field.kind, test, scope)
    return fill("COALESCE(({}), FALSE)", passes) if found.nullable and not isinstance(test, Missing) else passes


def _exists(table: Sql, test: Test, passes: Sql, scope: Scope) -> Sql:
    """Whether there is a row that passes; for `nil`, that there is none at all. It is looked up for one run after the
    other: the offset keeps PostgreSQL from joining all rows that pass."""
    apart = "" if scope.dialect == "sqlite" else " OFFSET 0"
    if isinstance(test, Missing):
        return fill(f"NOT EXISTS (SELECT 1 FROM {{}}{apart})", table)
    return fill(f"EXISTS (SELECT 1 FROM {{}} AND {{}}{apart})", table, passes)


def _scalar(field: Field, test: Test, scope: Scope) -> Sql:
    table = sql("run_value v WHERE v.run = run.id AND v.source = ? AND v.name = ?", field.name, field.key)
    passes = FALSE
    if not isinstance(test, Missing):
        passes = split(field, test, letters=scope.letters("v.text"), number="v.number", scope=scope)
    return _exists(table, test, passes, scope)


def _metric(field: Field, test: Test, scope: Scope) -> Sql:
    figure = f"m.{field.part}"
    table = sql(f"metric m WHERE m.run = run.id AND m.name = ? AND {figure} IS NOT NULL", field.key)
    return _exists(
        table, test, FALSE if isinstance(test, Missing) else tested(Sql(figure), "number", test, scope), scope
    )


def _tags(_: Field, test: Test, scope: Scope) -> Sql:
    if isinstance(test, Equal):
        test = Equal(tuple(str(value)[:CUT] for value in test.values))
    return _words(Sql("run_tag t WHERE t.run = run.id"), "t.tag", test, scope)


def _artifacts(_: Field, test: Test, scope: Scope) -> Sql:
    return _words(Sql("artifact a WHERE a.run = run.id"), "a.name", test, scope)


def _words(table: Sql, column: str, test: Test, scope: Scope) -> Sql:
    return _exists(table, test, FALSE if isinstance(test, Missing) else tested(Sql(column), "text", test, scope), scope)


def _upstream(_: Field, test: Test, scope: Scope) -> Sql:
    return _edge("e.run", "e.source", test, scope)


def _downstream(_: Field, test: Test, scope: Scope) -> Sql:
    return _edge("e.source", "e.run", test, scope)


def _edge(mine: str, other: str, test: Test, scope: Scope) -> Sql:
    """Only runs of the same project are told of. Ids are whole (`search.ending`): the runs at their edges are found
    once, by an index, and not for one run after the other."""
    if isinstance(test, Missing):
        ends = f"{mine} = run.id AND e.kind = 'upstream' AND o.project = run.project"
        return _exists(Sql(f"edge e JOIN run o ON o.id = {other} WHERE {ends}"), test, FALSE, scope)
    found = Sql(
        f"run.id IN (SELECT {mine} FROM edge e JOIN run m ON m.id = {mine} JOIN run o ON o.id = {other}"
        " WHERE e.kind = 'upstream' AND o.project = m.project"
    )
    return fill("{} AND {})", found, tested(Sql(other), "ids", test, scope))


_TABLES = {
    "artifacts": _artifacts,
    "downstream": _downstream,
    "metrics": _metric,
    "tags": _tags,
    "upstream": _upstream,
}
