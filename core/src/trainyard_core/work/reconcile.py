"""Reconcile a run: read the view, take the first answer of the rules, write it down. Level-triggered and idempotent.

It runs inside a transaction that its caller opened: right beside the create, report or ingest that made it worth
looking, or alone when the notifier woke the run. Two at once are harmless: each write is guarded by the status that the
decision was made on.
"""

from __future__ import annotations

from trainyard_core import tracing
from trainyard_core.db import runs
from trainyard_core.db.engine import Tx
from trainyard_core.lifecycle import FINAL, Status
from trainyard_core.policy import Policy
from trainyard_core.work.model import View
from trainyard_core.work.rules import Decision, decide
from trainyard_core.work.view import load

__all__ = ["reconcile"]

MOST_ROUNDS = 8


async def reconcile(tx: Tx, run: str, *, policy: Policy, at: int) -> Status | None:
    """Bring a run as far as it goes now; returns where it is then, None when there is no such run."""
    with tracing.span("reconcile in transaction", run=run):
        return await _rounds(tx, run, policy, at)


async def _rounds(tx: Tx, run: str, policy: Policy, at: int) -> Status | None:
    for _ in range(MOST_ROUNDS):
        view = await load(tx, run)
        if view is None:
            return None
        decision = decide(view, policy, at)
        if not await _apply(tx, view, decision, at):
            await _rest(tx, view, decision)
            return decision.steps[-1].to if decision.steps else view.status
    raise RuntimeError(f"run {run} does not come to rest in {MOST_ROUNDS} rounds")


async def _apply(tx: Tx, view: View, decision: Decision, at: int) -> bool:
    """Do what was decided; True when the run moved and wants another look."""
    if decision.stop is not None:
        step = decision.stop
        return await runs.want_stop(tx, view.run, actor="core", reason=step.reason, message=step.message, at=at)
    if decision.explain is not None:
        step = decision.explain
        await runs.explain(tx, view.run, status=step.to, reason=step.reason, message=step.message, at=at)
    if not decision.steps:
        return False
    if decision.count:
        await _count(tx, view.run, decision.count)
    if not await runs.advance(tx, view.run, *decision.steps, at=at, happened_at=decision.happened_at):
        return True
    return await _arrived(tx, view, decision, at)


async def _arrived(tx: Tx, view: View, decision: Decision, at: int) -> bool:
    """What belongs to the new status; True when there may be more to do at once."""
    to = decision.steps[-1].to
    if to is Status.RETRYING:
        await runs.wake(tx, view.run, at=decision.wake_at)
    if view.directs:
        await runs.wake_now(tx, view.run, at=at)
    return to not in (Status.QUEUED, Status.RETRYING, *FINAL)


async def _rest(tx: Tx, view: View, decision: Decision) -> None:
    if not decision.steps and view.status not in FINAL and view.wake_at != decision.wake_at:
        await runs.clear_wake(tx, view.run, seen=view.wake_seq, following=decision.wake_at)


async def _count(tx: Tx, run: str, kind: str) -> None:
    column = {"user": "user_failures", "platform": "platform_failures"}[kind]
    await tx.run(f"UPDATE run SET {column} = {column} + 1 WHERE id = ?", run)
