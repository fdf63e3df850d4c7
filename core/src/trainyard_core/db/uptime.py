"""Since when the platform could hear its agents and programs: what nobody could hear is no silence of theirs.

One row, which each process that serves the API confirms every few seconds. A break between two confirmations begins it
anew: nobody served, the database was away, the process or its machine stood still, or the clock was set.
"""

from __future__ import annotations

from trainyard_core.db.engine import Tx
from trainyard_core.uptime import BREAK, NEVER_UP, Uptime

__all__ = ["confirm", "get", "pull_back"]


async def get(tx: Tx) -> Uptime:
    """What is known of it."""
    row = await tx.one("SELECT since, until FROM uptime WHERE id = 1")
    return NEVER_UP if row is None else Uptime(row["since"], row["until"])


async def confirm(tx: Tx, *, at: int, anew: bool) -> bool:
    """This process listens; `anew` when it has just begun to. False when the clock has been set back since somebody
    last said so."""
    before = await get(tx)
    await tx.run(
        "INSERT INTO uptime (id, since, until) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " since = CASE WHEN ? = 0 AND ABS(excluded.until - uptime.until) <= ? THEN uptime.since"
        " ELSE excluded.since END, until = excluded.until",
        at, at, int(anew), BREAK,
    )  # fmt: skip
    return before.until <= at + BREAK


async def pull_back(tx: Tx, *, at: int, drain: int) -> None:
    """After the clock was set back: what waits for a time that was near, or counts from one that was past, does so
    from now. `drain` is in microseconds. Idempotent."""
    await tx.run("UPDATE run SET wake_at = ?, wake_seq = wake_seq + 1 WHERE wake_at > ?", at, at)
    await tx.run("UPDATE run SET started_at = ? WHERE started_at > ? AND finished_at IS NULL", at, at)
    for column, latest in (("started_at", at), ("finished_at", at), ("drain_until", at + drain)):
        await tx.run(f"UPDATE attempt SET {column} = ? WHERE {column} > ? AND released = 0", latest, latest)
    await tx.run("UPDATE agent SET seen_at = ? WHERE seen_at > ?", at, at)
    await tx.run("UPDATE writer SET updated_at = ? WHERE updated_at > ?", at, at)
    await tx.run("UPDATE director SET lease_until = ? WHERE lease_until > ?", at, at)
