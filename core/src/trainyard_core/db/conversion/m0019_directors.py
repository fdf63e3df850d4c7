"""Directors: the runs that plan child runs, of whatever kind; which ends of children a written plan has noted.

What the tables `sweep` and `trial` hold becomes tables of the plugin `sweeps`, whose first step takes them over,
whenever it is installed: until then nobody reads the rows and nobody loses them. Without rows they are removed.
"""

from __future__ import annotations

import json

from trainyard_core.db.engine import Row, Tx, schema_of

SWEEPS = "sweeps"
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
    f"""INSERT INTO director (run, plugin, kind, version, state, created, succeeded, failed, stopped)
        SELECT run, '{SWEEPS}', 'sweep', version, state, created, succeeded, failed, stopped FROM sweep""",
    """UPDATE run SET end_planned = 1
        WHERE parent IS NOT NULL AND status IN ('succeeded', 'failed', 'stopped', 'skipped')
        AND NOT EXISTS (SELECT 1 FROM trial t WHERE t.run = run.id AND t.phase = 'open')""",
    """UPDATE trial SET "values" = (SELECT r.outputs FROM run r WHERE r.id = trial.run) WHERE tuner = 1 AND synced < 2
        AND EXISTS (SELECT 1 FROM run r WHERE r.id = trial.run)""",
    "ALTER TABLE trial ADD COLUMN asker TEXT NOT NULL DEFAULT ''",
)
"""`version` moves with each plan that was written. `created` are all children so far, the others those that have ended
so and that a plan has taken note of: their runs have `end_planned`. `on_delete` are statements on the plugin's tables
(JSON). `epoch` counts the leases. Of a tuner's run, `values` of the trial has the outputs from now on."""

OPEN_EXTERNAL = """SELECT t.run, r.meta FROM trial t JOIN sweep s ON s.run = t.sweep JOIN run r ON r.id = t.run
        WHERE s.external = 1 AND t.phase = 'open'"""
INDEXES = ("trial_run", "trial_number", "trial_unfinished", "trial_unsynced", "trial_value")
SCHEMA = schema_of(SWEEPS)
MOVES = {
    "sqlite": (
        "ALTER TABLE sweep RENAME TO sweeps_former_sweep",
        "ALTER TABLE trial RENAME TO sweeps_former_trial",
    ),
    "postgresql": (
        f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
        "ALTER TABLE sweep DROP CONSTRAINT sweep_run_fkey",
        f"ALTER TABLE sweep SET SCHEMA {SCHEMA}",
        f"ALTER TABLE trial SET SCHEMA {SCHEMA}",
        f"ALTER TABLE {SCHEMA}.sweep RENAME TO sweeps_former_sweep",
        f"ALTER TABLE {SCHEMA}.trial RENAME TO sweeps_former_trial",
    ),
}
REMOVAL = ("DROP TABLE trial", "DROP TABLE sweep")


async def forwards(tx: Tx) -> None:
    """Create the table, the column and the index, and hand over what the plugin is to have."""
    words = {"sqlite": "BLOB", "postgresql": "BYTEA"}
    for statement in STATEMENTS:
        await tx.run(statement.replace("%BYTES%", words[tx.dialect]))
    sweeps = await tx.all("SELECT run, study, watches_metrics FROM sweep")
    for row in sweeps:
        watches, deletion = json.dumps(_watches(row)), json.dumps(_deletion(row["run"]))
        await tx.run("UPDATE director SET watches = ?, on_delete = ? WHERE run = ?", watches, deletion, row["run"])
    for row in await tx.all(OPEN_EXTERNAL):
        asker = json.loads(row["meta"]).get("trial", {}).get("asker", "")
        await tx.run("UPDATE trial SET asker = ? WHERE run = ?", asker, row["run"])
    for index in INDEXES:
        await tx.run(f"DROP INDEX {index}")
    for statement in MOVES[tx.dialect] if sweeps else REMOVAL:
        await tx.run(statement)


def _watches(row: Row) -> list[str]:
    """The metrics of a sweep that may matter while a trial runs: those of its rules and its objectives."""
    if not row["watches_metrics"]:
        return []
    sweep = json.loads(row["study"])
    rules = [rule["metric"] for rule in sweep.get("rules", ()) if "metric" in rule]
    return sorted({*rules, *(objective["name"] for objective in sweep.get("objectives", ()))})


def _deletion(run: str) -> list[dict[str, object]]:
    """What the plugin wants done with its tables when the run is deleted."""
    return [
        {"sql": "DELETE FROM sweeps_trial WHERE sweep = ?", "rows": [[run]]},
        {"sql": "DELETE FROM sweeps_sweep WHERE run = ?", "rows": [[run]]},
    ]
