"""Deleting a run for good: its rows in one transaction, then what the tracker holds.

A run is there whole or not at all: its rows go with the commit, and nothing can name its data any more. The tracker is
asked afterwards, by maintenance, and asked again until it has forgotten the run; and once more some time later, for
frames and files that were on their way when the run was deleted.

A run that plans others goes with its children, all in the one transaction: a child alone says little, and nobody
deletes thousands of them by hand. What other runs hold of a single child keeps the whole parent.
"""

from __future__ import annotations

import structlog

from trainyard_core import failpoints
from trainyard_core.clock import SECOND, Clock
from trainyard_core.contracts.tracker import RunRef, Tracker
from trainyard_core.db import activities, clone_rows, deletions, directors, plugin_writes
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.errors import Conflict
from trainyard_core.lifecycle import FINAL
from trainyard_core.work.actions import ActionContext, note

__all__ = ["Purger", "delete"]

BATCH = 50
TOLD = 200
"""Activities in one statement."""
AGAIN = 15 * 60 * SECOND
"""Microseconds until the second pass: longer than a request that was under way may take."""
MOST_WAIT = 3600
log = structlog.get_logger("trainyard.deletion")


async def delete(tx: Tx, row: Row, by: ActionContext) -> None:
    """Delete a run that has ended and that no other run needs. Raises Conflict, which says what to do first."""
    short = row["id"][-8:]
    if row["status"] not in FINAL:
        raise Conflict(f"run {row['id']} is {row['status']} and cannot be deleted", fix=f"stop it: yard stop {short}")
    if needed := await clone_rows.heirs(tx, row["id"]):
        names = ", ".join(each[-8:] for each in needed)
        raise Conflict(
            f"run {row['id']} is continued by other runs, or they use its artifacts: {names}",
            fix=f"delete those first: {names}",
        )
    if await directors.exists(tx, row["id"]):
        await _delete_children(tx, row, by)
        await plugin_writes.apply(tx, *await directors.delete(tx, row["id"]))
    else:
        await _check_childless(tx, row)
    await note(tx, row, "deleted", by, name=row["name"], status=row["status"])
    await deletions.remove(tx, row, at=by.at)


async def _check_childless(tx: Tx, row: Row) -> None:
    child = await tx.one("SELECT id FROM run WHERE project = ? AND parent = ? LIMIT 1", row["project"], row["id"])
    if child is not None:
        raise Conflict(f"run {row['id']} has child runs, such as {child['id'][-8:]}", fix="delete its children first")


async def _delete_children(tx: Tx, row: Row, by: ActionContext) -> None:
    """Delete the child runs of a parent. Raises Conflict for one that has not ended, that has children itself, or whose
    results another run needs."""
    lock = " FOR UPDATE" if tx.dialect == "postgresql" else ""
    children = await tx.all(
        f"SELECT id, name, status FROM run WHERE project = ? AND parent = ? ORDER BY id{lock}",
        row["project"],
        row["id"],
    )
    if going := next((child for child in children if child["status"] not in FINAL), None):
        short = going["id"][-8:]
        raise Conflict(f"child run {short} of run {row['id']} is {going['status']}", fix=f"stop it: yard stop {short}")
    if needed := await clone_rows.heirs_of_children(tx, row):
        told = ", ".join(f"{heir[-8:]} (of {child[-8:]})" for heir, child in needed)
        names = ", ".join(dict.fromkeys(heir[-8:] for heir, _ in needed))
        raise Conflict(
            f"child runs of run {row['id']} are continued by other runs, or these use their artifacts: {told}",
            fix=f"delete those first: {names}",
        )
    for child in await deletions.with_children(tx, row):
        await _check_childless(tx, child)
    for start in range(0, len(children), TOLD):
        some = children[start : start + TOLD]
        await activities.append(tx, *(_deleted(row["project"], child, by) for child in some))
    await deletions.remove_children(tx, row, at=by.at)


def _deleted(project: str, row: Row, by: ActionContext) -> activities.NewActivity:
    data = {name: row[name] for name in ("name", "status") if row[name]}
    return activities.NewActivity(project=project, run=row["id"], kind="deleted", actor=by.actor, at=by.at, data=data)


class Purger:
    """Has the tracker forget deleted runs. Any number of them may work; all they do may be repeated."""

    def __init__(self, database: Database, tracker: Tracker, clock: Clock) -> None:
        self._database, self._tracker, self._clock = database, tracker, clock

    async def once(self) -> bool:
        """Some of what is due now; whether there was anything."""
        at = self._clock.now()
        rows = await self._database.read(lambda tx: deletions.due(tx, at=at, limit=BATCH))
        for row in rows:
            await self._forget(row)
        return bool(rows)

    async def _forget(self, row: Row) -> None:
        run, at = row["run"], self._clock.now()
        try:
            failpoints.point("delete:before_purge")
            await self._tracker.delete_run(RunRef(row["project"], run))
            failpoints.point("delete:after_purge")
        except Exception as error:
            wait = min(MOST_WAIT, 2 ** min(row["failures"], 20)) * SECOND
            log.warning("the tracker could not forget a deleted run; it is asked again", run=run, error=repr(error))
            await self._database.write(lambda tx: deletions.postpone(tx, run, until=at + wait), name="purge")
        else:
            again = at + AGAIN if row["passes"] == 0 else None
            await self._database.write(lambda tx: deletions.forgotten(tx, run, again_at=again), name="purge")
