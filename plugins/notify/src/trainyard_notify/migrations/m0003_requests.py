"""What operations ask for: which statuses of a run are told through a connection, until the run has ended."""

from __future__ import annotations

from trainyard_core.contracts.database import PluginTx


async def forwards(tx: PluginTx) -> None:
    """Make the table. `events` is JSON; `owner` is the actor who created the run."""
    await tx.run(
        "CREATE TABLE notify_request (run TEXT NOT NULL, connection TEXT NOT NULL, project TEXT NOT NULL,"
        " owner TEXT NOT NULL, events TEXT NOT NULL, PRIMARY KEY (run, connection))"
    )
    await tx.run("CREATE INDEX notify_request_project ON notify_request (project)")
