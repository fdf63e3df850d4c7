"""From text to a checked tree. The same text means the same on the command line, in the SDK and on the server."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from trainyard.query.error import QueryError
from trainyard.query.grammar import parser, unexpected
from trainyard.query.status import MEANINGS
from trainyard.query.tree import And, Condition, Equal, Node, Not, Or, Query, SortKey

if TYPE_CHECKING:
    from lark import Lark

__all__ = ["MOST_CONDITIONS", "MOST_KEYS", "MOST_TEXT", "parse", "parse_sort"]

MOST_TEXT = 4096
MOST_CONDITIONS = 64
MOST_KEYS = 8


def parse(text: str) -> Query:
    """The query that the text is; an empty text is true of every run. Raises QueryError."""
    root = _run(text, "query")
    assert isinstance(root, Condition | Not | And | Or)
    root = _expanded(root)
    if sum(1 for _ in _conditions(root)) > MOST_CONDITIONS:
        raise QueryError(
            f"more than {MOST_CONDITIONS} conditions", column=1, text=text, suggestion="write sets as `field:a|b|c`"
        )
    return Query(root, text)


def parse_sort(text: str) -> tuple[SortKey, ...]:
    """The fields to sort by, the first one first. Raises QueryError."""
    keys = _run(text, "sort")
    assert isinstance(keys, tuple)
    if len(keys) > MOST_KEYS:
        raise QueryError(f"more than {MOST_KEYS} fields to sort by", column=1, text=text, suggestion="leave some out")
    return keys


def _run(text: str, start: str) -> object:
    from lark.exceptions import UnexpectedInput, VisitError

    if len(text) > MOST_TEXT:
        raise QueryError(f"longer than {MOST_TEXT} characters", column=MOST_TEXT + 1, suggestion="make it shorter")
    for at, char in enumerate(text):
        if char == "\0" or "\ud800" <= char <= "\udfff":
            raise QueryError("a character that no run has", column=at + 1, text=text, suggestion="leave it out")
    try:
        return _parser().parse(text, start=start)
    except UnexpectedInput as error:
        raise unexpected(error, text) from error
    except VisitError as error:
        if isinstance(error.orig_exc, QueryError):
            raise error.orig_exc.of(text) from error
        raise
    except QueryError as error:
        raise error.of(text) from error


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from trainyard.query.build import TreeBuilder

    return parser(TreeBuilder())


def _conditions(node: Node) -> Iterator[Condition]:
    if isinstance(node, Condition):
        yield node
    elif isinstance(node, Not):
        yield from _conditions(node.item)
    else:
        for item in node.items:
            yield from _conditions(item)


def _expanded(node: Node) -> Node:
    """With statuses that are not ours written out as what they mean."""
    if isinstance(node, Not):
        return Not(_expanded(node.item))
    if isinstance(node, And | Or):
        return type(node)(tuple(_expanded(item) for item in node.items))
    if node.field.name != "status" or not isinstance(node.test, Equal):
        return node
    theirs = [str(value) for value in node.test.values if value in MEANINGS]
    if not theirs:
        return node
    ours = tuple(value for value in node.test.values if value not in MEANINGS)
    own = [Condition(node.field, Equal(ours))] if ours else []
    return Or((*own, *(_meaning(value) for value in theirs)))


@lru_cache
def _meaning(status: str) -> Node:
    return parse(MEANINGS[status]).root
