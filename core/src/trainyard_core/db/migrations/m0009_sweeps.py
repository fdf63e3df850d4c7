"""Sweeps: what is searched and how far it has come, and their trials; and an index of what live attempts hold."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

STATEMENTS = (
    """CREATE TABLE sweep (
            run TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
            study TEXT NOT NULL,
            seed BIGINT NOT NULL,
            most BIGINT CHECK (most >= 0),
            parallel INTEGER NOT NULL CHECK (parallel > 0),
            ahead INTEGER NOT NULL DEFAULT 0 CHECK (ahead >= 0),
            asked INTEGER NOT NULL DEFAULT 0,
            watched INTEGER NOT NULL DEFAULT 0,
            version BIGINT NOT NULL DEFAULT 0,
            state %BYTES% NOT NULL,
            made BIGINT NOT NULL DEFAULT 0,
            succeeded BIGINT NOT NULL DEFAULT 0,
            failed BIGINT NOT NULL DEFAULT 0,
            stopped BIGINT NOT NULL DEFAULT 0,
            unjudged BIGINT NOT NULL DEFAULT 0,
            exhausted INTEGER NOT NULL DEFAULT 0,
            ending TEXT NOT NULL DEFAULT '',
            planner TEXT NOT NULL DEFAULT '',
            planner_until BIGINT NOT NULL DEFAULT 0)""",
    """CREATE TABLE trial (
            sweep TEXT NOT NULL REFERENCES sweep (run) ON DELETE CASCADE,
            key TEXT NOT NULL,
            number BIGINT NOT NULL,
            run TEXT,
            tuner INTEGER NOT NULL DEFAULT 0,
            phase TEXT NOT NULL CHECK (phase IN ('prepared', 'open', 'succeeded', 'failed', 'stopped')),
            told INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1, 2)),
            told_step BIGINT NOT NULL DEFAULT -1,
            params TEXT NOT NULL,
            figures TEXT NOT NULL DEFAULT '{}',
            value DOUBLE PRECISION,
            reason TEXT NOT NULL DEFAULT '',
            message TEXT NOT NULL DEFAULT '',
            note TEXT NOT NULL DEFAULT '',
            continues TEXT NOT NULL DEFAULT '',
            made_at BIGINT NOT NULL,
            ended_at BIGINT,
            PRIMARY KEY (sweep, key),
            CHECK (run IS NOT NULL OR phase = 'prepared'))""",
    "CREATE UNIQUE INDEX trial_run ON trial (run) WHERE run IS NOT NULL",
    "CREATE UNIQUE INDEX trial_number ON trial (sweep, number)",
    "CREATE INDEX trial_going ON trial (sweep, number) WHERE phase IN ('prepared', 'open')",
    "CREATE INDEX trial_news ON trial (sweep, number) WHERE told < 2 AND phase IN ('succeeded', 'failed', 'stopped')",
    "CREATE INDEX trial_value ON trial (sweep, value, number) WHERE value IS NOT NULL",
    """CREATE INDEX attempt_held ON attempt (agent, gpus, resources, cpu, memory, state, released)
            WHERE released = 0 AND state <> 'exited'""",
)
"""`most` is how many trials there can be (NULL: the algorithm ends by itself), `asked` whether a program outside asks
for them, `watched` whether metrics matter while a trial runs, `version` moves with each plan that was written, `ending`
is how the sweep will end once its trials have (JSON; empty: nothing is decided). `planner` is the process that thinks
about it, until a moment.

`made` are all trials so far, `succeeded`, `failed` and `stopped` those that ended so, `unjudged` the failed ones whose
runs were well but brought nothing to judge them by: runs of a tuner are no trials.

A `prepared` trial has no run yet. `told` is what the optimizer's state has of it: 0 nothing, 1 that it goes on (with
its objectives up to `told_step`), 2 its end. `value` is that of its first objective."""


async def forwards(tx: Tx) -> None:
    """Create the tables and the index."""
    words = {"sqlite": "BLOB", "postgresql": "BYTEA"}
    for statement in STATEMENTS:
        await tx.run(statement.replace("%BYTES%", words[tx.dialect]))
