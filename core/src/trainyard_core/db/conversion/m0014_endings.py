"""How a tracked program said that it ended, and why an agent is not ready."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

STATEMENTS = (
    "ALTER TABLE run ADD COLUMN ended_reason TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE run ADD COLUMN ended_code INTEGER",
    "ALTER TABLE run ADD COLUMN ended_at BIGINT",
    "ALTER TABLE agent ADD COLUMN not_ready TEXT NOT NULL DEFAULT ''",
)
"""`ended_code` is the exit code, `ended_at` the time by the clock of the program's machine, in microseconds since 1970
UTC; both are NULL where they were not told. `not_ready` is why the agent's scheduler cannot be asked; empty: it can."""


async def forwards(tx: Tx) -> None:
    """Add the columns."""
    for statement in STATEMENTS:
        await tx.run(statement)
