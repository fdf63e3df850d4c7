"""Notes, and what was sent of them."""

from __future__ import annotations

from trainyard_core.contracts.database import PluginTx


async def forwards(tx: PluginTx) -> None:
    """Make the tables."""
    await tx.run(
        """CREATE TABLE everything_note (
            project TEXT NOT NULL,
            name TEXT NOT NULL,
            text TEXT NOT NULL,
            sent INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (project, name))"""
    )
    await tx.run("CREATE INDEX everything_note_unsent ON everything_note (project) WHERE sent = 0")
    await tx.run("CREATE TABLE everything_count (counted_at BIGINT NOT NULL, notes BIGINT NOT NULL)")
