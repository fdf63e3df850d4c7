"""Agents and the attempts they hold, in SQL."""

from __future__ import annotations

import msgspec

from trainyard_core.admission import Free, Offer
from trainyard_core.clock import SECOND
from trainyard_core.db.engine import Row, Tx

__all__ = ["Registration", "held", "offers", "register", "seen"]

_decode = msgspec.json.decode
_encode = msgspec.json.Encoder().encode


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent presents itself: its name, its scheduler's name, the queues it serves and what it has in whole."""

    name: str
    scheduler: str
    queues: tuple[str, ...]
    cpu: float
    memory: int
    gpu: int


async def register(tx: Tx, agent: Registration, *, at: int) -> None:
    """Add an agent, or renew what it says of itself. Idempotent."""
    await tx.run(
        "INSERT INTO agent (name, scheduler, queues, cpu, memory, gpu, draining, seen_at)"
        " VALUES (?, ?, ?, ?, ?, ?, 0, ?)"
        " ON CONFLICT (name) DO UPDATE SET scheduler = excluded.scheduler, queues = excluded.queues,"
        " cpu = excluded.cpu, memory = excluded.memory, gpu = excluded.gpu, draining = 0, seen_at = excluded.seen_at",
        agent.name, agent.scheduler, _encode(agent.queues).decode(), agent.cpu, agent.memory, agent.gpu, at,
    )  # fmt: skip


async def seen(tx: Tx, agent: str, *, at: int) -> bool:
    """It was heard of. False when it is not registered."""
    return await tx.one("UPDATE agent SET seen_at = ? WHERE name = ? RETURNING name", at, agent) is not None


async def held(tx: Tx, agent: str) -> list[Row]:
    """The attempts that an agent has not released, with where their runs are."""
    return await tx.all(
        "SELECT a.run, a.number, a.state, a.exit, a.finished_at,"
        " r.status, r.attempt AS current, r.intent_reason"
        " FROM attempt a JOIN run r ON r.id = a.run WHERE a.agent = ? AND a.released = 0 ORDER BY a.run",
        agent,
    )


async def offers(tx: Tx, *, at: int, silence: float, agent: str | None = None) -> list[Offer]:
    """What agents offer: all of them, or one."""
    where, args = (" WHERE name = ?", (agent,)) if agent else ("", ())
    rows = await tx.all(f"SELECT * FROM agent{where} ORDER BY name", *args)
    return [await _offer(tx, row, at, silence) for row in rows]


async def _offer(tx: Tx, row: Row, at: int, silence: float) -> Offer:
    live = await tx.all(
        "SELECT cpu, memory, gpus FROM attempt WHERE agent = ? AND released = 0 AND state <> 'exited'", row["name"]
    )
    taken = {device for attempt in live for device in _decode(attempt["gpus"])}
    free = Free(
        cpu=row["cpu"] - sum(attempt["cpu"] for attempt in live),
        memory=row["memory"] - sum(attempt["memory"] for attempt in live),
        gpus=tuple(device for device in range(row["gpu"]) if device not in taken),
    )
    return Offer(
        agent=row["name"],
        queues=tuple(_decode(row["queues"])),
        cpu=row["cpu"],
        memory=row["memory"],
        gpu=row["gpu"],
        free=free,
        alive=at - row["seen_at"] <= silence * SECOND,
        draining=bool(row["draining"]),
    )
