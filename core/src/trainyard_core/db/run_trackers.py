"""Which tracker keeps the data of which run, in SQL."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard_core.db.batch import batches, marks
from trainyard_core.db.engine import Row, Tx

__all__ = ["counts", "fill", "of"]

TABLES = ("run", "deletion")


async def of(tx: Tx, runs: Sequence[str]) -> dict[str, str]:
    """The name of each run's tracker, also of deleted runs. What was never there is left out."""
    found: dict[str, str] = {}
    for some in batches(runs):
        rows = await tx.all(
            f"SELECT id, tracker FROM run WHERE id IN ({marks(some)}) AND tracker <> ''"
            f" UNION ALL SELECT run, tracker FROM deletion WHERE run IN ({marks(some)}) AND tracker <> ''",
            *some, *some,
        )  # fmt: skip
        found |= {row["id"]: row["tracker"] for row in rows}
    return found


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
