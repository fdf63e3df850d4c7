"""A run records the tracker that keeps its data, and a deleted run the one that is to forget it.

Runs of before get the name at the first start after the migration, from the setting `tracker` (`db.run_trackers.fill`):
until then it is empty. The indexes hold only those, so that later starts find at once that there is none.
"""

from __future__ import annotations

from trainyard_core.db.engine import Tx

STATEMENTS = (
    "ALTER TABLE run ADD COLUMN tracker TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX run_without_tracker ON run (id) WHERE tracker = ''",
    "ALTER TABLE deletion ADD COLUMN tracker TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX deletion_without_tracker ON deletion (run) WHERE tracker = ''",
)


async def forwards(tx: Tx) -> None:
    """Add the columns."""
    for statement in STATEMENTS:
        await tx.run(statement)
