"""What a statement would touch in SQLite, by SQLite's own account: the statement is explained under an authorizer."""

from __future__ import annotations

import sqlite3

from trainyard_core.contracts.database import ForeignTable
from trainyard_core.db.engine import placeholders

__all__ = ["check"]

_FIRST = frozenset(
    {
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_UPDATE,
        sqlite3.SQLITE_DELETE,
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_CREATE_INDEX,
        sqlite3.SQLITE_CREATE_TRIGGER,
        sqlite3.SQLITE_CREATE_VIEW,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_DROP_TRIGGER,
        sqlite3.SQLITE_DROP_VIEW,
        sqlite3.SQLITE_REINDEX,
    }
)
"""Actions whose first argument is what is touched."""
_SECOND = frozenset({sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_CREATE_TRIGGER, sqlite3.SQLITE_ALTER_TABLE})
"""Actions whose second argument is the table."""
_KNOWN = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE, *_FIRST, *_SECOND})
_NO_TABLES = ("sqlite_", "json_each", "json_tree")


def check(connection: sqlite3.Connection, sql: str, prefix: str) -> None:
    """Raises ForeignTable for a statement that touches what does not begin with the prefix, or changes the connection
    itself, and sqlite3.Error for one that SQLite does not understand."""
    if foreign := _foreign(connection, sql, prefix):
        raise ForeignTable(
            f"the statement touches '{foreign}', and what this plugin has begins with '{prefix}'; reach other data"
            " through the platform"
        )


_harmless: set[tuple[str, str]] = set()
_MOST = 4096
"""Statements that are remembered."""


def _foreign(connection: sqlite3.Connection, sql: str, prefix: str) -> str:
    """One thing that the statement touches and that is not the plugin's; empty for none."""
    if (sql, prefix) in _harmless:
        return ""
    foreign = next((name for name in _touched(connection, sql) if not name.startswith((prefix, *_NO_TABLES))), "")
    if not foreign:
        if len(_harmless) >= _MOST:
            _harmless.clear()
        _harmless.add((sql, prefix))
    return foreign


def _touched(connection: sqlite3.Connection, sql: str) -> list[str]:
    found: list[str] = []

    def authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        found.extend(_names(action, first or "", second or ""))
        return sqlite3.SQLITE_OK

    connection.set_authorizer(authorize)
    try:
        connection.execute(f"EXPLAIN {sql}", (None,) * placeholders(sql))
    finally:
        connection.set_authorizer(None)
    return found


def _names(action: int, first: str, second: str) -> list[str]:
    if action not in _KNOWN:
        return [f"the connection: {first or action}"]
    return [name for name, counts in ((first, action in _FIRST), (second, action in _SECOND)) if counts and name]
