"""Streams to live attempts in SQL: who asked for what, and whether the agent has opened it. What they carry is in the
relay."""

from __future__ import annotations

from trainyard_core.clock import SECOND
from trainyard_core.contracts.workload import AttemptRef
from trainyard_core.db.engine import Row, Tx

__all__ = ["OPENING", "asked", "delete", "get", "insert", "mark_opened"]

OPENING = 15 * SECOND
"""So long an agent has to open a stream."""
LONGEST = 7 * 24 * 3600 * SECOND


async def insert(tx: Tx, stream: str, ref: AttemptRef, *, agent: str, request: str, actor: str, at: int) -> None:
    """Ask for a stream. Those that nobody has ended are forgotten after a week."""
    await tx.run("DELETE FROM attempt_stream WHERE created_at < ?", at - LONGEST)
    await tx.run(
        "INSERT INTO attempt_stream (id, run, number, agent, request, created_by, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        stream, ref.run, ref.attempt, agent, request, actor, at,
    )  # fmt: skip


async def asked(tx: Tx, agent: str, *, at: int) -> list[Row]:
    """The streams that an agent is to open."""
    return await tx.all(
        "SELECT * FROM attempt_stream WHERE agent = ? AND opened_at IS NULL AND created_at > ? ORDER BY created_at",
        agent,
        at - OPENING,
    )


async def get(tx: Tx, stream: str) -> Row | None:
    """A stream that goes on; None when it has ended, or there never was one."""
    return await tx.one("SELECT * FROM attempt_stream WHERE id = ?", stream)


async def mark_opened(tx: Tx, stream: str, *, at: int) -> None:
    """The agent has it."""
    await tx.run("UPDATE attempt_stream SET opened_at = ? WHERE id = ? AND opened_at IS NULL", at, stream)


async def delete(tx: Tx, stream: str) -> None:
    """It has ended."""
    await tx.run("DELETE FROM attempt_stream WHERE id = ?", stream)
