"""What the words of a query mean: from a field and written values to typed tests. Everything that could not be
answered later is refused here, with its column."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, cast

from trainyard.query.error import QueryError, nearest
from trainyard.query.field import CHOICES
from trainyard.query.moment import WORDS, is_moment, is_offset
from trainyard.query.tree import (
    Between,
    Compare,
    Condition,
    Equal,
    Field,
    Like,
    Missing,
    Node,
    Or,
    Scalar,
    Test,
    Value,
    When,
)
from trainyard.spec.quantity import memory_bytes

__all__ = ["ValueText", "among", "between", "compare", "read"]

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d{1,3})?|[-+]?inf", re.IGNORECASE | re.ASCII)
_SECONDS = re.compile(r"(\d+\.?\d*|\.\d+)([smhdw]?)", re.ASCII)
_LENGTHS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_ESCAPE = re.compile(r"\\(.)|(%)", re.DOTALL)


class ValueText(NamedTuple):
    """One value as it was written: its pieces between the signs `%` (one piece when there is none)."""

    pieces: tuple[str, ...]
    quoted: bool
    column: int

    @property
    def text(self) -> str:
        return "%".join(self.pieces)

    @property
    def is_nil(self) -> bool:
        return not self.quoted and self.text.lower() == "nil"


def read(token: str, column: int) -> ValueText:
    """A token of the grammar, quotes and escapes taken off. `\\%` in quotes is the sign itself."""
    if token[0] not in "\"'":
        return ValueText(tuple(token.split("%")), False, column)
    pieces, last = [""], 1
    for found in _ESCAPE.finditer(token, 1, len(token) - 1):
        pieces[-1] += token[last : found.start()] + (found[1] or "")
        last = found.end()
        if found[2]:
            pieces.append("")
    pieces[-1] += token[last:-1]
    return ValueText(tuple(pieces), True, column)


def among(field: Field, written: Sequence[ValueText]) -> Node:
    """The field is one of these: values, patterns, `nil`, and moments that mean everything since."""
    tests: list[Test] = []
    values: list[Value] = []
    for one in written:
        if one.is_nil:
            tests.append(Missing())
        elif len(one.pieces) > 1:
            tests.append(_like(field, one))
        elif isinstance(value := _value(field, one), When) and is_offset(value):
            tests.append(Compare(">=", value))
        else:
            values.append(value)
    found = [*([Equal(tuple(values))] if values else []), *tests]
    nodes = tuple(Condition(field, test) for test in found)
    return nodes[0] if len(nodes) == 1 else Or(nodes)


def compare(field: Field, op: str, written: ValueText) -> Condition:
    """The field lies on one side of a value."""
    value = _ordered(field, written)
    return Condition(field, Compare(cast(Literal[">", ">=", "<", "<="], op), value))


def between(field: Field, low: ValueText, high: ValueText) -> Condition:
    """The field lies in a range."""
    return Condition(field, Between(_ordered(field, low), _ordered(field, high)))


def _like(field: Field, one: ValueText) -> Like:
    if field.kind not in ("text", "words", "scalar") or field.name in CHOICES:
        raise QueryError(f"`{field.name}` has no patterns", column=one.column, suggestion="write a whole value")
    return Like(one.pieces)


def _value(field: Field, one: ValueText) -> Value:
    choices = CHOICES.get(field.name)
    if choices and one.text.lower() not in choices:
        raise QueryError(f"no {field.name} `{one.text}`", column=one.column, suggestion=nearest(one.text, choices))
    if choices:
        return one.text.lower()
    return _READERS[field.kind](field, one)


def _ordered(field: Field, one: ValueText) -> float | When:
    """A value that has a before and an after."""
    if field.kind in ("text", "id", "ids", "words", "truth"):
        raise QueryError(
            f"`{field.name}` has no order", column=one.column, suggestion=f"write `{field.name}:VALUE` or `VALUE|VALUE`"
        )
    value = _number(field, one) if field.kind == "scalar" else _value(field, one)
    assert isinstance(value, float | When), "every kind that has an order reads to one of these"
    return value


def _text(_: Field, one: ValueText) -> str:
    return one.text


def _identity(field: Field, one: ValueText) -> str:
    text = one.text.lower()
    if not re.fullmatch(r"[0-9a-f-]{4,36}", text):
        raise QueryError(
            f"`{field.name}` is the id of a run, or at least the last four characters of one", column=one.column,
            suggestion="use the digits 0 to 9 and the letters a to f",
        )  # fmt: skip
    return text


def _number(field: Field, one: ValueText) -> float:
    if not _NUMBER.fullmatch(one.text):
        raise QueryError(f"`{one.text}` is not a number", column=one.column, suggestion=_example(field, "0.5"))
    return float(one.text)


def _bytes(field: Field, one: ValueText) -> float:
    try:
        return float(memory_bytes(one.text))
    except ValueError:
        raise QueryError(
            f"`{one.text}` is not an amount of memory", column=one.column, suggestion=_example(field, "2Gi")
        ) from None


def _seconds(field: Field, one: ValueText) -> float:
    found = _SECONDS.fullmatch(one.text.lower())
    if not found or len(one.text) > 32:
        raise QueryError(
            f"`{one.text}` is not a length of time", column=one.column, suggestion=_example(field, "90s, 5m or 1.5h")
        )
    return float(found[1]) * _LENGTHS[found[2]]


def _moment(field: Field, one: ValueText) -> When:
    if not is_moment(one.text):
        raise QueryError(
            f"`{one.text}` is not a time",
            column=one.column,
            suggestion=f'write 2026-01-31, "2026-01-31 10:00", -7d (so long ago) or one of {", ".join(WORDS)}',
        )
    return When(one.text)


def _truth(_: Field, one: ValueText) -> bool:
    if one.text.lower() not in _TRUTHS:
        raise QueryError(f"`{one.text}` is not true or false", column=one.column, suggestion="write true or false")
    return _TRUTHS[one.text.lower()]


def _scalar(_: Field, one: ValueText) -> Scalar:
    is_number = not one.quoted and _NUMBER.fullmatch(one.text)
    return Scalar(one.text, float(one.text) if is_number else None)


def _example(field: Field, value: str) -> str:
    return f"write {field.name}{'.' + field.key if field.key else ''}:{value}"


_READERS: dict[str, Callable[[Field, ValueText], Value]] = {
    "bytes": _bytes,
    "id": _identity,
    "ids": _identity,
    "metric": _number,
    "moment": _moment,
    "number": _number,
    "scalar": _scalar,
    "seconds": _seconds,
    "text": _text,
    "truth": _truth,
    "words": _text,
}
