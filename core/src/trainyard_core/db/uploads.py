"""Uploads in SQL. A row is `open` while parts arrive, `finishing` from before the tracker makes the artifact until the
artifact's row is written, and then `done` for a day, so that whoever missed the last answer is told."""

from __future__ import annotations

from trainyard_core.contracts.tracker import Upload
from trainyard_core.db import artifacts
from trainyard_core.db.artifacts import ArtifactActor
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Conflict, NotFound

__all__ = ["MOST_OPEN", "find", "get", "of_row", "open_one", "remove", "set_state", "stale", "touch"]

MOST_OPEN = 1000
"""Uploads that a run may have open at once."""


def of_row(row: Row) -> Upload:
    """The upload as the tracker knows it."""
    return Upload(id=row["id"], name=row["name"], size=row["size"], digest=row["digest"])


async def get(tx: Tx, run: str, ident: str) -> Row:
    """One upload of a run. Raises NotFound."""
    row = await tx.one("SELECT * FROM upload WHERE id = ? AND run = ?", ident, run)
    if row is None:
        raise NotFound(
            f"no upload '{ident[:80]}' in run {run}",
            fix="open it again: an upload with the same name and digest continues",
        )
    return row


async def find(tx: Tx, run: str, *, name: str, size: int, digest: str) -> Row | None:
    """The upload of these bytes under that name, if there is one."""
    return await tx.one(
        "SELECT * FROM upload WHERE run = ? AND name = ? AND digest = ? AND size = ?", run, name, digest, size
    )


async def open_one(tx: Tx, told: ArtifactActor, upload: Upload, *, kind: str, is_done: bool) -> Row:
    """The upload of these bytes under that name: the one that there is, or a new one of the id in `upload`. Idempotent
    by (run, name, digest, size). Raises NotFound, AttemptSuperseded, Conflict for too many."""
    await artifacts.fence(tx, told)
    known = await find(tx, told.run, name=upload.name, size=upload.size, digest=upload.digest)
    if known is None:
        await _refuse_many(tx, told.run)
    state = "done" if is_done else "open"
    row = await tx.one(
        "INSERT INTO upload (id, run, name, kind, size, digest, actor, attempt, state, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, name, digest, size) DO UPDATE SET"
        " kind = excluded.kind, attempt = excluded.attempt, updated_at = excluded.updated_at,"
        " state = CASE WHEN upload.state = 'done'"
        " OR excluded.state = 'done' THEN excluded.state ELSE upload.state END RETURNING *",
        upload.id, told.run, upload.name, kind, upload.size, upload.digest, told.actor, told.attempt, state, told.at,
        told.at,
    )  # fmt: skip
    assert row is not None
    return row


async def touch(tx: Tx, ident: str, *, at: int) -> bool:
    """A part has come: the upload is not abandoned. False when there is no such upload any more."""
    return await tx.run("UPDATE upload SET updated_at = ? WHERE id = ?", at, ident) > 0


async def set_state(tx: Tx, ident: str, state: str, *, at: int) -> None:
    """Where the upload is in its life."""
    await tx.run("UPDATE upload SET state = ?, updated_at = ? WHERE id = ?", state, at, ident)


async def remove(tx: Tx, ident: str) -> None:
    """Forget an upload. Idempotent."""
    await tx.run("DELETE FROM upload WHERE id = ?", ident)


async def stale(tx: Tx, *, untouched_since: int, finishing_since: int, limit: int) -> list[Row]:
    """Uploads that nobody has gone on with, and those whose finishing was cut off; `project` is the run's."""
    return await tx.all(
        "SELECT u.*, r.project FROM upload u JOIN run r ON r.id = u.run WHERE u.updated_at < ?"
        " AND (u.updated_at < ? OR u.state = 'finishing') ORDER BY u.updated_at LIMIT ?",
        finishing_since, untouched_since, limit,
    )  # fmt: skip


async def _refuse_many(tx: Tx, run: str) -> None:
    row = await tx.one("SELECT COUNT(*) AS many FROM upload WHERE run = ? AND state <> 'done'", run)
    if row is not None and row["many"] >= MOST_OPEN:
        raise Conflict(f"run {run} has {MOST_OPEN} uploads open", fix="finish some of them, or delete them")
