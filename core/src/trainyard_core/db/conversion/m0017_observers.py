"""Observers' places in the activity log, and the events that they have not finished."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

STATEMENTS = (
    """CREATE TABLE observer (
            plugin TEXT NOT NULL,
            name TEXT NOT NULL,
            cursor_id BIGINT NOT NULL,
            lease_holder TEXT NOT NULL DEFAULT '',
            lease_until BIGINT NOT NULL DEFAULT 0,
            epoch BIGINT NOT NULL DEFAULT 0,
            retries BIGINT NOT NULL DEFAULT 0,
            created_at BIGINT NOT NULL,
            PRIMARY KEY (plugin, name))""",
    """CREATE TABLE observer_event (
            plugin TEXT NOT NULL,
            observer TEXT NOT NULL,
            activity BIGINT NOT NULL,
            subject TEXT NOT NULL,
            event TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            due_at BIGINT NOT NULL,
            error TEXT NOT NULL,
            dead INTEGER NOT NULL CHECK (dead IN (0, 1)),
            PRIMARY KEY (plugin, observer, activity),
            FOREIGN KEY (plugin, observer) REFERENCES observer (plugin, name) ON DELETE CASCADE)""",
)
"""`cursor_id` is the last activity that an observer has passed: each one at or below it was handled, or is in
`observer_event`, which holds the event itself so that the log may be shortened. `retries` counts how often dead letters
were retried, for the holder to see. Times are microseconds since 1970 UTC."""


async def forwards(tx: Tx) -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        await tx.run(statement)
