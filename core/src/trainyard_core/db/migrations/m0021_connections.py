"""Connections: what runs may use beside their own code."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

__all__ = ["forwards"]


async def forwards(tx: Tx) -> None:
    """Make the table `connection`. A value of a secret is never in it."""
    await tx.run(
        """CREATE TABLE connection (
            name TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            fields TEXT NOT NULL DEFAULT '{}',              -- JSON: what the kind defines
            secrets TEXT NOT NULL DEFAULT '{}',             -- JSON: references to secrets, by name
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL)"""
    )
