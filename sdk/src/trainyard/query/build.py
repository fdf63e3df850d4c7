"""Builds the tree while the grammar reads. Loaded with lark, when the first query is parsed."""

from __future__ import annotations

from typing import Any

from lark import Token, Transformer, v_args

from trainyard.query import value
from trainyard.query.error import QueryError
from trainyard.query.field import field_of
from trainyard.query.tree import And, Field, Node, Not, Or, SortKey
from trainyard.query.value import ValueText

__all__ = ["TreeBuilder"]


class _Test:
    """The right side of a condition, before its field is known."""

    def __init__(self, op: str, *written: ValueText) -> None:
        self.op, self.written = op, written

    def of(self, field: Field) -> Node:
        if self.op == "|":
            return value.among(field, self.written)
        if self.op == "..":
            return value.between(field, *self.written)
        return value.compare(field, self.op, self.written[0])


@v_args(inline=True)
class TreeBuilder(Transformer[Token, Any]):
    """One method for each rule of the grammar."""

    def query(self, either: Node | None) -> Node:
        return either or And(())

    def sort(self, *keys: SortKey | None) -> tuple[SortKey, ...]:
        return tuple(key for key in keys if key is not None)

    def key(self, minus: Token | None, field: Token) -> SortKey:
        found = _field(field)
        if found.kind in ("words", "ids"):
            raise QueryError(
                f"runs have several {found.name}: there is no order", column=_column(field),
                suggestion="sort by another field",
            )  # fmt: skip
        return SortKey(found, minus is not None)

    def either(self, *items: Node) -> Node:
        return items[0] if len(items) == 1 else Or(items)

    def all(self, *items: Node) -> Node:
        return items[0] if len(items) == 1 else And(items)

    def negate(self, item: Node) -> Node:
        return item.item if isinstance(item, Not) else Not(item)

    def condition(self, field: Token, test: _Test) -> Node:
        return test.of(_field(field))

    def denied(self, field: Token, test: _Test) -> Node:
        return Not(test.of(_field(field)))

    def compare(self, op: Token, literal: ValueText) -> _Test:
        return _Test(str(op), literal)

    def between(self, low: ValueText, high: ValueText) -> _Test:
        return _Test("..", low, high)

    def among(self, *literals: ValueText) -> _Test:
        return _Test("|", *literals)

    def literal(self, token: Token) -> ValueText:
        return value.read(str(token), _column(token))


def _field(token: Token) -> Field:
    return field_of(str(token), _column(token))


def _column(token: Token) -> int:
    return (token.start_pos or 0) + 1
