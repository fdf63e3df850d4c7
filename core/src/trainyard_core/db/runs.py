"""Runs in SQL: the one writer of status, and the compare-and-sets beside it.

Every function runs in its caller's transaction. `advance` is the only place that writes `status`; losing its race
is an answer, not an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec

from trainyard.compile.reference import ReferenceUse
from trainyard.compile.resolved import Notification, ResolvedOperation
from trainyard_core.db import activities
from trainyard_core.db.admission import resources_text
from trainyard_core.db.batch import batches, marks
from trainyard_core.db.directors import NewDirector
from trainyard_core.db.engine import Row, Tx
from trainyard_core.lifecycle import FINAL, Intent, Status, Step, may_follow, sources_of

__all__ = [
    "NewRun",
    "advance",
    "by_ending",
    "claim",
    "clear_wake",
    "due",
    "explain",
    "get",
    "insert",
    "inserted",
    "lock",
    "newest",
    "resolved",
    "some",
    "wake",
    "wake_now",
    "want_stop",
]

_encode = msgspec.json.Encoder().encode


class NewRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run to be inserted. `spec`, `resolved` and `given` (what came beside the operation's text) are JSON texts;
    `timeout_us` is microseconds from the start of an attempt. `cloned_from`, `clone_kind` and `fork_step` tell of the
    run that it was made from, `uses` of what its operation refers to. `resources` are amounts of other
    names, `agent` is the only one that may run it. `key` is unique among the children of `parent`, `director` is what
    a run begins with whose children are planned, `child` is an example of what these run, and is not stored; `tracker`
    names the tracker that keeps its data. An id that was chosen by whoever sent the run (`has_chosen_id`) may be that
    of a deleted one. The code of an `untrusted` run comes from outside."""

    id: str
    project: str
    kind: str
    actor: str
    at: int
    name: str = ""
    description: str = ""
    managed: bool = True
    queue: str = ""
    hold: str = ""
    spec: str = "null"
    resolved: str = "null"
    compile_options: str = "{}"
    priority: int = 0
    params: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    meta: dict[str, Any] = {}
    tags: list[str] = []
    digest: str = ""
    cpu: float = 0.0
    memory: int = 0
    gpu: int = 0
    resources: dict[str, float] = {}
    largest_copy: dict[str, float] = {}
    agent: str = ""
    max_retries: int = 0
    timeout_us: int | None = None
    created_at: int | None = None
    cloned_from: str | None = None
    clone_kind: str = ""
    fork_step: int | None = None
    uses: tuple[ReferenceUse, ...] = ()
    warnings: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    notifications: tuple[Notification, ...] = ()
    parent: str | None = None
    key: str | None = None
    director: NewDirector | None = None
    child: ResolvedOperation | None = None
    has_chosen_id: bool = False
    tracker: str = ""
    untrusted: bool = False


async def insert(tx: Tx, new: NewRun, *steps: Step) -> None:
    """Insert a run as `created` and take it through the first steps, with an activity for each.

    Its wake is not set: the caller decided the steps from what it inserts. Raises UniqueViolation when the id is
    taken, ValueError for steps that do not follow each other.
    """
    _check(Step(Status.CREATED), *steps)
    last = steps[-1] if steps else Step(Status.CREATED)
    started = (new.created_at or new.at) if any(step.to is Status.RUNNING for step in steps) else None
    await tx.run(
        "INSERT INTO run (id, project, kind, name, description, status, reason, message, managed, queue, priority,"
        " hold, compiled, params, outputs, meta, tags, digest, cpu, memory, gpu, max_retries, timeout_us, created_at,"
        " updated_at, started_at, created_by, cloned_from, clone_kind, fork_step, resources, agent, parent, key,"
        f" tracker, largest_copy, untrusted) VALUES ({', '.join('?' * 37)})",
        new.id, new.project, new.kind, new.name, new.description, last.to, last.reason, last.message,
        int(new.managed), new.queue, new.priority, new.hold, int(new.resolved != "null"), _text(new.params),
        _text(new.outputs), _text(new.meta), _text(new.tags), new.digest, new.cpu, new.memory, new.gpu,
        new.max_retries, new.timeout_us, new.created_at or new.at, new.at, started, new.actor, new.cloned_from,
        new.clone_kind, new.fork_step, resources_text(new.resources), new.agent, new.parent, new.key,
        new.tracker, resources_text(new.largest_copy), int(new.untrusted),
    )  # fmt: skip
    await tx.run(
        "INSERT INTO operation (run, spec, resolved, compile_options) VALUES (?, ?, ?, ?)",
        new.id, new.spec, new.resolved, new.compile_options,
    )  # fmt: skip
    born = activities.NewActivity(
        project=new.project,
        run=new.id,
        kind="status",
        actor=new.actor,
        at=new.at,
        data={"status": Status.CREATED, "name": new.name, **_notified(new)},
    )
    fresh = {"project": new.project, "attempt": 0}
    await activities.append(tx, born, *(_told(fresh, new.id, step, new.at, "core") for step in steps))


