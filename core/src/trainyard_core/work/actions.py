"""What people do to a run that exists: approve, stop, skip, tag, archive, restore, edit.

Each is one transaction's work on the locked row and may be repeated: what is so already is no error. An action that
refuses has written nothing, so that many may share a transaction. Status changes only through `runs.advance` and the
rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from trainyard.client.models import EditRun
from trainyard.compile.job import MOST_PRIORITY
from trainyard.names import RUN_NAME_CHARS, TAGS
from trainyard_core.admission import split_queue
from trainyard_core.allowance import check_allowed
from trainyard_core.db import activities, queues, runs
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.row_locks import keep
from trainyard_core.errors import Conflict, Invalid, NotFound, choice
from trainyard_core.lifecycle import FINAL, Hold, Intent, Reason, Status, Step, may_follow
from trainyard_core.policy import Policy
from trainyard_core.work import run_record
from trainyard_core.work.reconcile import reconcile
from trainyard_core.work.run_record import check_description, check_line, check_tags

__all__ = ["ActionContext", "approve", "archive", "edit", "locked", "note", "restore", "skip", "stop", "tag"]

WAITING = frozenset({Status.CREATED, Status.COMPILED, Status.QUEUED, Status.RETRYING})
_decode = msgspec.json.decode
_encode = msgspec.json.Encoder().encode


class ActionContext(msgspec.Struct, frozen=True, kw_only=True):
    """Who does it, when, in whose words and by which policy."""

    actor: str
    at: int
    policy: Policy
    message: str = ""


async def locked(tx: Tx, run: str) -> Row:
    """The run's row, held until the transaction ends. Raises NotFound."""
    await runs.lock(tx, run)
    row = await runs.get(tx, run)
    if row is None:
        raise NotFound(f"no run '{run}'", fix="it has been deleted; see yard ls")
    return row


async def note(tx: Tx, row: Row, kind: str, by: ActionContext, **data: Any) -> None:
    """The activity of a change."""
    told = {key: value for key, value in data.items() if value not in ("", None)}
    await activities.append(
        tx,
        activities.NewActivity(project=row["project"], run=row["id"], kind=kind, actor=by.actor, at=by.at, data=told),
    )


async def approve(tx: Tx, row: Row, by: ActionContext) -> None:
    """Let a run go on that is held for approval. Raises Conflict for one that is not and was not."""
    if row["hold"] != Hold.APPROVAL or row["status"] in FINAL:
        return await _approved_before(tx, row)
    await tx.run("UPDATE run SET hold = '', updated_at = ? WHERE id = ?", by.at, row["id"])
    await note(tx, row, "approved", by, message=by.message)
    await reconcile(tx, row["id"], policy=by.policy, at=by.at)
    return None


async def _approved_before(tx: Tx, row: Row) -> None:
    if await activities.of_run(tx, row["id"], kind="approved", limit=1):
        return
    waits = f"it is held for {row['hold']}" if row["hold"] else f"it is {row['status']}"
    raise Conflict(f"run {row['id']} does not wait for approval: {waits}", fix=f"see yard why {row['id'][-8:]}")


async def stop(tx: Tx, row: Row, by: ActionContext) -> None:
    """Stop a run: at once if it has not started, else its agent is asked to. Raises Conflict for one that ended
    otherwise."""
    if row["status"] in FINAL and row["intent"] != Intent.STOP:
        raise Conflict(f"run {row['id']} has ended already: {row['status']}", fix="nothing is left to stop")
    message = by.message or f"stopped by {by.actor}"
    if await runs.want_stop(tx, row["id"], actor=by.actor, reason=Reason.USER, message=message, at=by.at):
        await reconcile(tx, row["id"], policy=by.policy, at=by.at)


async def skip(tx: Tx, row: Row, by: ActionContext) -> None:
    """Never run a run that nothing was started for. Raises Conflict for one that was."""
    status = Status(row["status"])
    if status is Status.SKIPPED:
        return
    if not may_follow(status, Status.SKIPPED):
        fix = "nothing is left to skip" if status in FINAL else f"stop it: yard stop {row['id'][-8:]}"
        raise Conflict(f"run {row['id']} cannot be skipped any more: it is {status}", fix=fix)
    step = Step(Status.SKIPPED, Reason.USER, by.message or f"skipped by {by.actor}")
    if not await runs.advance(tx, row["id"], step, at=by.at, actor=by.actor):
        raise Conflict(f"run {row['id']} has just changed its status", fix="check the run, then try again")


