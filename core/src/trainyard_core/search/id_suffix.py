"""Endings of ids in conditions on edges (`upstream:`, `downstream:`), looked up before the search. The query goes on
with whole ids, so that an edge is found by its index and no run is held against every other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from trainyard.query.tree import And, Condition, Equal, Node, Not, Or
from trainyard_core.errors import Invalid
from trainyard_core.search.comparison import FULL_ID, tested
from trainyard_core.search.scope import Scope, within
from trainyard_core.search.sql import Sql, both, fill, sql

__all__ = ["MOST", "endings_of", "matching", "resolved"]

MOST = 1000
"""Runs that the endings of one query may mean."""


def endings_of(node: Node) -> frozenset[str]:
    """The endings in conditions on edges."""
    return frozenset(value for leaf in _edges(node) for value in _values(leaf) if len(value) < FULL_ID)


def matching(scope: Scope, endings: Iterable[str]) -> Sql:
    """The statement that finds the ids of all runs of the scope that end so, but no more than one too many."""
    ends = tested(Sql("k.id"), "ids", Equal(tuple(sorted(endings))), scope)
    return fill("SELECT k.id AS id FROM run k WHERE {} LIMIT {}", both([within(scope, "k.project"), ends]), _limit())


def resolved(node: Node, ids: Iterable[str]) -> Node:
    """The query with the ids that end so in place of each ending. Raises Invalid when they are too many."""
    found = sorted(ids)
    if len(found) > MOST:
        raise Invalid(
            f"the endings in `upstream` and `downstream` are those of more than {MOST} runs",
            fix="write more characters of the ids",
        )
    return _replaced(node, {ending: tuple(id for id in found if id.endswith(ending)) for ending in endings_of(node)})


def _limit() -> Sql:
    return sql("?", MOST + 1)


def _edges(node: Node) -> Iterator[Condition]:
    if isinstance(node, Not):
        yield from _edges(node.item)
    elif isinstance(node, And | Or):
        for item in node.items:
            yield from _edges(item)
    elif node.field.kind == "ids" and isinstance(node.test, Equal):
        yield node


def _values(leaf: Condition) -> list[str]:
    return [str(value) for value in leaf.test.values] if isinstance(leaf.test, Equal) else []


def _replaced(node: Node, ids: Mapping[str, tuple[str, ...]]) -> Node:
    if isinstance(node, Not):
        return Not(_replaced(node.item, ids))
    if isinstance(node, And | Or):
        return msgspec.structs.replace(node, items=tuple(_replaced(item, ids) for item in node.items))
    if node.field.kind != "ids" or not isinstance(node.test, Equal):
        return node
    whole = (id for value in _values(node) for id in ids.get(value, (value,)))
    return Condition(node.field, Equal(tuple(dict.fromkeys(whole))))
