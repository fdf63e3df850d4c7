"""Background jobs, and the leases of those who run them."""

from __future__ import annotations

STATEMENTS = (
    """CREATE TABLE job (
            id %IDENTITY%,
            plugin TEXT NOT NULL,                           -- or core
            name TEXT NOT NULL,
            key TEXT NOT NULL,
            args TEXT NOT NULL,                             -- JSON
            state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'dead')),
            due_at BIGINT NOT NULL,
            timeout BIGINT NOT NULL,                        -- microseconds
            attempt INTEGER NOT NULL DEFAULT 0,
            next_args TEXT,                                 -- of a job that was enqueued again while it runs
            next_at BIGINT,
            lease_holder TEXT NOT NULL DEFAULT '',          -- the process that runs it
            lease_until BIGINT NOT NULL DEFAULT 0,
            epoch BIGINT NOT NULL DEFAULT 0,                -- counts the leases
            error TEXT NOT NULL DEFAULT '',                 -- of the last attempt
            started_at BIGINT,
            succeeded_at BIGINT,
            created_at BIGINT NOT NULL,
            UNIQUE (plugin, name, key))""",
    "CREATE INDEX job_due ON job (due_at) WHERE state = 'waiting'",
    "CREATE INDEX job_leased ON job (lease_until) WHERE state = 'running'",
)
