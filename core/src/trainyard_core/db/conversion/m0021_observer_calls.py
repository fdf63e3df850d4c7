"""Which events an observer has failed at should its process end."""

from __future__ import annotations

from trainyard_core.db.engine import Tx


async def forwards(tx: Tx) -> None:
    """Add the column."""
    await tx.run("ALTER TABLE observer ADD COLUMN calling TEXT NOT NULL DEFAULT '[]'")
