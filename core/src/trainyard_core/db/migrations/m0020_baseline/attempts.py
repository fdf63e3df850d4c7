"""Attempts of runs, and those of deleted runs that an agent still holds."""

from __future__ import annotations

ATTEMPT = """CREATE TABLE attempt (
            run TEXT NOT NULL REFERENCES run (id),
            number INTEGER NOT NULL,                        -- from 1 on
            agent TEXT NOT NULL,                            -- that it was assigned to
            state TEXT NOT NULL CHECK (state IN ('assigned', 'submitted', 'running', 'exited')),
            cpu DOUBLE PRECISION NOT NULL DEFAULT 0,        -- what it holds of the agent until it has exited
            memory BIGINT NOT NULL DEFAULT 0,
            gpus TEXT NOT NULL DEFAULT '[]',                -- JSON: which GPUs
            resources TEXT NOT NULL DEFAULT '{}',           -- JSON: amounts by any other name
            exit TEXT,                                      -- JSON: how it ended, as its scheduler said
            exit_code INTEGER,
            signal INTEGER,
            reason TEXT NOT NULL DEFAULT '',
            message TEXT NOT NULL DEFAULT '',
            lost_by TEXT NOT NULL DEFAULT '',               -- who declared it lost; empty: nobody
            drain_until BIGINT,                             -- how long its last data is waited for
            released INTEGER NOT NULL DEFAULT 0,            -- flag: its scheduler holds nothing for it any more
            created_at BIGINT NOT NULL,
            started_at BIGINT,
            finished_at BIGINT,
            PRIMARY KEY (run, number),
            CHECK ((state = 'exited') = (exit IS NOT NULL)))%WITHOUT_ROWID%"""
"""`assigned`: an agent is to submit it to its scheduler; `submitted`: the scheduler has it; `running`: its program has
started; `exited`: it has ended, however."""

INDEXES = (
    "CREATE INDEX attempt_live ON attempt (agent) WHERE released = 0",
    """CREATE INDEX attempt_resources ON attempt (agent, gpus, resources, cpu, memory, state, released)
            WHERE released = 0 AND state <> 'exited'""",
)
"""`attempt_resources` holds all that admission reads of what live attempts hold."""

STATEMENTS = (
    ATTEMPT,
    *INDEXES,
    """CREATE TABLE orphan (
            run TEXT NOT NULL,                              -- that was deleted
            number INTEGER NOT NULL,
            agent TEXT NOT NULL,
            exited INTEGER NOT NULL DEFAULT 0,              -- flag
            PRIMARY KEY (run, number))""",
    "CREATE INDEX orphan_agent ON orphan (agent)",
)