def _notified(new: NewRun) -> dict[str, Any]:
    """What is told of the run, for whoever sends it."""
    return {"notifications": msgspec.to_builtins(new.notifications)} if new.notifications else {}


async def inserted(tx: Tx, run: str) -> Row:
    """The row of a run that this transaction has inserted."""
    row = await get(tx, run)
    assert row is not None
    return row


async def advance(
    tx: Tx,
    run: str,
    *steps: Step,
    at: int,
    actor: str = "core",
    happened_at: int | None = None,
    started_at: int | None = None,
) -> bool:
    """Move a run through statuses that follow each other, with an activity for each. `happened_at` is when the last of
    them happened, if that was before `at`; one that is running now has run since `started_at`, if that is given.

    False when the first may not follow the run's own status: somebody moved it meanwhile. Raises ValueError for
    steps that do not follow each other.
    """
    move = _move(tx, run, steps, at=at, actor=actor, happened_at=happened_at, started_at=started_at)
    return await move is not None


async def claim(tx: Tx, run: str, *, at: int, actor: str) -> int | None:
    """Schedule a queued run as a new attempt; its number, or None when the run is not queued any more."""
    return await _move(tx, run, (Step(Status.SCHEDULED),), at=at, actor=actor, extra=", attempt = attempt + 1")


async def _move(
    tx: Tx,
    run: str,
    steps: Sequence[Step],
    *,
    at: int,
    actor: str,
    happened_at: int | None = None,
    started_at: int | None = None,
    extra: str = "",
) -> int | None:
    """The one writer of status. The number of the current attempt, or None when the move was not possible."""
    _check(*steps)
    last, sources = steps[-1], sources_of(steps[0].to)
    if not sources:
        return None
    happened = at if happened_at is None else happened_at
    times, args = _times(steps, happened, started_at or happened)
    row = await tx.one(
        f"UPDATE run SET status = ?, reason = ?, message = ?, updated_at = ?{times}{extra}"
        f" WHERE id = ? AND status IN ({', '.join('?' * len(sources))}) RETURNING project, attempt, parent",
        last.to, last.reason, last.message, at, *args, run, *sources,
    )  # fmt: skip
    if row is None:
        return None
    told = (_told(row, run, step, at, actor) for step in steps)
    await activities.append(tx, *told)
    if last.to in FINAL and row["parent"]:
        await wake_now(tx, row["parent"], at=at)
    return int(row["attempt"])


def _check(*steps: Step) -> None:
    for before, after in pairwise(steps):
        if not may_follow(before.to, after.to):
            raise ValueError(f"{after.to} may not follow {before.to}")


def _times(steps: Sequence[Step], at: int, started_at: int) -> tuple[str, tuple[int, ...]]:
    """What else changes with a status: the times that belong to it, and no wake-up after the end."""
    clauses, args = "", []
    if any(step.to is Status.RUNNING for step in steps):
        clauses += ", started_at = COALESCE(started_at, ?)"
        args.append(started_at)
    if steps[-1].to in FINAL:
        clauses += ", finished_at = ?, wake_at = NULL"
        args.append(at)
    return clauses, tuple(args)


def _told(row: Row | dict[str, Any], run: str, step: Step, at: int, actor: str) -> activities.NewActivity:
    data: dict[str, Any] = {"status": step.to}
    for key, value in (("reason", step.reason), ("message", step.message), ("attempt", row["attempt"])):
        if value:
            data[key] = value
    return activities.NewActivity(project=row["project"], run=run, kind="status", actor=actor, at=at, data=data)


async def explain(tx: Tx, run: str, *, status: Status, reason: str, message: str, at: int) -> bool:
    """Change the reason of a run that stays where it is, and the message beside it; True when either was another
    before."""
    row = await tx.one(
        "UPDATE run SET reason = ?, message = ?, updated_at = ? WHERE id = ? AND status = ?"
        " AND (reason <> ? OR message <> ?) RETURNING project, attempt",
        reason, message, at, run, status, reason, message,
    )  # fmt: skip
    if row is None:
        return False
    await activities.append(tx, _told(row, run, Step(status, reason, message), at, "core"))
    return True


