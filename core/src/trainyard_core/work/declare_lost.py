"""A person gives up a run whose agent cannot be reached and will not come back: an unknown that no program may decide.

What happens then is decided by the rules, as for an agent that was silent for longer than the policy allows. The
attempt is not told as ended: should it still run, its agent is ordered to stop it once it is heard of.
"""

from __future__ import annotations

from trainyard_core.clock import SECOND, rfc3339
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Conflict
from trainyard_core.lifecycle import FINAL, LIVE, Reason, Status
from trainyard_core.work.actions import ActionContext, note
from trainyard_core.work.reconcile import reconcile

__all__ = ["declare_lost"]


async def declare_lost(tx: Tx, row: Row, by: ActionContext) -> None:
    """End the current attempt of a locked run as lost. Asking again changes nothing. Raises Conflict for a run that
    nothing of can be lost, and for one whose agent is heard of."""
    run = row["id"]
    attempt = await tx.one(
        "SELECT a.number, a.agent, a.state, a.lost_by, g.seen_at FROM attempt a LEFT JOIN agent g ON g.name = a.agent"
        " WHERE a.run = ? AND a.number = ?",
        run, row["attempt"],
    )  # fmt: skip
    if attempt is not None and attempt["lost_by"]:
        return
    _check_live(row)
    assert attempt is not None, "a live run that is managed has an attempt"
    _check_unreachable(attempt, run, by)
    message = f"declared lost by {by.actor}" + (f": {by.message}" if by.message else "")
    await tx.run(
        "UPDATE attempt SET lost_by = ?, reason = ?, message = ? WHERE run = ? AND number = ?",
        by.actor, Reason.LOST, message, run, attempt["number"],
    )  # fmt: skip
    await note(tx, row, "declared_lost", by, attempt=attempt["number"], agent=attempt["agent"], message=by.message)
    await reconcile(tx, run, policy=by.policy, at=by.at)


def _check_live(row: Row) -> None:
    status = Status(row["status"])
    if status in FINAL:
        raise Conflict(f"run {row['id']} has ended already: {status}", fix="nothing of it can be lost")
    if not row["managed"]:
        raise Conflict(f"run {row['id']} is only tracked here: no agent holds it", fix="stop it: yard stop")
    if status not in LIVE:
        raise Conflict(f"run {row['id']} is {status}: nothing of it runs", fix="stop it: yard stop")


def _check_unreachable(attempt: Row, run: str, by: ActionContext) -> None:
    agent, seen = attempt["agent"], attempt["seen_at"] or 0
    if attempt["state"] == "exited":
        raise Conflict(
            f"attempt {attempt['number']} of run {run} has ended; its last frames are still awaited", fix="wait"
        )
    if by.at - seen <= by.policy.silence * SECOND:
        raise Conflict(
            f"agent '{agent}', which holds run {run}, was heard of at {rfc3339(seen)}", fix="stop the run: yard stop"
        )
