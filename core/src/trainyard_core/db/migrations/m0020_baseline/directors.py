"""Directors: the runs that plan child runs, of whatever kind."""

from __future__ import annotations

STATEMENTS = (
    """CREATE TABLE director (
            run TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
            plugin TEXT NOT NULL,                           -- whose planner plans it
            kind TEXT NOT NULL,
            version BIGINT NOT NULL DEFAULT 0,              -- moves with each plan that is written
            state %BYTES% NOT NULL,                         -- the planner's own
            watches TEXT NOT NULL DEFAULT '[]',             -- JSON: metrics of children that wake it
            progress TEXT NOT NULL DEFAULT '{}',            -- JSON
            on_delete TEXT NOT NULL DEFAULT '[]',           -- JSON: statements on the plugin's tables
            created BIGINT NOT NULL DEFAULT 0,              -- all children so far; then those that have ended so and
            succeeded BIGINT NOT NULL DEFAULT 0,            -- whose end a plan has taken note of (run.end_planned)
            failed BIGINT NOT NULL DEFAULT 0,
            stopped BIGINT NOT NULL DEFAULT 0,
            skipped BIGINT NOT NULL DEFAULT 0,
            lease_holder TEXT NOT NULL DEFAULT '',          -- the process that plans it
            lease_until BIGINT NOT NULL DEFAULT 0,
            epoch BIGINT NOT NULL DEFAULT 0)                -- counts the leases""",
)
