"""Runs in SQL: the one writer of status, and the compare-and-sets beside it.

Every function runs in its caller's transaction. `advance` is the only place that writes `status`; losing its race
is an answer, not an error.
"""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard_core.db import activities
from trainyard_core.db.engine import Row, Tx
from trainyard_core.lifecycle import FINAL, Intent, Reason, Status, sources_of

__all__ = [
    "NewRun",
    "advance",
    "by_ending",
    "clear_wake",
    "due",
    "explain",
    "get",
    "insert",
    "page",
    "tail_of",
    "wake",
    "want_stop",
]

_encode = msgspec.json.Encoder().encode


class NewRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run to be inserted. `spec` and `resolved` are JSON texts; `timeout_us` is microseconds from the start of
    an attempt."""

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
    inputs: dict[str, Any] = {}
    meta: dict[str, Any] = {}
    tags: list[str] = []
    digest: str = ""
    cpu: float = 0.0
    memory: int = 0
    gpu: int = 0
    max_retries: int = 0
    timeout_us: int | None = None
    created_at: int | None = None


def tail_of(run: str) -> str:
    """The id backwards, so that its ending is found by an index."""
    return run[::-1]


async def insert(tx: Tx, new: NewRun) -> None:
    """Insert a run as `created`, with its first activity. Raises UniqueViolation when the id is taken."""
    created = new.created_at or new.at
    await tx.run(
        "INSERT INTO run (id, tail, project, kind, name, description, status, managed, queue, hold, spec, resolved,"
        " inputs, meta, tags, digest, cpu, memory, gpu, max_retries, timeout_us, wake_at, wake_seq, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, 'created', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
        new.id, tail_of(new.id), new.project, new.kind, new.name, new.description, int(new.managed), new.queue, new.hold,
        new.spec, new.resolved, _text(new.inputs), _text(new.meta), _text(new.tags), new.digest, new.cpu, new.memory,
        new.gpu, new.max_retries, new.timeout_us, new.at, created, new.at,
    )  # fmt: skip
    data = {"status": Status.CREATED, "name": new.name}
    await activities.append(tx, project=new.project, run=new.id, kind="status", actor=new.actor, at=new.at, data=data)


async def advance(
    tx: Tx, run: str, to: Status, *, at: int, reason: str = Reason.NONE, message: str = "", actor: str = "core"
) -> bool:
    """Move a run to a status that may follow its own, with the activity that tells of it. False when it may not:
    it was moved meanwhile."""
    sources = sources_of(to)
    marks = ", ".join("?" * len(sources))
    extra, args = _consequences(to, at)
    row = await tx.one(
        f"UPDATE run SET status = ?, reason = ?, message = ?, updated_at = ?{extra}"
        f" WHERE id = ? AND status IN ({marks}) RETURNING project, attempt",
        to, reason, message, at, *args, run, *sources,
    )  # fmt: skip
    if row is None:
        return False
    data: dict[str, Any] = {"status": to}
    for key, value in (("reason", reason), ("message", message), ("attempt", row["attempt"])):
        if value:
            data[key] = value
    await activities.append(tx, project=row["project"], run=run, kind="status", actor=actor, at=at, data=data)
    return True


def _consequences(to: Status, at: int) -> tuple[str, tuple[int, ...]]:
    """What else changes with a status: the times that belong to it, and no wake-up after the end."""
    if to in FINAL:
        return ", finished_at = ?, wake_at = NULL", (at,)
    if to is Status.RUNNING:
        return ", started_at = COALESCE(started_at, ?)", (at,)
    return "", ()


async def explain(tx: Tx, run: str, *, status: Status, reason: str, message: str, at: int) -> bool:
    """Change the reason of a run that stays where it is; True when it was another before."""
    row = await tx.one(
        "UPDATE run SET reason = ?, message = ?, updated_at = ? WHERE id = ? AND status = ? AND reason <> ?"
        " RETURNING project, attempt",
        reason, message, at, run, status, reason,
    )  # fmt: skip
    if row is None:
        return False
    data = {"status": status, "reason": reason, "message": message, "attempt": row["attempt"]}
    await activities.append(tx, project=row["project"], run=run, kind="status", actor="core", at=at, data=data)
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
    await activities.append(tx, project=row["project"], run=run, kind="stop_wanted", actor=actor, at=at, data=data)
    return True


async def wake(tx: Tx, run: str, *, at: int | None) -> None:
    """Have the run looked at: at a time, or not before something happens (None)."""
    ended = ", ".join(f"'{status}'" for status in FINAL)
    await tx.run(
        f"UPDATE run SET wake_at = ?, wake_seq = wake_seq + 1 WHERE id = ? AND status NOT IN ({ended})", at, run
    )


async def clear_wake(tx: Tx, run: str, *, seen: int, following: int | None) -> None:
    """After looking: the next time to look, unless somebody woke the run meanwhile."""
    await tx.run("UPDATE run SET wake_at = ? WHERE id = ? AND wake_seq = ?", following, run, seen)


async def due(tx: Tx, *, at: int, limit: int = 500) -> list[Row]:
    """The runs that want to be looked at by now: id and wake_seq."""
    return await tx.all(
        "SELECT id, wake_seq FROM run WHERE wake_at IS NOT NULL AND wake_at <= ? ORDER BY wake_at LIMIT ?", at, limit
    )


async def get(tx: Tx, run: str) -> Row | None:
    """One run by its id."""
    return await tx.one("SELECT * FROM run WHERE id = ?", run)


async def by_ending(tx: Tx, project: str, ending: str) -> list[Row]:
    """The runs of a project whose id ends so, two at most: enough to tell one from many."""
    tail = tail_of(ending)
    return await tx.all(
        "SELECT * FROM run WHERE tail >= ? AND tail < ? AND project = ? ORDER BY id LIMIT 2", tail, tail + "~", project
    )


async def page(
    tx: Tx, project: str, *, before: str | None, limit: int, status: str = "", queue: str = "", tag: str = ""
) -> list[Row]:
    """A project's runs, newest first, below an id."""
    where, args = ["project = ?"], [project]
    for clause, value in (("id < ?", before), ("status = ?", status), ("queue = ?", queue)):
        if value:
            where.append(clause)
            args.append(value)
    if tag:
        where.append("tags LIKE ? ESCAPE '!'")
        escaped = _encode(tag).decode().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        args.append(f"%{escaped}%")
    sql = f"SELECT * FROM run WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?"
    return await tx.all(sql, *args, limit)


def _text(value: object) -> str:
    return _encode(value).decode()
