"""Activities: the append-only log of what happened, audit and outbox in one, without holes.

A reader that saw id N never misses a smaller id that commits later. SQLite has one writer, so ids come in commit
order. On PostgreSQL ids are taken before the commit, so a reader stops before a gap until every transaction that
could still fill it has ended: the writer makes sure that it has a transaction id before it takes an activity id,
hence once the oldest running transaction is younger than the moment at which the gap was first seen, the gap is an
aborted insert and stays empty for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Any, NamedTuple

import msgspec

from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.lifecycle import FINAL, Status

__all__ = [
    "LOGGED",
    "ExpiredPage",
    "NewActivity",
    "Tail",
    "append",
    "expired",
    "latest",
    "newest",
    "of_run",
    "page",
    "remove",
]

LOGGED = "activities"
"""The signal of a transaction that has added activities."""
SETTLE = 0.01
_ROW = "(?, ?, ?, ?, ?, ?)"
_TYPED = "(?::text, ?::text, ?::text, ?::text, ?::bigint, ?::text)"
_encode = msgspec.json.Encoder().encode


class NewActivity(msgspec.Struct, frozen=True, kw_only=True):
    """An activity to be added."""

    project: str
    run: str | None
    kind: str
    actor: str
    at: int
    data: dict[str, Any]


async def append(tx: Tx, *news: NewActivity) -> None:
    """Add activities in the transaction of what they tell of."""
    args = [v for n in news for v in (n.project, n.run, n.kind, n.actor, n.at, _encode(n.data).decode())]
    await tx.run(_insert(tx.dialect, len(news)), *args)
    tx.signals.add(LOGGED)


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


async def page(tx: Tx, *, after: int, upto: int, projects: Collection[str] | None, limit: int) -> list[Row]:
    """Activities after one id and up to another in these projects (None: all), oldest first. Up to the place that a
    tail has reached there are no holes."""
    where, args = _in(projects)
    return await tx.all(
        f"SELECT * FROM activity WHERE id > ? AND id <= ?{where} ORDER BY id LIMIT ?", after, upto, *args, limit
    )


async def latest(tx: Tx, *, before: int, projects: Collection[str] | None, kind: str = "", limit: int) -> list[Row]:
    """Activities below an id in these projects (None: all), newest first; of one kind, if one is given."""
    where, args = _in(projects)
    only, kinds = (" AND kind = ?", (kind,)) if kind else ("", ())
    return await tx.all(
        f"SELECT * FROM activity WHERE id < ?{where}{only} ORDER BY id DESC LIMIT ?", before, *args, *kinds, limit
    )


async def newest(tx: Tx) -> int:
    """The largest id that can be seen now; 0 in an empty log."""
    row = await tx.one("SELECT COALESCE(MAX(id), 0) AS id FROM activity")
    assert row is not None
    return int(row["id"])


class ExpiredPage(NamedTuple):
    """The next activities that are old enough: the last one's id (0: there are no more), and the ids of those that may
    be deleted."""

    last: int
    ids: Sequence[int]


async def expired(tx: Tx, *, after: int, upto: int, before: int, limit: int) -> ExpiredPage:
    """Activities after one id and up to another that are older than a time, from the oldest on and up to the first that
    is not; those of runs that have not ended may not be deleted."""
    rows = await tx.all(
        "SELECT a.id, a.at, CASE WHEN r.status IS NULL THEN '' ELSE r.status END AS status FROM"
        " (SELECT id, at, run FROM activity WHERE id > ? AND id <= ? ORDER BY id LIMIT ?) a"
        " LEFT JOIN run r ON r.id = a.run ORDER BY a.id",
        after, upto, limit,
    )  # fmt: skip
    old = [*takewhile(lambda row: row["at"] < before, rows)]
    ids = [row["id"] for row in old if not row["status"] or Status(row["status"]) in FINAL]
    return ExpiredPage(old[-1]["id"] if old else 0, ids)


async def remove(tx: Tx, ids: Sequence[int]) -> None:
    """Delete activities."""
    await tx.many("DELETE FROM activity WHERE id = ?", [(each,) for each in ids])


def _in(projects: Collection[str] | None) -> tuple[str, tuple[str, ...]]:
    if projects is None:
        return "", ()
    return f" AND project IN ({', '.join('?' * len(projects)) or 'NULL'})", tuple(projects)


class Tail:
    """Reads the log in order from a position, for one reader. `position` is the last id that was handed out;
    `uncertain` whether the last read held something back."""

    def __init__(self, database: Database, position: int = 0) -> None:
        self._database = database
        self.position = position
        self.uncertain = False
        self._gaps: dict[int, int] = {}
        """For each missing id: the next transaction id at the moment when it was first missed."""

    async def settle(self) -> int:
        """Go to the end of the log as it is now, once nothing can be added at or below it any more; the position."""
        newest, following = await self._database.read(self._end)
        while following and await self._oldest() < following:  # noqa: ASYNC110 - other processes end them
            await asyncio.sleep(SETTLE)  # whoever took an id below the newest had a transaction id before
        self.position = newest
        return newest

    async def read(self, limit: int = 500) -> list[Row]:
        """What follows and is certain; empty when there is nothing yet. Moves the position."""
        rows, oldest, following = await self._database.read(lambda tx: self._fetch(tx, limit))
        certain = self._certain(rows, oldest, following)
        self.uncertain = len(certain) < len(rows)
        if certain:
            self.position = certain[-1]["id"]
            self._gaps = {gap: seen for gap, seen in self._gaps.items() if gap > self.position}
        return certain

    async def _oldest(self) -> int:
        return await self._database.read(lambda tx: _horizon(tx, "xmin"))

    async def _end(self, tx: Tx) -> tuple[int, int]:
        return await newest(tx), await _horizon(tx, "xmax")

    async def _fetch(self, tx: Tx, limit: int) -> tuple[list[Row], int, int]:
        """The rows, the oldest transaction that ran when they were read, and the next transaction's id then."""
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
