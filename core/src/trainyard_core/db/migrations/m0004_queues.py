"""Queues whole: priority, quota and selector of a queue; what runs and attempts ask for by any other name, and the
agent that must run one."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

EARLY = "'compiled', 'created', 'retrying'"
LIVE = "'running', 'scheduled', 'starting', 'stopping'"

STATEMENTS = (
    "ALTER TABLE queue ADD COLUMN priority INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE queue ADD COLUMN quota TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE queue ADD COLUMN selector TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE queue ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE run ADD COLUMN resources TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE run ADD COLUMN agent TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE attempt ADD COLUMN resources TEXT NOT NULL DEFAULT '{}'",
    "UPDATE queue SET updated_at = created_at",
    """CREATE INDEX run_lane ON run (queue, project, agent, resources, priority DESC, id, cpu, memory, gpu,
            status) WHERE status = 'queued'""",
    "DROP INDEX run_live",
    f"""CREATE INDEX run_held ON run (queue, project, resources, managed, cpu, memory, gpu, status)
            WHERE status IN ({LIVE})""",
    f"CREATE INDEX run_early ON run (queue) WHERE status IN ({EARLY})",
)
"""`run_lane` holds all that admission reads of waiting runs, `run_held` all that it reads of live ones, and `run_early`
finds those that will wait in a queue. SQLite uses a partial index only for a query that writes its condition in the
very same words, so the statuses are in order; and it reads from it alone only if `status` is in it."""


async def forwards(tx: Tx) -> None:
    """Add the columns and the indexes."""
    for statement in STATEMENTS:
        await tx.run(statement)
