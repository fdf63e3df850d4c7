"""Agents as processes of their own: sessions that fence older ones, what an admin lets an agent serve, and attempts
that a person has given up."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

STATEMENTS = (
    "ALTER TABLE agent ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE agent ADD COLUMN labels TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE agent ADD COLUMN granted TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE agent ADD COLUMN resources TEXT NOT NULL DEFAULT '{}'",
    """ALTER TABLE agent ADD COLUMN allowed TEXT NOT NULL DEFAULT '["*"]'""",
    "ALTER TABLE agent ADD COLUMN version TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE agent ADD COLUMN enrolled INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE agent ADD COLUMN leaving INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE attempt ADD COLUMN lost_by TEXT NOT NULL DEFAULT ''",
)
"""`epoch` counts an agent's sessions. `labels` are the agent's own and over them those that an admin gave it
(`granted`). `allowed` are the queues that an admin lets it serve, `draining` is an admin's
wish and `leaving` the agent's own word. `lost_by` is who declared an attempt lost."""


async def forwards(tx: Tx) -> None:
    """Add the columns."""
    for statement in STATEMENTS:
        await tx.run(statement)
