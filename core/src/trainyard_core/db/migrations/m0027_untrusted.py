"""Runs whose code comes from outside, and connections that these may use."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

STATEMENTS = (
    "ALTER TABLE run ADD COLUMN untrusted INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE connection ADD COLUMN untrusted INTEGER NOT NULL DEFAULT 0",
)


async def forwards(tx: Tx) -> None:
    """Add the columns."""
    for statement in STATEMENTS:
        await tx.run(statement)
