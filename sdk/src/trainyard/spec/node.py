"""A parsed document as nodes that know where they stand, and the typing of YAML 1.2.

This module decides what a plain scalar is (the core schema of YAML 1.2.2, section 10.3.2: `1e-4` is a number, `on` and
`yes` are text, `12:30:00` is text) and keeps the position of each value. It reads no text; `scan.py` does.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

__all__ = ["INT_LIMIT", "MAX_DEPTH", "Leaf", "Listing", "Mark", "Node", "Table", "plain_scalar", "tagged_scalar"]

MAX_DEPTH = 64
"""Levels of nesting of a document, and of a value."""

INT_LIMIT = 2**63
"""Whole numbers are kept within 64 bits, as JSON readers in other languages keep them."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_RADIX = re.compile(r"0o([0-7]+)|0x([0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TAG = "tag:yaml.org,2002:"

Mark = tuple[int, int]
"""A line and a column, both from 1."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar: its value and where its text begins and ends."""

    value: object
    start: Mark
    end: Mark


@dataclass(slots=True)
class Listing:
    start: Mark
    items: list[Node] = field(default_factory=list)

    @property
    def value(self) -> list[object]:
        return [item.value for item in self.items]


@dataclass(slots=True)
class Table:
    start: Mark
    items: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Mark] = field(default_factory=dict)

    @property
    def value(self) -> dict[str, object]:
        return {key: item.value for key, item in self.items.items()}


Node = Leaf | Listing | Table


def plain_scalar(text: str) -> object:
    """The value of an unquoted scalar. Raises ValueError for a number that JSON cannot carry."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    number = _number(text)
    return text if number is None else number


def tagged_scalar(tag: str, text: str) -> object:
    """The value of a scalar with an explicit standard tag. Raises ValueError for other tags and for misfits."""
    wanted = tag.removeprefix(_TAG)
    if wanted == "str":
        return text
    types: dict[str, type] = {"int": int, "float": float, "bool": bool, "null": type(None)}
    if wanted not in types or wanted == tag:
        raise ValueError(f"the tag `{tag.replace(_TAG, '!!')}` is not part of the language")
    value = plain_scalar(text)
    if wanted == "float" and type(value) is int:
        return float(value)
    if type(value) is not types[wanted]:
        raise ValueError(f"this is not a `{wanted}`, as its tag says")
    return value


def _number(text: str) -> int | float | None:
    if _INT.fullmatch(text):
        return _bounded(int(text, 10)) if len(text) < 30 else _bounded(INT_LIMIT)
    radix = _RADIX.fullmatch(text)
    if radix:
        return _bounded(int(radix[1], 8) if radix[1] else int(radix[2], 16))
    if _SPECIAL.fullmatch(text):
        raise ValueError("a number must be finite")
    if not _FLOAT.fullmatch(text):
        return None
    value = float(text)
    if math.isinf(value):
        raise ValueError("this number is too large")
    return value


def _bounded(value: int) -> int:
    if not -INT_LIMIT <= value < INT_LIMIT:
        raise ValueError("a whole number must fit in 64 bits")
    return value
