"""The one transaction that carries out a plan, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from trainyard_core.contracts.director import Child, ChildCounts, ChildStop, Plan
from trainyard_core.db import directors, edges, plugin_writes, runs
from trainyard_core.db.engine import Tx
from trainyard_core.directing.children import ChildRun
from trainyard_core.directing.view import Snapshot
from trainyard_core.lifecycle import Reason, Status, Step
from trainyard_core.policy import Policy
from trainyard_core.work import clone
from trainyard_core.work.actions import ActionContext
from trainyard_core.work.creation import add
from trainyard_core.work.idempotency import Claim
from trainyard_core.work.reconcile import reconcile

__all__ = ["AnsweredBefore", "WriteContext", "WriteResult", "write"]

_encode = msgspec.json.Encoder().encode


class AnsweredBefore(Exception):
    """The request that the plan was made for has been answered meanwhile."""


class WriteResult(NamedTuple):
    """What came of a plan: whether it was written, and whether the parent rests now until it is woken."""

    done: bool
    rests: bool = False


class WriteContext(NamedTuple):
    """Under which lease a plan is written, by which rules and when; `claim` is that of the request that it answers."""

    epoch: int
    policy: Policy
    at: int
    claim: Claim | None = None


async def write(
    tx: Tx, snapshot: Snapshot, plan: Plan, children: Sequence[ChildRun], under: WriteContext
) -> WriteResult:
    """Carry out a plan. Not done when somebody else has planned meanwhile, or the lease was lost. Raises
    RowCountMismatch for statements of the plugin that change another number of rows, UniqueViolation for a key that is
    taken, and AnsweredBefore."""
    parent = snapshot.view.parent
    change = _change(snapshot, plan)
    if not await directors.claim_version(tx, parent.run, change, seen=snapshot.version, epoch=under.epoch):
        return WriteResult(done=False)
    await directors.note_ends(tx, [child.run for child in snapshot.view.children.values() if child.ended])
    for each in children:
        await _create(tx, parent.run, each, under)
    await plugin_writes.apply(tx, snapshot.plugin, plan.writes)
    await _stop(tx, snapshot.view.children, plan, under)
    if under.claim is not None and children:
        await _answer(tx, parent.run, under.claim, children)
    return WriteResult(done=True, rests=await _tell_run(tx, snapshot, plan, under))


def _change(snapshot: Snapshot, plan: Plan) -> directors.DirectorChange:
    ended = [child.status for child in snapshot.view.children.values() if child.ended]
    return directors.DirectorChange(
        created=len(plan.create),
        ended=ChildCounts(
            succeeded=ended.count(Status.SUCCEEDED),
            failed=ended.count(Status.FAILED),
            stopped=ended.count(Status.STOPPED),
            skipped=ended.count(Status.SKIPPED),
        ),
        state=plan.state,
        watches=None if plan.watches is None else _encode(sorted(plan.watches)).decode(),
        progress=None if plan.progress is None else _encode(plan.progress).decode(),
    )


async def _create(tx: Tx, parent: str, made: ChildRun, under: WriteContext) -> None:
    await _insert(tx, parent, made, under)
    for key in made.child.upstreams:
        if source := await directors.key_to_run(tx, parent, key):
            await edges.connect(tx, made.new.id, source, edges.UPSTREAM, at=under.at)


async def _insert(tx: Tx, parent: str, made: ChildRun, under: WriteContext) -> None:
    if made.refused:
        await runs.insert(tx, msgspec.structs.replace(made.new, tracker=under.policy.tracker))
        await runs.advance(tx, made.new.id, Step(Status.FAILED, Reason.INVALID, made.refused), at=under.at)
        return
    continues = made.child.continues and await directors.key_to_run(tx, parent, made.child.continues)
    source = await runs.get(tx, continues) if continues else None
    if source is None:
        await add(tx, made.new, under.policy)
        return
    by = ActionContext(actor="core", policy=under.policy, at=under.at)
    await clone.insert(tx, await clone.continuation(tx, made.new, source), by)


async def _stop(tx: Tx, children: Mapping[str, Child], plan: Plan, under: WriteContext) -> None:
    for each in plan.stop:
        await _stop_one(tx, children[each.key].run, each, under)
    for each in plan.skip:
        step = Step(Status.SKIPPED, each.reason, each.message)
        await runs.advance(tx, children[each.key].run, step, at=under.at)


async def _stop_one(tx: Tx, run: str, stop: ChildStop, under: WriteContext) -> None:
    if await runs.want_stop(tx, run, actor="core", reason=stop.reason, message=stop.message, at=under.at):
        await reconcile(tx, run, policy=under.policy, at=under.at)


async def _answer(tx: Tx, parent: str, claim: Claim, children: Sequence[ChildRun]) -> None:
    if not await claim.take(tx, parent):
        raise AnsweredBefore
    await claim.keep(tx, answer=_encode([each.new.id for each in children]).decode(), status=200)


async def _tell_run(tx: Tx, snapshot: Snapshot, plan: Plan, under: WriteContext) -> bool:
    """The parent's own run, last: how far it is, that it rests, or that it is over. Whether it rests."""
    parent, share = snapshot.view.parent, None if plan.progress is None else plan.progress.share
    if plan.rests and plan.finish is None:
        how_far = None if share is None else directors.HowFar(share, under.at)
        if await directors.rest(
            tx, parent.run, seen=snapshot.wake_seq, until=plan.wake_at, epoch=under.epoch, how_far=how_far
        ):
            return True
    if share is not None:
        await directors.progressed(tx, parent.run, directors.HowFar(share, under.at))
    if plan.finish is not None:
        last = Step(plan.finish.status, plan.finish.reason, plan.finish.message)
        through = (Step(Status.STOPPING, last.reason, last.message),) if parent.status is Status.RUNNING else ()
        await runs.advance(tx, parent.run, *(through if last.to is Status.STOPPED else ()), last, at=under.at)
    return False