async def want_stop(tx: Tx, run: str, *, actor: str, reason: str, message: str, at: int) -> bool:
    """Record that the run is to be stopped, once. False when that is wanted already or the run has ended."""
    marks = ", ".join("?" * len(FINAL))
    row = await tx.one(
        "UPDATE run SET intent = 'stop', intent_reason = ?, intent_message = ?, intent_at = ?, updated_at = ?,"
        f" wake_at = ?, wake_seq = wake_seq + 1 WHERE id = ? AND intent = '{Intent.RUN}' AND status NOT IN ({marks})"
        " RETURNING project",
        reason, message, at, at, at, run, *FINAL,
    )  # fmt: skip
    if row is None:
        return False
    data = {"reason": reason, "message": message}
    await activities.append(
        tx, activities.NewActivity(project=row["project"], run=run, kind="stop_wanted", actor=actor, at=at, data=data)
    )
    return True


async def wake(tx: Tx, run: str, *, at: int | None) -> None:
    """Have the run looked at: at a time, or not before something happens (None)."""
    ended = ", ".join(f"'{status}'" for status in FINAL)
    await tx.run(
        f"UPDATE run SET wake_at = ?, wake_seq = wake_seq + 1 WHERE id = ? AND status NOT IN ({ended})", at, run
    )


async def wake_now(tx: Tx, run: str, *, at: int) -> None:
    """Have the run looked at as soon as this is committed, by this process if it can; in any case by maintenance."""
    ended = ", ".join(f"'{status}'" for status in FINAL)
    row = await tx.one(
        f"UPDATE run SET wake_at = ?, wake_seq = wake_seq + 1 WHERE id = ? AND status NOT IN ({ended})"
        " RETURNING wake_seq",
        at,
        run,
    )
    if row is not None:
        tx.wakes[run] = row["wake_seq"]


async def clear_wake(tx: Tx, run: str, *, seen: int, following: int | None) -> None:
    """After looking: the next time to look, unless somebody woke the run meanwhile."""
    await tx.run("UPDATE run SET wake_at = ? WHERE id = ? AND wake_seq = ?", following, run, seen)


async def due(tx: Tx, *, at: int, limit: int = 500) -> list[Row]:
    """The runs that want to be looked at by now, those that have waited longest first."""
    return await tx.all(
        "SELECT id, wake_seq, wake_at FROM run WHERE wake_at IS NOT NULL AND wake_at <= ? ORDER BY wake_at LIMIT ?",
        at,
        limit,
    )


async def get(tx: Tx, run: str) -> Row | None:
    """One run by its id."""
    return await tx.one("SELECT * FROM run WHERE id = ?", run)


async def lock(tx: Tx, run: str) -> None:
    """Hold the run's row until the transaction ends; what is read afterwards is what whoever held it before has
    left. A join that locks would not do: PostgreSQL re-reads only the locked table's row after it waited. SQLite
    has one writer, which holds everything."""
    if tx.dialect == "postgresql":
        await tx.run("SELECT 1 FROM run WHERE id = ? FOR UPDATE", run)


async def resolved(tx: Tx, run: str) -> str:
    """The JSON of a run's operation as it runs; empty when it has none."""
    row = await tx.one("SELECT resolved FROM operation WHERE run = ?", run)
    return row["resolved"] if row and row["resolved"] != "null" else ""


async def some(tx: Tx, project: str, ids: Sequence[str]) -> dict[str, Row]:
    """Those of these runs that are in the project, by id."""
    found: dict[str, Row] = {}
    for batch in batches(ids):
        rows = await tx.all(f"SELECT * FROM run WHERE project = ? AND id IN ({marks(batch)})", project, *batch)
        found |= {row["id"]: row for row in rows}
    return found


async def newest(tx: Tx, project: str) -> Row | None:
    """The newest run of a project that is no child of another."""
    return await tx.one("SELECT * FROM run WHERE project = ? AND parent IS NULL ORDER BY id DESC LIMIT 1", project)


async def by_ending(tx: Tx, project: str, ending: str) -> list[Row]:
    """The runs of a project whose id ends so, two at most: enough to tell one from many."""
    return await tx.all("SELECT * FROM run WHERE project = ? AND id LIKE ? ORDER BY id LIMIT 2", project, f"%{ending}")


def _text(value: object) -> str:
    return _encode(value).decode()
