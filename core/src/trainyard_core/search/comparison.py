"""One test of one value in SQL. Where the value is NULL the answer may be NULL too: `condition` makes it false."""

from __future__ import annotations

from trainyard.query.moment import is_offset, span
from trainyard.query.tree import Between, Compare, Equal, Like, Missing, Test, When
from trainyard.query.tree import Value as Written
from trainyard_core.search.scope import Scope
from trainyard_core.search.sql import TRUE, Sql, both, either, fill, listed, sql

__all__ = ["FULL_ID", "tested"]

LONGEST = 1 << 62
"""The highest number of microseconds that is compared with."""

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
FULL_ID = 36
"""Characters of a whole id."""


def tested(value: Sql, kind: str, test: Test, scope: Scope) -> Sql:
    """Whether the value passes. `kind` is the field's, or that of the column for JSON values."""
    if isinstance(test, Missing):
        return fill("COALESCE({}, '') = ''", value) if kind in ("text", "id") else fill("{} IS NULL", value)
    if isinstance(test, Like):
        return _like(value, test, scope)
    if kind == "moment":
        return _moment(value, test, scope)
    if isinstance(test, Equal):
        return _identity(value, test, scope) if kind in ("id", "ids") else _among(value, kind, test)
    if isinstance(test, Compare):
        return fill(f"{{}} {test.op} {{}}", value, _arg(kind, test.value))
    return _range(value, _arg(kind, test.low), _arg(kind, test.high))


def _among(value: Sql, kind: str, test: Equal) -> Sql:
    args = [_plain(kind, one) for one in test.values]
    if len(args) == 1:
        return fill("{} = {}", value, sql("?", args[0]))
    return fill("{} IN {}", value, listed(args))


def _identity(value: Sql, test: Equal, scope: Scope) -> Sql:
    """Ids whole or by their ending. All endings of one length are looked up together."""
    by_length: dict[int, list[str]] = {}
    for one in map(str, test.values):
        by_length.setdefault(len(one), []).append(one)
    return either(
        fill("{} IN {}", value if length == FULL_ID else _ending(value, length, scope), listed(ids))
        for length, ids in by_length.items()
    )


def _ending(value: Sql, length: int, scope: Scope) -> Sql:
    return fill(f"substr({{}}, -{length})" if scope.dialect == "sqlite" else f"right({{}}, {length})", value)


def _moment(value: Sql, test: Test, scope: Scope) -> Sql:
    """A written moment is a period; see `trainyard.query.moment`."""
    if isinstance(test, Equal):
        return either(_in_span(value, one, scope) for one in test.values if isinstance(one, When))
    if isinstance(test, Between):
        low, high = _span(test.low, scope), _span(test.high, scope)
        return both([fill("{} >= {}", value, sql("?", low[0])), fill("{} < {}", value, sql("?", high[1]))])
    assert isinstance(test, Compare)
    start, end = _span(test.value, scope)
    op, bound = {">": (">=", end), ">=": (">=", start), "<": ("<", start), "<=": ("<", end)}[test.op]
    return fill(f"{{}} {op} {{}}", value, sql("?", bound))


def _in_span(value: Sql, when: When, scope: Scope) -> Sql:
    start, end = _span(when, scope)
    since = fill("{} >= {}", value, sql("?", start))
    return since if is_offset(when) else both([since, fill("{} < {}", value, sql("?", end))])


def _span(when: float | When, scope: Scope) -> tuple[int, int]:
    assert isinstance(when, When), "the parser gives moments for fields of moments"
    return span(when, scope.at)


def _range(value: Sql, low: Sql, high: Sql) -> Sql:
    return both([fill("{} >= {}", value, low), fill("{} <= {}", value, high)])


def _arg(kind: str, value: Written) -> Sql:
    return sql("?", _plain(kind, value))


def _plain(kind: str, value: Written) -> object:
    """A value as the column holds it."""
    if kind == "seconds":
        assert isinstance(value, float)
        return min(round(value * 1_000_000), LONGEST)
    return int(value) if kind == "truth" and isinstance(value, bool) else value


def _like(value: Sql, test: Like, scope: Scope) -> Sql:
    """A to Z count as a to z, and no other letters, on both databases."""
    pieces = [piece.translate(_LOWER) for piece in test.pieces]
    if not any(pieces):
        return fill("{} IS NOT NULL", value) if len(pieces) > 1 else TRUE
    if scope.dialect == "sqlite":
        return fill("lower({}) GLOB {}", value, sql("?", "*".join(map(_glob, pieces))))
    return fill('lower({} COLLATE "C") LIKE {}', value, sql("?", "%".join(map(_pattern, pieces))))


def _glob(piece: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in piece)


def _pattern(piece: str) -> str:
    return "".join(f"\\{char}" if char in "%_\\" else char for char in piece)
