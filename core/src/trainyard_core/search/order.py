"""The order of a search, and where a page goes on: the sort keys with their values in the last run that was given.

Whoever has no value comes last, whichever way. Ties are broken by the id, in the direction of the last key; without a
key the newest comes first. A JSON value is two keys: numbers come before texts.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trainyard.query.tree import Field, SortKey
from trainyard_core.search.column import Value, expression
from trainyard_core.search.scope import Scope
from trainyard_core.search.source import Source, order_of
from trainyard_core.search.sql import Sql, both, either, fill, sql

__all__ = ["Key", "RunCursor", "beyond", "is_descending", "keys_of"]


class Key(msgspec.Struct, frozen=True):
    """One thing to sort by: its value of a run in SQL, what that is, and an index in its order."""

    sql: Sql
    value: Value
    nullable: bool
    descending: bool
    order: Source | None


class RunCursor(msgspec.Struct, frozen=True):
    """The last run that was given: the value of each key (None: it has none) and its id."""

    values: tuple[str | int | float | None, ...]
    id: str


def keys_of(sort: Sequence[SortKey], scope: Scope) -> tuple[Key, ...]:
    """The keys of a sort, the first one first."""
    return tuple(key for one in sort for key in _keys(one, scope))


def is_descending(keys: Sequence[Key]) -> bool:
    """Whether ids go down."""
    return keys[-1].descending if keys else True


def beyond(keys: Sequence[Key], values: Sequence[object], id_column: str, last: str, *, descending: bool) -> Sql:
    """The condition that a run comes after the last one; `keys` are those that are left to compare."""
    if not keys:
        return sql(f"{id_column} {'<' if descending else '>'} ?", last)
    key, value = keys[0], values[0]
    rest = beyond(keys[1:], values[1:], id_column, last, descending=descending)
    if value is None:
        return both([fill("{} IS NULL", key.sql), rest])
    further = fill(f"{{}} {'<' if key.descending else '>'} {{}}", key.sql, sql("?", value))
    same = both([fill("{} = {}", key.sql, sql("?", value)), rest])
    return either([further, *([fill("{} IS NULL", key.sql)] if key.nullable else []), same])


def _keys(one: SortKey, scope: Scope) -> list[Key]:
    field = one.field
    if field.kind == "scalar":
        return [_scalar(field, scope, one.descending, part) for part in ("number", "text")]
    order = order_of(field, scope)
    if field.kind == "metric":
        figure = f"(SELECT m.{field.part} FROM metric m WHERE m.run = run.id AND m.name = ?)"
        return [Key(sql(figure, field.key), "number", True, one.descending, order)]
    found = expression(field, scope)
    return [Key(found.sql, found.value, found.nullable, one.descending, order)]


def _scalar(field: Field, scope: Scope, descending: bool, part: str) -> Key:
    column = "v.number" if part == "number" else f"CASE WHEN v.number IS NULL THEN {scope.letters('v.text')} END"
    value = sql(
        f"(SELECT {column} FROM run_value v WHERE v.run = run.id AND v.source = ? AND v.name = ?)",
        field.name, field.key,
    )  # fmt: skip
    holds: Value = "number" if part == "number" else "text"
    return Key(value, holds, True, descending, order_of(field, scope, part=part))
