"""Observers in SQL: each has a place in the activity log under a lease, and rows for the events that it has passed and
not finished. Whatever a holder writes has its epoch in the condition.

An event in `observer_event` is at or below its observer's cursor, and every unfinished event at or below the cursor is
there: both are written in one transaction, by `checkpoint`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from trainyard_core.db.engine import Row, Tx

__all__ = [
    "Checkpoint",
    "DeferredEvent",
    "Holding",
    "checkpoint",
    "delete",
    "ensure",
    "get",
    "page",
    "release",
    "renew",
    "retry",
    "slowest",
    "take",
    "unfinished",
    "waiting",
]

Key = tuple[str, str]
"""The plugin and the name of an observer."""


class Holding(msgspec.Struct, frozen=True):
    """An observer in the hands of one process, from when it was taken."""

    plugin: str
    name: str
    epoch: int


class DeferredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that is passed and not finished: it has failed, or waits behind one of its subject that has. `event` is
    JSON, `delay` in microseconds from now."""

    activity: int
    subject: str
    event: str
    attempts: int
    delay: int
    error: str
    dead: bool


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """How far an observer has come: its cursor, what is unfinished before it and changed, and what of that was
    finished."""

    cursor: int
    deferred: Sequence[DeferredEvent]
    finished: Sequence[int]


async def ensure(tx: Tx, plugin: str, name: str, *, cursor: int, at: int) -> None:
    """Make sure that an observer has a place; a new one begins after `cursor`."""
    await tx.run(
        "INSERT INTO observer (plugin, name, cursor_id, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (plugin, name) DO NOTHING",
        plugin, name, cursor, at,
    )  # fmt: skip


async def renew(tx: Tx, held: Collection[Holding], *, until: int) -> list[Row]:
    """Keep what is held until a time; the rows of those that are still held."""
    if not held:
        return []
    return await tx.all(
        "UPDATE observer SET lease_until = ?"
        f" WHERE (plugin, name, epoch) IN (VALUES {', '.join(['(?, ?, CAST(? AS BIGINT))'] * len(held))}) RETURNING *",
        until, *(value for each in held for value in (each.plugin, each.name, each.epoch)),
    )  # fmt: skip


async def take(tx: Tx, wanted: Collection[Key], holder: str, *, now: int, until: int) -> list[Row]:
    """Take those of these observers that nobody holds, or that this holder had and has given up. Each is of a new epoch
    from then on: no write of an earlier one is taken any more."""
    if not wanted:
        return []
    pairs = ", ".join(["(?, ?)"] * len(wanted))
    return await tx.all(
        "UPDATE observer SET lease_holder = ?, lease_until = ?, epoch = epoch + 1"
        f" WHERE (lease_until <= ? OR lease_holder = ?) AND (plugin, name) IN (VALUES {pairs}) RETURNING *",
        holder, until, now, holder, *(word for key in wanted for word in key),
    )  # fmt: skip


async def release(tx: Tx, held: Holding) -> None:
    """Let another process take an observer at once."""
    await tx.run(
        "UPDATE observer SET lease_holder = '', lease_until = 0 WHERE plugin = ? AND name = ? AND epoch = ?",
        held.plugin, held.name, held.epoch,
    )  # fmt: skip


async def checkpoint(tx: Tx, held: Holding, reached: Checkpoint, *, now: int) -> bool:
    """Write how far a holder has come. False when it holds the observer no more: then nothing is written."""
    is_held = await tx.run(
        "UPDATE observer SET cursor_id = ? WHERE plugin = ? AND name = ? AND epoch = ?",
        reached.cursor, held.plugin, held.name, held.epoch,
    )  # fmt: skip
    if not is_held:
        return False
    await tx.many(
        "INSERT INTO observer_event (plugin, observer, activity, subject, event, attempts, due_at, error, dead)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (plugin, observer, activity) DO UPDATE SET"
        " attempts = excluded.attempts, due_at = excluded.due_at, error = excluded.error, dead = excluded.dead",
        [
            (held.plugin, held.name, each.activity, each.subject, each.event, each.attempts, now + each.delay,
             each.error, int(each.dead))
            for each in reached.deferred
        ],
    )  # fmt: skip
    await tx.many(
        "DELETE FROM observer_event WHERE plugin = ? AND observer = ? AND activity = ?",
        [(held.plugin, held.name, activity) for activity in reached.finished],
    )
    return True


async def waiting(tx: Tx, plugin: str, name: str) -> list[Row]:
    """The unfinished events of an observer but for dead letters, in the order of the log."""
    return await tx.all(
        "SELECT * FROM observer_event WHERE plugin = ? AND observer = ? AND dead = 0 ORDER BY activity", plugin, name
    )


async def page(tx: Tx) -> list[Row]:
    """All observers by plugin and name. `newest` is the newest activity, `next_at` the time of the first one after the
    cursor (NULL: there is none), `blocked` the subjects that wait, `waiting` their events, `dead` the dead letters."""
    return await tx.all(
        "SELECT o.*, n.id AS newest,"
        " (SELECT a.at FROM activity a WHERE a.id > o.cursor_id ORDER BY a.id LIMIT 1) AS next_at,"
        " COALESCE(e.blocked, 0) AS blocked, COALESCE(e.waiting, 0) AS waiting, COALESCE(e.dead, 0) AS dead"
        " FROM observer o CROSS JOIN (SELECT COALESCE(MAX(id), 0) AS id FROM activity) n LEFT JOIN"
        " (SELECT plugin, observer, COUNT(DISTINCT CASE WHEN dead = 0 THEN subject END) AS blocked,"
        " SUM(1 - dead) AS waiting, SUM(dead) AS dead FROM observer_event GROUP BY plugin, observer) e"
        " ON e.plugin = o.plugin AND e.observer = o.name ORDER BY o.plugin, o.name"
    )


async def get(tx: Tx, plugin: str, name: str) -> Row | None:
    """One observer, with what `page` says of it."""
    return next((row for row in await page(tx) if (row["plugin"], row["name"]) == (plugin, name)), None)


async def unfinished(tx: Tx, plugin: str, name: str, *, limit: int) -> list[Row]:
    """Events of an observer that have failed, dead letters among them, in the order of the log."""
    return await tx.all(
        "SELECT * FROM observer_event WHERE plugin = ? AND observer = ? AND attempts > 0 ORDER BY activity LIMIT ?",
        plugin, name, limit,
    )  # fmt: skip


async def retry(tx: Tx, plugin: str, name: str) -> int:
    """Have all dead letters of an observer handled again, as if they had not been; how many there were."""
    letters = await tx.run(
        "UPDATE observer_event SET dead = 0, attempts = 0, due_at = 0"
        " WHERE plugin = ? AND observer = ? AND dead = 1",
        plugin, name,
    )  # fmt: skip
    if letters:
        await tx.run("UPDATE observer SET retries = retries + 1 WHERE plugin = ? AND name = ?", plugin, name)
    return letters


async def delete(tx: Tx, plugin: str, name: str) -> bool:
    """Forget an observer, its place and its unfinished events; False for one that is not there."""
    await tx.run("DELETE FROM observer_event WHERE plugin = ? AND observer = ?", plugin, name)
    changed = await tx.run("DELETE FROM observer WHERE plugin = ? AND name = ?", plugin, name)
    return changed > 0


async def slowest(tx: Tx, *, above: int) -> int | None:
    """The smallest cursor at or above an id; None: there is none."""
    row = await tx.one("SELECT MIN(cursor_id) AS id FROM observer WHERE cursor_id >= ?", above)
    return None if row is None else row["id"]
