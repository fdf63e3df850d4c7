"""Columns, tables and indexes by the terms of the field: params, min and max, synced and unscored trials, a lease on a
sweep, the uptime of the server.

A new name of a column goes along into checks, keys and the conditions of indexes by itself. What is named after a
column is renamed here, and what keeps `run_value` reads `params` from now on.
"""

from __future__ import annotations

from trainyard_core.db.engine import Tx

COLUMNS = {
    "run": {
        "inputs": "params",
        "ended": "reported_status",
        "ended_reason": "reported_reason",
        "ended_message": "reported_message",
        "ended_code": "reported_exit_code",
        "ended_at": "reported_end_at",
    },
    "operation": {"given": "compile_options"},
    "metric": {"low": "min", "high": "max", "total": "value_count", "finite": "finite_count"},
    "metric_attempt": {"low": "min", "high": "max", "total": "value_count", "finite": "finite_count"},
    "agent": {"granted": "admin_labels", "allowed": "allowed_queues", "leaving": "shutting_down"},
    "idempotency": {"answer": "response"},
    "sweep": {
        "most": "max_trials",
        "parallel": "concurrency",
        "ahead": "prefetch",
        "asked": "external",
        "watched": "watches_metrics",
        "made": "created",
        "unjudged": "unscored",
        "ending": "outcome",
        "planner": "lease_holder",
        "planner_until": "lease_until",
    },
    "trial": {
        "told": "synced",
        "told_step": "synced_step",
        "figures": '"values"',
        "made_at": "created_at",
    },
}
"""`values` is a word of SQL and is always quoted."""

INDEXES = (
    "DROP INDEX metric_low",
    "DROP INDEX metric_high",
    "DROP INDEX trial_going",
    "DROP INDEX trial_news",
    "DROP INDEX attempt_held",
    "DROP INDEX run_lane",
    "DROP INDEX run_held",
    "DROP INDEX run_early",
    "CREATE INDEX metric_min ON metric (project, name, min, run)",
    "CREATE INDEX metric_max ON metric (project, name, max, run)",
    "CREATE INDEX trial_unfinished ON trial (sweep, number) WHERE phase IN ('prepared', 'open')",
    """CREATE INDEX trial_unsynced ON trial (sweep, number)
            WHERE synced < 2 AND phase IN ('succeeded', 'failed', 'stopped')""",
    """CREATE INDEX attempt_resources ON attempt (agent, gpus, resources, cpu, memory, state, released)
            WHERE released = 0 AND state <> 'exited'""",
    """CREATE INDEX run_waiting_resources ON run (queue, project, agent, resources, priority DESC, id, cpu, memory,
            gpu, status) WHERE status = 'queued'""",
    """CREATE INDEX run_live_resources ON run (queue, project, resources, managed, cpu, memory, gpu, status)
            WHERE status IN ('running', 'scheduled', 'starting', 'stopping')""",
    "CREATE INDEX run_not_queued_yet ON run (queue) WHERE status IN ('compiled', 'created', 'retrying')",
)
"""`run_waiting_resources` holds all that admission reads of waiting runs, `run_live_resources` all that it reads of
live ones. SQLite uses a partial index only for a query that writes its condition in the very same words, so the
statuses are in order; and it reads from it alone only if `status` is in it."""

TABLES = ("ALTER TABLE hearing RENAME TO uptime", "DROP TABLE reader")
"""`reader` was never written."""

CONSTRAINTS = (
    "ALTER INDEX hearing_pkey RENAME TO uptime_pkey",
    "ALTER TABLE uptime RENAME CONSTRAINT hearing_id_check TO uptime_id_check",
    "ALTER TABLE run RENAME CONSTRAINT run_ended_check TO run_reported_status_check",
    "ALTER TABLE sweep RENAME CONSTRAINT sweep_most_check TO sweep_max_trials_check",
    "ALTER TABLE sweep RENAME CONSTRAINT sweep_parallel_check TO sweep_concurrency_check",
    "ALTER TABLE sweep RENAME CONSTRAINT sweep_ahead_check TO sweep_prefetch_check",
    "ALTER TABLE trial RENAME CONSTRAINT trial_told_check TO trial_synced_check",
)
"""PostgreSQL names a constraint after its table and column."""


async def forwards(tx: Tx) -> None:
    """Rename what there is."""
    for table, columns in COLUMNS.items():
        for before, now in columns.items():
            await tx.run(f"ALTER TABLE {table} RENAME COLUMN {before} TO {now}")
    for statement in (*TABLES, *INDEXES):
        await tx.run(statement)
    await (_sqlite(tx) if tx.dialect == "sqlite" else _postgresql(tx))


async def _sqlite(tx: Tx) -> None:
    """The triggers that keep params read the new column already; they get its name."""
    for before, now in (("run_inputs_new", "run_params_new"), ("run_inputs_changed", "run_params_changed")):
        trigger = await tx.one("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?", before)
        assert trigger is not None
        await tx.run(f"DROP TRIGGER {before}")
        await tx.run(trigger["sql"].replace(before, now))


async def _postgresql(tx: Tx) -> None:
    """The function behind the triggers is text to the database, which names the old column still."""
    for statement in CONSTRAINTS:
        await tx.run(statement)
    function = await tx.one(
        "SELECT pg_get_functiondef(oid) AS sql FROM pg_proc"
        " WHERE proname = 'run_searched' AND pronamespace = current_schema()::regnamespace"
    )  # by name: a constant of type regprocedure is kept with the prepared statement, beyond a migration that failed
    assert function is not None
    await tx.run(function["sql"].replace(".inputs", ".params"))
