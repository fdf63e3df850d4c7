"""Rules: which ends of a project's runs are told, through which connection."""

from __future__ import annotations

from trainyard_core.contracts.database import PluginTx


async def forwards(tx: PluginTx) -> None:
    """Make the table. Times are microseconds since 1970 UTC; `events` and `recipients` are JSON."""
    await tx.run(
        "CREATE TABLE notify_rule (project TEXT NOT NULL, name TEXT NOT NULL, connection TEXT NOT NULL,"
        " events TEXT NOT NULL, recipients TEXT NOT NULL, owner TEXT NOT NULL, created_at BIGINT NOT NULL,"
        " updated_at BIGINT NOT NULL, PRIMARY KEY (project, name))"
    )
