"""An attempt that waits for its agent is `assigned`, not `leased`."""

from __future__ import annotations

from trainyard_core.db.engine import Tx
from trainyard_core.db.migrations.m0020_baseline import attempts, rendered

COLUMNS = (
    "run, number, agent, cpu, memory, gpus, resources, exit, exit_code, signal, reason, message, lost_by, drain_until,"
    " released, created_at, started_at, finished_at"
)
SQLITE = (
    "ALTER TABLE attempt RENAME TO attempt_former",
    attempts.ATTEMPT,
    f"""INSERT INTO attempt ({COLUMNS}, state)
        SELECT {COLUMNS}, CASE WHEN state = 'leased' THEN 'assigned' ELSE state END FROM attempt_former""",
    "DROP TABLE attempt_former",
    *attempts.INDEXES,
)
"""SQLite changes no check of a table: the table is made anew. No other table refers to it."""
POSTGRESQL = (
    "ALTER TABLE attempt DROP CONSTRAINT attempt_state_check",
    "UPDATE attempt SET state = 'assigned' WHERE state = 'leased'",
    """ALTER TABLE attempt ADD CONSTRAINT attempt_state_check
        CHECK (state IN ('assigned', 'submitted', 'running', 'exited'))""",
)


async def forwards(tx: Tx) -> None:
    """Change the check and the rows."""
    for statement in SQLITE if tx.dialect == "sqlite" else POSTGRESQL:
        await tx.run(rendered(statement, tx.dialect))
