"""The log of what happened, and the places of observers in it."""

from __future__ import annotations

STATEMENTS = (
    """CREATE TABLE activity (
            id %IDENTITY%,
            project TEXT NOT NULL,                          -- empty: of none
            run TEXT,
            kind TEXT NOT NULL,
            actor TEXT NOT NULL,
            at BIGINT NOT NULL,
            data TEXT NOT NULL)                             -- JSON""",
    "CREATE INDEX activity_run ON activity (run, id)",
    "CREATE INDEX activity_project ON activity (project, id)",
    """CREATE TABLE observer (
            plugin TEXT NOT NULL,
            name TEXT NOT NULL,
            cursor_id BIGINT NOT NULL,                      -- the last activity that it has passed
            lease_holder TEXT NOT NULL DEFAULT '',          -- the process that serves it
            lease_until BIGINT NOT NULL DEFAULT 0,
            epoch BIGINT NOT NULL DEFAULT 0,                -- counts the leases
            retries BIGINT NOT NULL DEFAULT 0,              -- how often dead letters were retried
            created_at BIGINT NOT NULL,
            PRIMARY KEY (plugin, name))""",
    # Each activity at or below the cursor was handled, or is here, with the event itself so that the log may be
    # shortened.
    """CREATE TABLE observer_event (
            plugin TEXT NOT NULL,
            observer TEXT NOT NULL,
            activity BIGINT NOT NULL,
            subject TEXT NOT NULL,                          -- events of one subject stay in order
            event TEXT NOT NULL,                            -- JSON
            attempts INTEGER NOT NULL,
            due_at BIGINT NOT NULL,
            error TEXT NOT NULL,                            -- of the last attempt
            dead INTEGER NOT NULL CHECK (dead IN (0, 1)),   -- flag: it is tried no more
            PRIMARY KEY (plugin, observer, activity),
            FOREIGN KEY (plugin, observer) REFERENCES observer (plugin, name) ON DELETE CASCADE)""",
)
