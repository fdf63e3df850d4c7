"""Sweeps and their trials; those of the time when core kept them are taken over."""

from __future__ import annotations

from trainyard_core.contracts.database import PluginTx

STATEMENTS = (
    """CREATE TABLE sweeps_sweep (
            run TEXT PRIMARY KEY,
            study TEXT NOT NULL,
            seed BIGINT NOT NULL,
            max_trials BIGINT CHECK (max_trials >= 0),
            concurrency INTEGER NOT NULL CHECK (concurrency > 0),
            prefetch INTEGER NOT NULL DEFAULT 0 CHECK (prefetch >= 0),
            external INTEGER NOT NULL DEFAULT 0,
            created BIGINT NOT NULL DEFAULT 0,
            succeeded BIGINT NOT NULL DEFAULT 0,
            failed BIGINT NOT NULL DEFAULT 0,
            stopped BIGINT NOT NULL DEFAULT 0,
            unscored BIGINT NOT NULL DEFAULT 0,
            exhausted INTEGER NOT NULL DEFAULT 0,
            outcome TEXT NOT NULL DEFAULT '')""",
    """CREATE TABLE sweeps_trial (
            sweep TEXT NOT NULL REFERENCES sweeps_sweep (run) ON DELETE CASCADE,
            key TEXT NOT NULL,
            number BIGINT NOT NULL,
            run TEXT,
            asker TEXT NOT NULL DEFAULT '',
            tuner INTEGER NOT NULL DEFAULT 0,
            phase TEXT NOT NULL CHECK (phase IN ('prepared', 'open', 'succeeded', 'failed', 'stopped')),
            synced INTEGER NOT NULL DEFAULT 0 CHECK (synced IN (0, 1, 2)),
            synced_step BIGINT NOT NULL DEFAULT -1,
            params TEXT NOT NULL,
            "values" TEXT NOT NULL DEFAULT '{}',
            value DOUBLE PRECISION,
            reason TEXT NOT NULL DEFAULT '',
            message TEXT NOT NULL DEFAULT '',
            note TEXT NOT NULL DEFAULT '',
            continues TEXT NOT NULL DEFAULT '',
            created_at BIGINT NOT NULL,
            ended_at BIGINT,
            PRIMARY KEY (sweep, key),
            CHECK (run IS NOT NULL OR phase = 'prepared'))""",
    "CREATE UNIQUE INDEX sweeps_trial_run ON sweeps_trial (run) WHERE run IS NOT NULL",
    "CREATE UNIQUE INDEX sweeps_trial_number ON sweeps_trial (sweep, number)",
    """CREATE INDEX sweeps_trial_unfinished ON sweeps_trial (sweep, number)
            WHERE phase IN ('prepared', 'open')""",
    """CREATE INDEX sweeps_trial_unsynced ON sweeps_trial (sweep, number)
            WHERE synced < 2 AND phase IN ('succeeded', 'failed', 'stopped')""",
    "CREATE INDEX sweeps_trial_value ON sweeps_trial (sweep, value, number) WHERE value IS NOT NULL",
)
"""`max_trials` is how many trials there can be (NULL: the algorithm ends by itself), `external` whether a program
outside runs them and asks for them; `outcome` is how the sweep will end once its trials have (JSON; empty: nothing is
decided). `created` are all trials so far, `succeeded`, `failed` and `stopped` those that ended so, `unscored` the
failed ones whose runs were well but brought nothing to judge them by: runs of a tuner are no trials.

A `prepared` trial has no run yet. `asker` names the program that runs an external one. `synced` is what the optimizer's
state has of a trial: 0 nothing, 1 that it goes on (with its objectives up to `synced_step`), 2 its end. `value` is that
of its first objective; `values` of a run of a tuner are its outputs."""

FORMER = ("sweeps_former_sweep", "sweeps_former_trial")
"""What core left of its own tables when it gave them up; not there in a database that never had such rows."""
EXISTS = {
    "sqlite": f"SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = '{FORMER[0]}'",
    "postgresql": f"SELECT 1 AS found WHERE to_regclass('{FORMER[0]}') IS NOT NULL",
}
SWEEP = (
    "run, study, seed, max_trials, concurrency, prefetch, external, created, succeeded, failed, stopped, unscored,"
    " exhausted, outcome"
)
TRIAL = (
    'sweep, key, number, run, asker, tuner, phase, synced, synced_step, params, "values", value, reason, message, note,'
    " continues, created_at, ended_at"
)


async def forwards(tx: PluginTx) -> None:
    """Make the tables, and fill them with what core had."""
    for statement in STATEMENTS:
        await tx.run(statement)
    if await tx.one(EXISTS[tx.dialect]) is None:
        return
    for table, former, columns in (("sweeps_sweep", FORMER[0], SWEEP), ("sweeps_trial", FORMER[1], TRIAL)):
        await tx.run(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {former}")
    for former in reversed(FORMER):
        await tx.run(f"DROP TABLE {former}")
