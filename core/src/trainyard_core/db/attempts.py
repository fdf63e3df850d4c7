"""Attempts in SQL, as agents need them: everything to start one."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard_core.contracts.workload import AttemptRef
from trainyard_core.db.engine import Row, Tx

__all__ = ["ask_diagnosis", "current", "of_run", "set_diagnosis", "to_start"]


async def to_start(tx: Tx, refs: Sequence[AttemptRef]) -> list[Row]:
    """The attempts with their resolved operations, those only that still wait to be submitted."""
    rows = []
    for ref in refs:
        row = await tx.one(
            "SELECT r.id, r.project, r.name, r.queue, r.untrusted, o.resolved, r.cloned_from, r.clone_kind,"
            " r.fork_step, a.agent, a.number, a.cpu, a.gpus, p.queues AS allowed_queues FROM attempt a"
            " JOIN run r ON r.id = a.run JOIN operation o ON o.run = r.id JOIN project p ON p.name = r.project"
            " WHERE a.run = ? AND a.number = ? AND a.state = 'assigned'"
            " AND r.attempt = a.number AND r.status = 'scheduled'",
            ref.run,
            ref.attempt,
        )
        if row is not None:
            rows.append(row)
    return rows


async def of_run(tx: Tx, run: str) -> list[Row]:
    """A run's attempts, first to last."""
    return await tx.all("SELECT * FROM attempt WHERE run = ? ORDER BY number", run)


async def current(tx: Tx, run: str) -> Row | None:
    """The attempt that counts, with `agent_seen_at`, when its agent was last heard of; None before the first."""
    return await tx.one(
        "SELECT a.*, g.seen_at AS agent_seen_at FROM run r JOIN attempt a ON a.run = r.id AND a.number = r.attempt"
        " LEFT JOIN agent g ON g.name = a.agent WHERE r.id = ?",
        run,
    )


async def ask_diagnosis(tx: Tx, ref: AttemptRef, *, at: int) -> None:
    """Mark an attempt as one whose scheduler is to be asked."""
    await tx.run("UPDATE attempt SET diagnosis_asked_at = ? WHERE run = ? AND number = ?", at, ref.run, ref.attempt)


async def set_diagnosis(tx: Tx, agent: str, ref: AttemptRef, found: str, *, at: int) -> None:
    """Store what the scheduler of an agent found of an attempt that the agent holds, as JSON."""
    await tx.run(
        "UPDATE attempt SET diagnosis = ?, diagnosed_at = ? WHERE run = ? AND number = ? AND agent = ?",
        found, at, ref.run, ref.attempt, agent,
    )  # fmt: skip
