"""Queues in SQL: their limits, and who waits in them."""

from __future__ import annotations

from collections.abc import Iterable

from trainyard_core.admission import Offer, QueueState, Waiting
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.tables import Queue, rows
from trainyard_core.lifecycle import LIVE

__all__ = ["DEFAULT", "ahead_of", "ensure", "names", "put", "states", "waiting", "waiting_run"]

DEFAULT = "default"
_LIVE = ", ".join(f"'{status}'" for status in sorted(LIVE))
_NEED = "id, queue, priority, cpu, memory, gpu"


async def ensure(tx: Tx, name: str, *, at: int) -> None:
    """Make sure that a queue exists."""
    await tx.run("INSERT INTO queue (name, created_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, at)


async def put(tx: Tx, name: str, *, concurrency: int | None, paused: bool, at: int) -> None:
    """Create a queue or change its limits."""
    await tx.run(
        "INSERT INTO queue (name, concurrency, paused, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET concurrency = excluded.concurrency, paused = excluded.paused",
        name,
        concurrency,
        int(paused),
        at,
    )


async def names(tx: Tx) -> list[str]:
    """All queues' names."""
    return [row["name"] for row in await rows(tx, Queue.select(Queue.name).order_by(Queue.name))]


async def states(tx: Tx, *, lock: bool = False) -> dict[str, QueueState]:
    """All queues with their live counts. With `lock`, agents that lease at the same time take turns."""
    hold = " FOR UPDATE" if lock and tx.dialect == "postgresql" else ""
    rows = await tx.all(f"SELECT name, concurrency, paused FROM queue ORDER BY name{hold}")
    counts = await tx.all(
        f"SELECT queue, COUNT(*) AS n FROM run WHERE status IN ({_LIVE}) AND managed = 1 GROUP BY queue"
    )
    live = {row["queue"]: row["n"] for row in counts}
    return {
        row["name"]: QueueState(
            name=row["name"],
            concurrency=row["concurrency"],
            paused=bool(row["paused"]),
            live=live.get(row["name"], 0),
        )
        for row in rows
    }


async def waiting(tx: Tx, queues: Iterable[str], offer: Offer, *, most: int) -> list[Waiting]:
    """The first runs that wait in each of these queues and fit the agent in whole: those that never do must not
    hide the ones behind them."""
    found: list[Waiting] = []
    for queue in queues:
        rows = await tx.all(
            f"SELECT {_NEED} FROM run WHERE status = 'queued' AND queue = ? AND cpu <= ? AND memory <= ? AND gpu <= ?"
            " ORDER BY priority DESC, id LIMIT ?",
            queue, offer.cpu, offer.memory, offer.gpu, most,
        )  # fmt: skip
        found += [waiting_run(row) for row in rows]
    return found


async def ahead_of(tx: Tx, run: Waiting, *, most: int) -> list[Waiting]:
    """The runs before this one in its queue."""
    rows = await tx.all(
        f"SELECT {_NEED} FROM run WHERE status = 'queued' AND queue = ? AND (priority > ? OR (priority = ? AND id < ?))"
        " ORDER BY priority DESC, id LIMIT ?",
        run.queue, run.priority, run.priority, run.run, most,
    )  # fmt: skip
    return [waiting_run(row) for row in rows]


def waiting_run(row: Row) -> Waiting:
    """What a run asks for."""
    return Waiting(
        run=row["id"],
        queue=row["queue"],
        priority=row["priority"],
        cpu=row["cpu"],
        memory=row["memory"],
        gpu=row["gpu"],
    )
