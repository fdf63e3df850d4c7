"""Runs: their rows and operations, edges between them, what they refer to, and what is left of deleted ones."""

from __future__ import annotations

STATUSES = (
    "'created','compiled','queued','scheduled','starting','running','retrying','stopping',"
    "'succeeded','failed','stopped','skipped'"
)
FINAL = "'succeeded','failed','stopped','skipped'"

STATEMENTS = (
    f"""CREATE TABLE run (
            id TEXT PRIMARY KEY,                            -- UUIDv7: sorts by the time of its creation
            project TEXT NOT NULL REFERENCES project (name),
            kind TEXT NOT NULL,
            name TEXT NOT NULL DEFAULT '',
            description TEXT NOT NULL DEFAULT '',
            tags TEXT NOT NULL DEFAULT '[]',                -- JSON

            status TEXT NOT NULL CHECK (status IN ({STATUSES})),
            reason TEXT NOT NULL DEFAULT '',                -- of the status
            message TEXT NOT NULL DEFAULT '',
            intent TEXT NOT NULL DEFAULT 'run' CHECK (intent IN ('run', 'stop')),   -- what is wanted of it
            intent_reason TEXT NOT NULL DEFAULT '',
            intent_message TEXT NOT NULL DEFAULT '',
            intent_at BIGINT,
            hold TEXT NOT NULL DEFAULT '' CHECK (hold IN ('', 'approval', 'upload', 'upstream', 'schedule')),
            wake_at BIGINT,                                 -- when to reconcile it next; NULL: when something happens
            wake_seq BIGINT NOT NULL DEFAULT 0,             -- counts the requests to reconcile it

            managed INTEGER NOT NULL DEFAULT 1,             -- flag: Trainyard starts it; else it is only tracked
            queue TEXT NOT NULL DEFAULT '',
            priority INTEGER NOT NULL DEFAULT 0,            -- within the queue; higher ones start first
            agent TEXT NOT NULL DEFAULT '',                 -- the only one that may run it; empty: any
            cpu DOUBLE PRECISION NOT NULL DEFAULT 0,        -- what an attempt asks for
            memory BIGINT NOT NULL DEFAULT 0,
            gpu INTEGER NOT NULL DEFAULT 0,
            resources TEXT NOT NULL DEFAULT '{{}}',           -- JSON: amounts by any other name
            timeout_us BIGINT,                              -- microseconds from the start of an attempt

            attempt INTEGER NOT NULL DEFAULT 0,             -- number of the current one; 0: none yet
            user_failures INTEGER NOT NULL DEFAULT 0,       -- failed attempts that count against max_retries
            platform_failures INTEGER NOT NULL DEFAULT 0,   -- those that count against the setting platform_retries
            max_retries INTEGER NOT NULL DEFAULT 0,

            parent TEXT,                                    -- the run whose child it is
            key TEXT,                                       -- unique among the children of the parent
            end_planned INTEGER NOT NULL DEFAULT 0,         -- flag: a plan of the parent has taken note of its end
            cloned_from TEXT,
            clone_kind TEXT NOT NULL DEFAULT '' CHECK (clone_kind IN ('', 'restart', 'resume', 'copy')),
            fork_step BIGINT,                               -- up to where it continues the metrics of the run cloned

            compiled INTEGER NOT NULL DEFAULT 0,            -- flag: operation.resolved holds its operation
            digest TEXT NOT NULL DEFAULT '',                -- of the resolved operation
            params TEXT NOT NULL DEFAULT '{{}}',              -- JSON, as are outputs and meta
            outputs TEXT NOT NULL DEFAULT '{{}}',
            meta TEXT NOT NULL DEFAULT '{{}}',
            progress DOUBLE PRECISION,                      -- from 0 to 1

            -- how a tracked program said that it ended; NULL where it was not told
            reported_status TEXT NOT NULL DEFAULT '' CHECK (reported_status IN ('', 'succeeded', 'failed', 'stopped')),
            reported_reason TEXT NOT NULL DEFAULT '',
            reported_message TEXT NOT NULL DEFAULT '',
            reported_exit_code INTEGER,
            reported_end_at BIGINT,                         -- by the clock of the program's machine

            created_by TEXT NOT NULL DEFAULT '',
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            started_at BIGINT,
            finished_at BIGINT,
            archived_at BIGINT,
            CHECK ((status IN ({FINAL})) = (finished_at IS NOT NULL)),
            CHECK (status NOT IN ('scheduled', 'starting') OR attempt > 0),
            CHECK (wake_at IS NULL OR status NOT IN ({FINAL})))""",
    "CREATE INDEX run_project ON run (project, id)",
    "CREATE INDEX run_top ON run (project, id) WHERE parent IS NULL",
    "CREATE INDEX run_archived ON run (project, id) WHERE archived_at IS NOT NULL",
    "CREATE UNIQUE INDEX run_key ON run (parent, key) WHERE key IS NOT NULL",
    "CREATE INDEX run_unplanned ON run (parent, id) WHERE parent IS NOT NULL AND end_planned = 0",
    "CREATE INDEX run_wake ON run (wake_at) WHERE wake_at IS NOT NULL",
    # The next four are for admission: run_waiting_resources holds all that it reads of waiting runs,
    # run_live_resources all that it reads of live ones. SQLite uses a partial index only for a query that writes its
    # condition in the very same words, so the statuses are in order; and it reads from the index alone only if
    # `status` is in it.
    "CREATE INDEX run_waiting ON run (queue, priority DESC, id) WHERE status = 'queued'",
    """CREATE INDEX run_waiting_resources ON run (queue, project, agent, resources, priority DESC, id, cpu, memory,
            gpu, status) WHERE status = 'queued'""",
    """CREATE INDEX run_live_resources ON run (queue, project, resources, managed, cpu, memory, gpu, status)
            WHERE status IN ('running', 'scheduled', 'starting', 'stopping')""",
    "CREATE INDEX run_not_queued_yet ON run (queue) WHERE status IN ('compiled', 'created', 'retrying')",
    """CREATE TABLE operation (
            run TEXT PRIMARY KEY REFERENCES run (id),
            spec TEXT NOT NULL,                             -- JSON: the operation as it was given
            resolved TEXT NOT NULL,                         -- JSON: what it came to; null: it is not compiled yet
            compile_options TEXT NOT NULL DEFAULT '{}'      -- JSON: what came beside the operation's text
            )%WITHOUT_ROWID%""",
    """CREATE TABLE edge (
            run TEXT NOT NULL REFERENCES run (id),
            source TEXT NOT NULL,                           -- the run that this one depends on
            kind TEXT NOT NULL CHECK (kind IN ('upstream', 'parent', 'cloned')),
            data TEXT NOT NULL DEFAULT '{}',                -- JSON
            at BIGINT NOT NULL,
            PRIMARY KEY (run, source, kind))""",
    "CREATE INDEX edge_source ON edge (source, kind, run)",
    # Which run was made with which version of what its operation refers to; plugins keep the versions themselves.
    """CREATE TABLE run_reference (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            project TEXT NOT NULL,                          -- of what is referred to
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            version TEXT NOT NULL,
            digest TEXT NOT NULL,
            PRIMARY KEY (run, kind, name, version))""",
    "CREATE INDEX run_reference_target ON run_reference (project, kind, name, version, digest)",
    """CREATE TABLE reference_withdrawal (
            project TEXT NOT NULL REFERENCES project (name) ON DELETE CASCADE,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            version TEXT NOT NULL,
            digest TEXT NOT NULL,
            PRIMARY KEY (project, kind, name, version, digest))""",
    # Every deleted run, for ever, so that no id is used twice.
    """CREATE TABLE deletion (
            run TEXT PRIMARY KEY,
            project TEXT NOT NULL,
            at BIGINT NOT NULL,
            next_at BIGINT,                                 -- when the tracker is to forget it; NULL: it has
            passes INTEGER NOT NULL DEFAULT 0,              -- how often it has
            failures INTEGER NOT NULL DEFAULT 0)            -- how often it could not since then""",
    "CREATE INDEX deletion_due ON deletion (next_at) WHERE next_at IS NOT NULL",
)