async def tag(tx: Tx, row: Row, by: ActionContext, *, add: Sequence[str], remove: Sequence[str]) -> None:
    """Add and remove tags; what is in both is added. Raises Invalid for a tag that is none."""
    check_tags(add)
    before: list[str] = _decode(row["tags"])
    kept = [name for name in before if name not in remove or name in add]
    after = list(dict.fromkeys([*kept, *add]))
    if after == before:
        return
    if len(after) > max(TAGS, len(before)):
        raise Invalid(f"run {row['id']} would have {len(after)} tags", fix=f"use at most {TAGS}")
    await tx.run("UPDATE run SET tags = ?, updated_at = ? WHERE id = ?", _text(after), by.at, row["id"])
    await note(tx, row, "tagged", by, added=_less(after, before), removed=_less(before, after))


async def archive(tx: Tx, row: Row, by: ActionContext) -> None:
    """Mark a run as put away; it changes nothing else."""
    if row["archived_at"] is None:
        await tx.run("UPDATE run SET archived_at = ?, updated_at = ? WHERE id = ?", by.at, by.at, row["id"])
        await note(tx, row, "archived", by, message=by.message)


async def restore(tx: Tx, row: Row, by: ActionContext) -> None:
    """Take a run out of the archive."""
    if row["archived_at"] is not None:
        await tx.run("UPDATE run SET archived_at = NULL, updated_at = ? WHERE id = ?", by.at, row["id"])
        await note(tx, row, "restored", by, message=by.message)


async def edit(tx: Tx, row: Row, by: ActionContext, body: EditRun) -> None:
    """Change what a run is called, how it is tagged and, while it waits, where and how soon it runs. Raises Invalid
    and Conflict."""
    changes = _described(row, body) | await _placed(tx, row, body)
    changes = {name: value for name, value in changes.items() if value != row[name]}
    if not changes:
        return
    sets = ", ".join(f"{name} = ?" for name in changes)
    await tx.run(f"UPDATE run SET {sets}, updated_at = ? WHERE id = ?", *changes.values(), by.at, row["id"])
    told = {name: value for name, value in changes.items() if name in ("agent", "name", "queue", "priority")}
    await note(tx, row, "edited", by, fields=sorted(changes), **told)
    if changes.keys() & {"agent", "queue", "priority"}:
        await reconcile(tx, row["id"], policy=by.policy, at=by.at)


def _described(row: Row, body: EditRun) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if body.name is not None:
        check_line("name", body.name, RUN_NAME_CHARS)
        changes["name"] = body.name
    if body.description is not None:
        check_description(body.description)
        changes["description"] = body.description
    if body.tags is not None:
        check_tags(body.tags)
        changes["tags"] = _text(list(dict.fromkeys(body.tags)))
    if body.meta is not None:
        changes["meta"] = _text(_meta(row, body.meta))
    return changes


def _meta(row: Row, body: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in _decode(row["meta"]).items() if key not in body}
    merged, omitted = run_record.values("meta", {key: value for key, value in body.items() if value is not None}, kept)
    if omitted:
        raise Invalid(f"`meta`: '{omitted[0]['name']}' does not fit: {omitted[0]['why']}", fix="keep less in it")
    return merged


async def _placed(tx: Tx, row: Row, body: EditRun) -> dict[str, Any]:
    given: dict[str, Any] = {} if body.priority is None else {"priority": body.priority}
    if body.queue is not None:
        check_line("queue", body.queue, RUN_NAME_CHARS)
        given["agent"], given["queue"] = split_queue(body.queue)
    changes = {name: value for name, value in given.items() if value != row[name]}
    if changes and (not row["managed"] or row["status"] not in WAITING):
        what = " and ".join(name for name in changes if name != "agent") or "queue"
        why = f"it is {row['status']}" if row["managed"] else "it is only tracked here"
        raise Conflict(f"the {what} of run {row['id']} cannot be changed: {why}", fix="change it while the run waits")
    if abs(changes.get("priority", 0)) > MOST_PRIORITY:
        raise Invalid(f"`priority` is out of range: {body.priority}", fix=f"use at most {MOST_PRIORITY} either way")
    if "queue" in changes:
        await _check_queue(tx, row["project"], changes["queue"])
    return changes


async def _check_queue(tx: Tx, project: str, queue: str) -> None:
    if not await keep(tx, "queue", queue):
        raise Invalid(choice("queue", queue, await queues.names(tx)), fix=f"yard queues set {queue}")
    row = await tx.one("SELECT queues FROM project WHERE name = ?", project)
    assert row is not None, "a run's project is there"
    check_allowed("queue", queue, _decode(row["queues"]), project=project)


def _less(names: Sequence[str], other: Sequence[str]) -> list[str]:
    return [name for name in names if name not in other]


def _text(value: object) -> str:
    return _encode(value).decode()
