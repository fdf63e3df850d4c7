"""Queues in SQL: their limits, and how many runs wait in them. What admission reads of runs is in `db.admission`."""

from __future__ import annotations

import msgspec

from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.tables import Queue, rows
from trainyard_core.lifecycle import LIVE

__all__ = [
    "DEFAULT",
    "delete",
    "ensure",
    "get",
    "in_use",
    "lock",
    "names",
    "page",
    "put",
    "waiting_counts",
    "waiting_most",
]

DEFAULT = "default"
_LIVE = ", ".join(f"'{status}'" for status in sorted(LIVE))
_EARLY = "'compiled', 'created', 'retrying'"
_encode = msgspec.json.Encoder(order="sorted").encode


async def ensure(tx: Tx, name: str, *, at: int) -> None:
    """Make sure that a queue exists."""
    await tx.run(
        "INSERT INTO queue (name, created_at, updated_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING", name, at, at
    )


async def put(
    tx: Tx,
    name: str,
    *,
    concurrency: int | None,
    paused: bool,
    at: int,
    priority: int = 0,
    quota: dict[str, float] | None = None,
    selector: dict[str, str] | None = None,
) -> None:
    """Create a queue or change its limits, all of them."""
    await tx.run(
        "INSERT INTO queue (name, concurrency, paused, priority, quota, selector, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET concurrency = excluded.concurrency,"
        " paused = excluded.paused, priority = excluded.priority, quota = excluded.quota,"
        " selector = excluded.selector, updated_at = excluded.updated_at",
        name, concurrency, int(paused), priority, _encode(quota or {}).decode(), _encode(selector or {}).decode(),
        at, at,
    )  # fmt: skip


async def delete(tx: Tx, name: str) -> None:
    """Remove a queue."""
    await tx.run("DELETE FROM queue WHERE name = ?", name)


async def in_use(tx: Tx, name: str) -> bool:
    """Whether a run that has not ended is in it."""
    row = await tx.one(
        f"SELECT EXISTS (SELECT 1 FROM run WHERE status IN ({_EARLY}) AND queue = ?)"
        " OR EXISTS (SELECT 1 FROM run WHERE status = 'queued' AND queue = ?)"
        f" OR EXISTS (SELECT 1 FROM run WHERE status IN ({_LIVE}) AND queue = ?) AS used",
        name, name, name,
    )  # fmt: skip
    return row is not None and bool(row["used"])


async def get(tx: Tx, name: str) -> Row | None:
    """One queue's row."""
    return await tx.one("SELECT * FROM queue WHERE name = ?", name)


async def page(tx: Tx, *, after: str = "", limit: int = 50) -> list[Row]:
    """Queues by name, after one."""
    return await tx.all("SELECT * FROM queue WHERE name > ? ORDER BY name LIMIT ?", after, limit)


async def names(tx: Tx) -> list[str]:
    """All queues' names."""
    return [row["name"] for row in await rows(tx, Queue.select(Queue.name).order_by(Queue.name))]


async def lock(tx: Tx) -> bool:
    """Have agents that ask for work at the same time take turns until the transaction ends. True when that may have
    taken a while, so that what was read before is old; SQLite has one writer anyway."""
    if tx.dialect == "sqlite":
        return False
    await tx.run("SELECT 1 FROM queue ORDER BY name FOR NO KEY UPDATE")
    return True


async def waiting_counts(tx: Tx, *only: str) -> dict[str, int]:
    """How many runs wait in each queue (of these, if there are any); queues without any are left out."""
    where = f" AND queue IN ({', '.join('?' * len(only))})" if only else ""
    found = await tx.all(f"SELECT queue, COUNT(*) AS n FROM run WHERE status = 'queued'{where} GROUP BY queue", *only)
    return {row["queue"]: row["n"] for row in found}


async def waiting_most(tx: Tx, most: int, *, above: int) -> dict[str, int]:
    """How many runs wait in each queue: all of them in queues of a priority above this one, in those of this priority
    no more than `most` are counted, in the others none. Queues without any may be left out."""
    found = await tx.all(
        "SELECT q.name, CASE WHEN q.priority > ?"
        " THEN (SELECT COUNT(*) FROM run WHERE status = 'queued' AND queue = q.name)"
        " ELSE (SELECT COUNT(*) FROM (SELECT 1 FROM run WHERE status = 'queued' AND queue = q.name LIMIT ?) AS counted)"
        " END AS n FROM queue q WHERE q.priority >= ?",
        above, most, above,
    )  # fmt: skip
    return {row["name"]: row["n"] for row in found}
