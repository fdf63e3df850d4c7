"""Which tracker keeps the data of which run, in SQL."""

from __future__ import annotations

from trainyard_core.db.engine import Row, Tx

__all__ = ["counts", "fill", "of"]

TABLES = ("run", "deletion")


async def of(tx: Tx, run: str) -> str | None:
    """The name of a run's tracker, also of a deleted run; None for a run that was never there."""
    row = await tx.one(
        "SELECT tracker FROM run WHERE id = ? UNION ALL SELECT tracker FROM deletion WHERE run = ? LIMIT 1", run, run
    )
    return None if row is None else row["tracker"]


async def fill(tx: Tx, tracker: str) -> int:
    """Record `tracker` for the runs that were made before runs recorded one. Returns how many those were."""
    return sum([await tx.run(f"UPDATE {table} SET tracker = ? WHERE tracker = ''", tracker) for table in TABLES])


async def counts(tx: Tx) -> list[Row]:
    """How many runs each tracker keeps: `tracker` and `n`, and `example`, the id of the newest of them. Deleted runs
    count as long as their tracker has not forgotten them."""
    return await tx.all(
        "SELECT tracker, COUNT(*) AS n, MAX(id) AS example FROM (SELECT tracker, id FROM run UNION ALL"
        " SELECT tracker, run FROM deletion WHERE next_at IS NOT NULL) AS kept GROUP BY tracker ORDER BY tracker"
    )
