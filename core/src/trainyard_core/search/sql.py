"""Pieces of SQL with their arguments, which are put together without being mixed up."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

__all__ = ["FALSE", "TRUE", "Sql", "both", "either", "fill", "listed", "sql"]


class Sql(msgspec.Struct, frozen=True):
    """A piece of a statement and the arguments of its question marks, in order."""

    text: str
    args: tuple[object, ...] = ()


TRUE, FALSE = Sql("TRUE"), Sql("FALSE")


def sql(text: str, *args: object) -> Sql:
    """A piece from a constant text and its arguments."""
    return Sql(text, args)


def fill(form: str, *pieces: Sql) -> Sql:
    """A piece from others: each `{}` of the form is the next one."""
    return Sql(form.format(*(piece.text for piece in pieces)), tuple(arg for piece in pieces for arg in piece.args))


def both(pieces: Iterable[Sql]) -> Sql:
    """All of them are true; of none: TRUE."""
    return _joined(" AND ", [piece for piece in pieces if piece != TRUE], TRUE)


def either(pieces: Iterable[Sql]) -> Sql:
    """At least one of them is true; of none: FALSE."""
    return _joined(" OR ", [*pieces], FALSE)


def listed(values: Iterable[object]) -> Sql:
    """Values between parentheses, as IN wants them."""
    args = tuple(values)
    return Sql(f"({', '.join('?' * len(args))})", args)


def _joined(word: str, pieces: list[Sql], none: Sql) -> Sql:
    if len(pieces) < 2:
        return pieces[0] if pieces else none
    return fill(f"({word.join(['{}'] * len(pieces))})", *pieces)
