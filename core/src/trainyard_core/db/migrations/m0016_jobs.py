"""Background jobs, and the leases of those who run them."""

from __future__ import annotations

from trainyard_core.db.engine import Tx
from trainyard_core.db.migrations.m0001_spine import IDENTITY

STATEMENTS = (
    """CREATE TABLE job (
            id %IDENTITY%,
            plugin TEXT NOT NULL,
            name TEXT NOT NULL,
            key TEXT NOT NULL,
            args TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'dead')),
            due_at BIGINT NOT NULL,
            timeout BIGINT NOT NULL,
            attempt INTEGER NOT NULL DEFAULT 0,
            next_args TEXT,
            next_at BIGINT,
            lease_holder TEXT NOT NULL DEFAULT '',
            lease_until BIGINT NOT NULL DEFAULT 0,
            epoch BIGINT NOT NULL DEFAULT 0,
            error TEXT NOT NULL DEFAULT '',
            started_at BIGINT,
            succeeded_at BIGINT,
            created_at BIGINT NOT NULL,
            UNIQUE (plugin, name, key))""",
    "CREATE INDEX job_due ON job (due_at) WHERE state = 'waiting'",
    "CREATE INDEX job_leased ON job (lease_until) WHERE state = 'running'",
)
"""`next_args` and `next_at` are those of a job that was enqueued again while it runs; times are microseconds since 1970
UTC, `timeout` is in microseconds."""


async def forwards(tx: Tx) -> None:
    """Make the table."""
    for statement in STATEMENTS:
        await tx.run(statement.replace("%IDENTITY%", IDENTITY[tx.dialect]))
