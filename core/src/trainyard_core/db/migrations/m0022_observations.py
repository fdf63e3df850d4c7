"""What the scheduler of an attempt said last, and diagnoses that are asked for."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

__all__ = ["forwards"]

_ATTEMPT = (
    "phase TEXT NOT NULL DEFAULT ''",  # the last observation: its phase; empty before the first
    "phase_reason TEXT NOT NULL DEFAULT ''",
    "phase_message TEXT NOT NULL DEFAULT ''",
    "detail TEXT NOT NULL DEFAULT '{}'",  # JSON, bounded
    "observed_at BIGINT",  # when it was first told so
    "diagnosis TEXT NOT NULL DEFAULT '[]'",  # JSON: what its scheduler found when it was last asked
    "diagnosed_at BIGINT",
    "diagnosis_asked_at BIGINT",
)


async def forwards(tx: Tx) -> None:
    """Add to `attempt` the last observation and the last diagnosis."""
    for column in _ATTEMPT:
        await tx.run(f"ALTER TABLE attempt ADD COLUMN {column}")
