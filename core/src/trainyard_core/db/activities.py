"""Activities: the append-only log of what happened, audit and outbox in one, without holes.

A reader that saw id N never misses a smaller id that commits later. SQLite has one writer, so ids come in commit
order. On PostgreSQL ids are taken before the commit, so a reader stops before a gap until every transaction that
could still fill it has ended: the writer makes sure that it has a transaction id before it takes an activity id,
hence once the oldest running transaction is younger than the moment at which the gap was first seen, the gap is an
aborted insert and stays empty for ever.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from trainyard_core.db.engine import Database, Row, Tx

__all__ = ["New", "Tail", "append", "of_run"]

_ROW = "(?, ?, ?, ?, ?, ?)"
_TYPED = "(?::text, ?::text, ?::text, ?::text, ?::bigint, ?::text)"
_encode = msgspec.json.Encoder().encode


class New(msgspec.Struct, frozen=True, kw_only=True):
    """An activity to be added."""

    project: str
    run: str | None
    kind: str
    actor: str
    at: int
    data: dict[str, Any]


async def append(tx: Tx, *news: New) -> None:
    """Add activities in the transaction of what they tell of."""
    args = [v for n in news for v in (n.project, n.run, n.kind, n.actor, n.at, _encode(n.data).decode())]
    await tx.run(_insert(tx.dialect, len(news)), *args)


@lru_cache
def _insert(dialect: str, rows: int) -> str:
    if dialect == "sqlite":
        return f"INSERT INTO activity (project, run, kind, actor, at, data) VALUES {', '.join([_ROW] * rows)}"
    return (
        "WITH mine AS MATERIALIZED (SELECT pg_current_xact_id())"
        " INSERT INTO activity (project, run, kind, actor, at, data) SELECT v.* FROM mine,"
        f" (VALUES {', '.join([_TYPED] * rows)}) AS v (project, run, kind, actor, at, data)"
    )


async def of_run(tx: Tx, run: str, *, after: int = 0, limit: int = 1000, kind: str | None = None) -> list[Row]:
    """A run's activities after an id, oldest first."""
    only = " AND kind = ?" if kind else ""
    args = (run, after, *((kind,) if kind else ()), limit)
    return await tx.all(f"SELECT * FROM activity WHERE run = ? AND id > ?{only} ORDER BY id LIMIT ?", *args)


class Tail:
    """Reads the log in order from a position, for one reader. `position` is the last id that was handed out."""

    def __init__(self, database: Database, position: int = 0) -> None:
        self._database = database
        self.position = position
        self._gaps: dict[int, int] = {}
        """For each missing id: the next transaction id at the moment when it was first missed."""

    async def read(self, limit: int = 500) -> list[Row]:
        """What follows and is certain; empty when there is nothing yet. Moves the position."""
        rows, oldest, following = await self._database.read(lambda tx: self._fetch(tx, limit))
        certain = self._certain(rows, oldest, following)
        if certain:
            self.position = certain[-1]["id"]
            self._gaps = {gap: seen for gap, seen in self._gaps.items() if gap > self.position}
        return certain

    async def _fetch(self, tx: Tx, limit: int) -> tuple[list[Row], int, int]:
        """The rows; the oldest running transaction before they were read; the next transaction's id after."""
        oldest = await _horizon(tx, "xmin")
        rows = await tx.all("SELECT * FROM activity WHERE id > ? ORDER BY id LIMIT ?", self.position, limit)
        return rows, oldest, await _horizon(tx, "xmax")

    def _certain(self, rows: list[Row], oldest: int, following: int) -> list[Row]:
        """The rows before the first gap that may still be filled."""
        if self._database.dialect == "sqlite":
            return rows
        expected = self.position + 1
        for count, row in enumerate(rows):
            for gap in range(expected, row["id"]):
                if self._gaps.setdefault(gap, following) > oldest:
                    return rows[:count]
            expected = row["id"] + 1
        return rows


async def _horizon(tx: Tx, side: str) -> int:
    if tx.dialect == "sqlite":
        return 0
    row = await tx.one(f"SELECT pg_snapshot_{side}(pg_current_snapshot())::text AS id")
    assert row is not None
    return int(row["id"])
