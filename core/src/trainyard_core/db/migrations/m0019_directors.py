"""Directors: the runs that plan child runs, of whatever kind; which ends of children a written plan has noted."""

from __future__ import annotations

import json

from trainyard_core.db.engine import Tx

SWEEP = ("version", "state", "watches_metrics", "lease_holder", "lease_until")
"""Columns of sweeps that every parent has now."""
STATEMENTS = (
    """CREATE TABLE director (
            run TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
            plugin TEXT NOT NULL,
            kind TEXT NOT NULL,
            version BIGINT NOT NULL DEFAULT 0,
            state %BYTES% NOT NULL,
            watches TEXT NOT NULL DEFAULT '[]',
            progress TEXT NOT NULL DEFAULT '{}',
            on_delete TEXT NOT NULL DEFAULT '[]',
            created BIGINT NOT NULL DEFAULT 0,
            succeeded BIGINT NOT NULL DEFAULT 0,
            failed BIGINT NOT NULL DEFAULT 0,
            stopped BIGINT NOT NULL DEFAULT 0,
            skipped BIGINT NOT NULL DEFAULT 0,
            lease_holder TEXT NOT NULL DEFAULT '',
            lease_until BIGINT NOT NULL DEFAULT 0,
            epoch BIGINT NOT NULL DEFAULT 0)""",
    "ALTER TABLE run ADD COLUMN end_planned INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX run_unplanned ON run (parent, id) WHERE parent IS NOT NULL AND end_planned = 0",
    """INSERT INTO director (run, plugin, kind, version, state, watches, progress, created, succeeded, failed, stopped,
            lease_holder, lease_until)
        SELECT run, '', 'sweep', version, state, '[]', '{}', created, succeeded, failed, stopped, '', 0 FROM sweep""",
    """UPDATE run SET end_planned = 1
        WHERE parent IS NOT NULL AND status IN ('succeeded', 'failed', 'stopped', 'skipped')
        AND NOT EXISTS (SELECT 1 FROM trial t WHERE t.run = run.id AND t.phase = 'open')""",
    """UPDATE trial SET "values" = (SELECT r.outputs FROM run r WHERE r.id = trial.run) WHERE tuner = 1 AND synced < 2
        AND EXISTS (SELECT 1 FROM run r WHERE r.id = trial.run)""",
)
"""`version` moves with each plan that was written. `created` are all children so far, the others those that have ended
so and that a plan has taken note of: their runs have `end_planned`. Of a tuner's run, `values` of the trial has the
outputs. `on_delete` are statements on the plugin's tables
(JSON). `epoch` counts the leases."""


async def forwards(tx: Tx) -> None:
    """Create the table, the column and the index, and take over what there is of sweeps."""
    words = {"sqlite": "BLOB", "postgresql": "BYTEA"}
    for statement in STATEMENTS:
        await tx.run(statement.replace("%BYTES%", words[tx.dialect]))
    for row in await tx.all("SELECT run, study, watches_metrics FROM sweep"):
        watches = _watched(row["study"]) if row["watches_metrics"] else []
        await tx.run("UPDATE director SET watches = ? WHERE run = ?", json.dumps(watches), row["run"])
    for column in SWEEP:
        await tx.run(f"ALTER TABLE sweep DROP COLUMN {column}")


def _watched(study: str) -> list[str]:
    """The metrics of a sweep that may matter while a trial runs: those of its rules and its objectives."""
    sweep = json.loads(study)
    rules = [rule["metric"] for rule in sweep.get("rules", ()) if "metric" in rule]
    return sorted({*rules, *(objective["name"] for objective in sweep.get("objectives", ()))})
