"""Notices that wait for their receivers, and those that were taken a while ago."""

from __future__ import annotations

from trainyard_core.contracts.database import PluginTx


async def forwards(tx: PluginTx) -> None:
    """Make the table. `rule` is empty for what an operation asks for itself, which names its `connection`; `notice` is
    JSON; `job` is the job that has failed at it, 0 before; it is not sent before `due_at`. Times are microseconds since
    1970 UTC."""
    await tx.run(
        "CREATE TABLE notify_outbox (project TEXT NOT NULL, run TEXT NOT NULL, rule TEXT NOT NULL,"
        " connection TEXT NOT NULL, event BIGINT NOT NULL, notice TEXT NOT NULL, job BIGINT NOT NULL DEFAULT 0,"
        " due_at BIGINT NOT NULL DEFAULT 0, created_at BIGINT NOT NULL, sent_at BIGINT,"
        " PRIMARY KEY (run, rule, connection, event))"
    )
    await tx.run("CREATE INDEX notify_outbox_project ON notify_outbox (project, rule)")
    await tx.run("CREATE INDEX notify_outbox_created ON notify_outbox (created_at)")
