"""Deleted runs in SQL: their rows go at once, those of a parent's children all together; what lies elsewhere is
remembered until it is gone too.

`deletion` has a row for every deleted run, for ever, so that no id is used twice; `next_at` says when the tracker is
to be asked (again) to forget the run. `orphan` has the attempts that an agent still held.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainyard_core.clock import SECOND
from trainyard_core.contracts.workload import AttemptRef
from trainyard_core.db import jobs
from trainyard_core.db.engine import Row, Tx

__all__ = [
    "PURGE",
    "PURGE_TIMEOUT",
    "due",
    "forgotten",
    "is_deleted",
    "next_due",
    "orphan_ended",
    "orphans",
    "orphans_released",
    "postpone",
    "remove",
    "remove_children",
    "with_children",
]

PURGE = "purge"
"""The job that has the tracker forget deleted runs."""
PURGE_TIMEOUT = 600 * SECOND
OWNED = ("operation", "attempt", "attempt_stream", "writer", "metric", "artifact")
"""Tables whose rows belong to a run by their column `run`."""


async def remove(tx: Tx, row: Row, *, at: int) -> None:
    """Take a run out of the database. Its activities stay. The caller has made sure that nothing needs it."""
    run = row["id"]
    await tx.run(
        "INSERT INTO orphan (run, number, agent, exited) SELECT run, number, agent,"
        " CASE WHEN state = 'exited' THEN 1 ELSE 0 END FROM attempt WHERE run = ? AND released = 0",
        run,
    )
    for table in OWNED:
        await tx.run(f"DELETE FROM {table} WHERE run = ?", run)
    await tx.run("DELETE FROM edge WHERE run = ?", run)
    await tx.run("DELETE FROM run WHERE id = ?", run)
    await tx.run(
        "INSERT INTO deletion (run, project, at, next_at, tracker) VALUES (?, ?, ?, ?, ?)",
        run, row["project"], at, at, row["tracker"],
    )  # fmt: skip
    await _request_purge(tx, at)


async def remove_children(tx: Tx, parent: Row, *, at: int) -> None:
    """Take all children of a run out of the database, as `remove` does with one."""
    children, args = "SELECT id FROM run WHERE project = ? AND parent = ?", (parent["project"], parent["id"])
    await tx.run(
        "INSERT INTO orphan (run, number, agent, exited) SELECT run, number, agent,"
        f" CASE WHEN state = 'exited' THEN 1 ELSE 0 END FROM attempt WHERE run IN ({children}) AND released = 0",
        *args,
    )
    await tx.run(
        "INSERT INTO deletion (run, project, at, next_at, tracker)"
        " SELECT id, project, CAST(? AS BIGINT), CAST(? AS BIGINT), tracker FROM run WHERE project = ? AND parent = ?",
        at, at, *args,
    )  # fmt: skip
    for table in (*OWNED, "edge"):
        await tx.run(f"DELETE FROM {table} WHERE run IN ({children})", *args)
    await tx.run("DELETE FROM run WHERE project = ? AND parent = ?", *args)
    await _request_purge(tx, at)


async def _request_purge(tx: Tx, at: int) -> None:
    """Have the tracker forget what was deleted, once that is committed."""
    await jobs.enqueue(tx, jobs.NewJob(plugin=jobs.CORE, name=PURGE, key="", timeout=PURGE_TIMEOUT, at=at))


async def with_children(tx: Tx, parent: Row) -> list[Row]:
    """A child of a run that has children itself, if there is any."""
    return await tx.all(
        "SELECT c.id, c.project FROM run c WHERE c.project = ? AND c.parent = ? AND EXISTS"
        " (SELECT 1 FROM run g WHERE g.project = c.project AND g.parent = c.id) ORDER BY c.id LIMIT 1",
        parent["project"], parent["id"],
    )  # fmt: skip


async def is_deleted(tx: Tx, run: str) -> bool:
    """Whether there was a run of this id once."""
    return await tx.one("SELECT 1 FROM deletion WHERE run = ?", run) is not None


async def due(tx: Tx, *, at: int, limit: int) -> list[Row]:
    """Deleted runs that the tracker is to be asked to forget by now."""
    return await tx.all(
        "SELECT * FROM deletion WHERE next_at IS NOT NULL AND next_at <= ? ORDER BY next_at LIMIT ?", at, limit
    )


async def next_due(tx: Tx) -> int | None:
    """When the tracker is to be asked next; None: never."""
    row = await tx.one("SELECT MIN(next_at) AS at FROM deletion WHERE next_at IS NOT NULL")
    return None if row is None else row["at"]


async def forgotten(tx: Tx, run: str, *, again_at: int | None) -> None:
    """The tracker has forgotten a run; it is asked once more later when `again_at` is given."""
    await tx.run("UPDATE deletion SET next_at = ?, passes = passes + 1, failures = 0 WHERE run = ?", again_at, run)


async def postpone(tx: Tx, run: str, *, until: int) -> None:
    """The tracker could not forget a run now."""
    await tx.run("UPDATE deletion SET next_at = ?, failures = failures + 1 WHERE run = ?", until, run)


async def orphans(tx: Tx, agent: str) -> list[Row]:
    """Attempts of deleted runs that an agent has not let go of: run, number, exited."""
    return await tx.all("SELECT run, number, exited FROM orphan WHERE agent = ? ORDER BY run", agent)


async def orphan_ended(tx: Tx, ref: AttemptRef) -> None:
    """An attempt of a deleted run has ended."""
    await tx.run("UPDATE orphan SET exited = 1 WHERE run = ? AND number = ?", ref.run, ref.attempt)


async def orphans_released(tx: Tx, refs: Sequence[AttemptRef]) -> None:
    """Nothing is held any more for these attempts, if they are of deleted runs."""
    if await tx.one("SELECT 1 FROM orphan LIMIT 1") is not None:
        await tx.many("DELETE FROM orphan WHERE run = ? AND number = ?", [(ref.run, ref.attempt) for ref in refs])
