"""One action on many runs: what is meant, and what becomes of each.

All of it is one transaction, so a request is done or not done. A run that refuses is told with its reason and holds up
no other; an action that refuses has written nothing. Runs are taken in the order of their ids, so that two requests
do not wait for each other; deleted ones newest first, since what continues a run is younger than it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from trainyard.client.models import Action, BulkAction, BulkOutcome
from trainyard_core.db import runs
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Conflict, Forbidden, Invalid, NotFound, TrainyardError
from trainyard_core.work import actions, clone
from trainyard_core.work.actions import ActionContext
from trainyard_core.work.clone import Clone
from trainyard_core.work.deletion import delete

__all__ = ["CLONING", "Refusal", "Target", "carry_out", "refused"]

CLONING: frozenset[Action] = frozenset({"restart", "resume", "copy"})
Refusal = (Conflict, Forbidden, Invalid, NotFound)
"""Errors that are an answer about one run; any other ends the request."""


class Target(msgspec.Struct, frozen=True):
    """A run that is meant, as it was named, with the clone that is ready to be made of it; or why there is none."""

    ref: str
    run: str = ""
    clone: Clone | None = None
    outcome: BulkOutcome | None = None


async def carry_out(tx: Tx, targets: Sequence[Target], body: BulkAction, by: ActionContext) -> list[BulkOutcome]:
    """Do it to each, and tell what became of it in the order that was asked for."""
    order = sorted(targets, key=lambda target: target.run, reverse=body.action == "delete")
    done: dict[str, BulkOutcome] = {}
    for target in order:
        if target.run not in done:
            done[target.run] = target.outcome or await _one(tx, target, body, by)
    return [target.outcome or msgspec.structs.replace(done[target.run], ref=target.ref) for target in targets]


def refused(ref: str, run: str, error: TrainyardError) -> BulkOutcome:
    """The outcome of a run that an action was refused for."""
    return BulkOutcome(ref=ref, id=run, done=False, code=error.code, detail=error.detail, fix=error.fix)


async def _one(tx: Tx, target: Target, body: BulkAction, by: ActionContext) -> BulkOutcome:
    try:
        row = await actions.locked(tx, target.run)
        if target.clone is not None:
            await clone.insert(tx, target.clone, by)
            return BulkOutcome(
                ref=target.ref, id=target.run, done=True, status=row["status"], created=target.clone.new.id
            )
        await _VERBS[body.action](tx, row, by, body)
    except Refusal as error:
        return refused(target.ref, target.run, error)
    now = await runs.get(tx, target.run)
    return BulkOutcome(ref=target.ref, id=target.run, done=True, status=now["status"] if now is not None else "")


async def _tag(tx: Tx, row: Row, by: ActionContext, body: BulkAction) -> None:
    await actions.tag(tx, row, by, add=body.add, remove=body.remove)


def _plain(
    verb: Callable[[Tx, Row, ActionContext], Awaitable[None]],
) -> Callable[[Tx, Row, ActionContext, BulkAction], Awaitable[None]]:
    """A verb that needs nothing of the request."""
    return lambda tx, row, by, body: verb(tx, row, by)


_VERBS: Mapping[str, Callable[[Tx, Row, ActionContext, BulkAction], Awaitable[None]]] = {
    "approve": _plain(actions.approve),
    "stop": _plain(actions.stop),
    "skip": _plain(actions.skip),
    "tag": _tag,
    "archive": _plain(actions.archive),
    "restore": _plain(actions.restore),
    "delete": _plain(delete),
}
