"""Tokens know which one they were made with, so that they are revoked with it."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

STATEMENTS = (
    "ALTER TABLE token ADD COLUMN parent TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX token_parent ON token (parent) WHERE parent <> ''",
)


async def forwards(tx: Tx) -> None:
    """Add the column and its index."""
    for statement in STATEMENTS:
        await tx.run(statement)
