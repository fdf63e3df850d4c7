"""A query as a tree, checked and typed: what the grammar, the SQL compiler and any other evaluator agree on.

The tree is two-valued: a test of something that a run does not have is false, and its negation true.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

__all__ = [
    "And",
    "Between",
    "Compare",
    "Condition",
    "Equal",
    "Field",
    "Kind",
    "Like",
    "Missing",
    "Node",
    "Not",
    "Or",
    "Query",
    "Scalar",
    "SortKey",
    "Test",
    "Value",
    "When",
    "fields_of",
]

Kind = Literal["text", "id", "ids", "number", "bytes", "seconds", "moment", "truth", "words", "scalar", "metric"]
"""How a field's values are written and compared. `words` is a set of texts (tags), `ids` one of runs, `scalar` a JSON
value (params)."""


class Field(msgspec.Struct, frozen=True):
    """What a condition or a sort is about. `name` is the field's own name, never an alias. `key` is the name of the
    param, output or metric; `part` which of a metric's figures: last, min or max."""

    name: str
    kind: Kind
    key: str = ""
    part: str = ""


class When(msgspec.Struct, frozen=True):
    """A moment or a period of time as it was written, such as `2026-01-31`, `last_month` or `-7d`; `query.moment`
    says which microseconds that is."""

    text: str


class Scalar(msgspec.Struct, frozen=True):
    """A value that is compared with JSON values: as text, and as a number when it was written as one."""

    text: str
    number: float | None = None


Value = str | float | bool | When | Scalar


class Equal(msgspec.Struct, frozen=True):
    """The field is one of these."""

    values: tuple[Value, ...]


class Like(msgspec.Struct, frozen=True):
    """The field's text begins with the first piece, ends with the last and has the others in between, in this order;
    A to Z count as a to z. `%loss%` is `("", "loss", "")`."""

    pieces: tuple[str, ...]


class Compare(msgspec.Struct, frozen=True):
    """The field lies on one side of a value."""

    op: Literal[">", ">=", "<", "<="]
    value: float | When


class Between(msgspec.Struct, frozen=True):
    """The field lies between two values, ends included."""

    low: float | When
    high: float | When


class Missing(msgspec.Struct, frozen=True):
    """The run does not have the field, or its text is empty."""


Test = Equal | Like | Compare | Between | Missing


class Condition(msgspec.Struct, frozen=True):
    """One field put to a test."""

    field: Field
    test: Test


class Not(msgspec.Struct, frozen=True):
    """What the item is not true of."""

    item: Node


class And(msgspec.Struct, frozen=True):
    """What all items are true of; of none: everything."""

    items: tuple[Node, ...]


class Or(msgspec.Struct, frozen=True):
    """What at least one item is true of."""

    items: tuple[Node, ...]


Node = Condition | Not | And | Or


class Query(msgspec.Struct, frozen=True):
    """A whole query. An empty one is an empty `And`: it is true of every run."""

    root: Node
    text: str = ""


class SortKey(msgspec.Struct, frozen=True):
    """One field to sort by. Runs that do not have it come last, whichever way."""

    field: Field
    descending: bool = False


def fields_of(node: Node) -> Iterator[Field]:
    """The fields that are put to a test, as often as they are."""
    if isinstance(node, Condition):
        yield node.field
        return
    for item in (node.item,) if isinstance(node, Not) else node.items:
        yield from fields_of(item)
