"""What runs track: how far their writers have been counted, metrics in brief, artifacts and their uploads."""

from __future__ import annotations

STATEMENTS = (
    """CREATE TABLE writer (
            run TEXT NOT NULL REFERENCES run (id),
            writer TEXT NOT NULL,                           -- a process that writes frames
            attempt INTEGER NOT NULL DEFAULT 0,             -- that it belongs to; 0: the run is only tracked
            seq BIGINT NOT NULL,                            -- the last frame that was counted
            final INTEGER NOT NULL DEFAULT 0,               -- flag: it was the writer's last one
            dropped BIGINT NOT NULL DEFAULT 0,              -- records that the program had to drop
            late BIGINT NOT NULL DEFAULT 0,                 -- frames that came after the run had ended
            updated_at BIGINT NOT NULL,
            PRIMARY KEY (run, writer))%WITHOUT_ROWID%""",
    # A metric of a run in brief; the points are with the tracker.
    """CREATE TABLE metric (
            run TEXT NOT NULL REFERENCES run (id),
            name TEXT NOT NULL,
            project TEXT NOT NULL DEFAULT '',               -- of the run; filled in by a trigger
            last DOUBLE PRECISION,                          -- NULL: not a finite number
            last_step BIGINT NOT NULL,                      -- of rows of one step, the latest counts: by
            last_time BIGINT NOT NULL DEFAULT 0,            -- time, in microseconds since 1970 UTC, and
            last_writer TEXT%BYTEWISE% NOT NULL DEFAULT '', -- writer
            min DOUBLE PRECISION,
            max DOUBLE PRECISION,
            value_count BIGINT NOT NULL,
            finite_count BIGINT NOT NULL,
            attempt INTEGER NOT NULL DEFAULT 0,             -- that holds it; 0: there is only one
            version BIGINT NOT NULL DEFAULT 0,              -- above those of all metrics of the run when it changes
            PRIMARY KEY (run, name))%WITHOUT_ROWID%""",
    "CREATE INDEX metric_version ON metric (run, version)",
    # What the attempt that holds a metric has logged of it. Runs of one attempt that continue no other have no such
    # rows. What came before the attempt counts below first_step only.
    """CREATE TABLE metric_attempt (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            first_step BIGINT NOT NULL,
            last DOUBLE PRECISION,
            last_step BIGINT NOT NULL,
            last_time BIGINT NOT NULL,
            last_writer TEXT%BYTEWISE% NOT NULL,
            min DOUBLE PRECISION,
            max DOUBLE PRECISION,
            value_count BIGINT NOT NULL,
            finite_count BIGINT NOT NULL,
            PRIMARY KEY (run, name))%WITHOUT_ROWID%""",
    """CREATE TABLE artifact (
            run TEXT NOT NULL REFERENCES run (id),
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            size BIGINT NOT NULL,                           -- bytes
            digest TEXT NOT NULL,
            data TEXT NOT NULL DEFAULT '{}',                -- JSON
            source TEXT,                                    -- the run that holds its bytes, if it is another one
            at BIGINT NOT NULL,
            PRIMARY KEY (run, name))%WITHOUT_ROWID%""",
    "CREATE INDEX artifact_source ON artifact (source) WHERE source IS NOT NULL",
    # An artifact that arrives in parts. `finishing` is written before the tracker makes the artifact, `done` with the
    # artifact's row.
    """CREATE TABLE upload (
            id TEXT PRIMARY KEY,
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            attempt INTEGER NOT NULL DEFAULT 0,             -- that it belongs to; 0: the run is only tracked
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            size BIGINT NOT NULL CHECK (size >= 0),         -- bytes
            digest TEXT NOT NULL,
            actor TEXT NOT NULL,
            state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'finishing', 'done')),
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            UNIQUE (run, name, digest, size))""",
    "CREATE INDEX upload_age ON upload (updated_at)",
)
