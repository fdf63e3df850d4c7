"""Jobs in SQL: enqueued in the caller's transaction, taken under a lease, and ended by its holder alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from trainyard_core.db import lease
from trainyard_core.db.engine import Row, Tx

__all__ = [
    "CORE",
    "JOBS",
    "STATES",
    "JobEnd",
    "NewJob",
    "claim",
    "count",
    "enqueue",
    "finish",
    "get",
    "hold",
    "next_due",
    "page",
    "recover",
    "remove",
    "retry",
    "schedule",
    "set_back",
]

STATES = ("waiting", "running", "dead")
CORE = "core"
"""The plugin of core's own jobs."""
JOBS = "jobs"
"""The signal of a transaction that has enqueued a job."""
MARGIN = 5_000_000
"""Microseconds for which a job is its worker's after its call has been cancelled, so that the worker can say so."""
_LEAST = {"sqlite": "MIN", "postgresql": "LEAST"}


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job to be enqueued: `args` is JSON; it is due `delay` microseconds from now, and its lease is `timeout` long.
    `at` is the time by the caller's clock, which counts on SQLite."""

    plugin: str
    name: str
    key: str
    timeout: int
    at: int
    args: str = "{}"
    delay: int = 0


class JobEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How one call of a job went. `error` is empty when it succeeded; `again_at` is when it is due again (None: it is
    done, or dead if it failed)."""

    id: int
    epoch: int
    error: str = ""
    again_at: int | None = None
    is_retry: bool = False


async def enqueue(tx: Tx, new: NewJob) -> None:
    """Make sure that the job is done, at that time or sooner. One that waits is given the new arguments; one that runs
    is done once more; a dead one begins anew."""
    least, now = _LEAST[tx.dialect], _now(tx, new)
    await tx.run(
        "INSERT INTO job (plugin, name, key, args, state, due_at, timeout, created_at)"
        f" VALUES (?, ?, ?, ?, 'waiting', {now} + CAST(? AS BIGINT), ?, {now})"
        " ON CONFLICT (plugin, name, key) DO UPDATE SET"
        " args = CASE WHEN job.state = 'running' THEN job.args ELSE excluded.args END,"
        f" due_at = CASE job.state WHEN 'waiting' THEN {least}(job.due_at, excluded.due_at)"
        " WHEN 'dead' THEN excluded.due_at ELSE job.due_at END,"
        " attempt = CASE WHEN job.state = 'dead' THEN 0 ELSE job.attempt END,"
        " next_args = CASE WHEN job.state = 'running' THEN excluded.args END,"
        f" next_at = CASE WHEN job.state = 'running' THEN {least}(COALESCE(job.next_at, excluded.due_at),"
        " excluded.due_at) END,"
        " timeout = excluded.timeout,"
        " state = CASE WHEN job.state = 'dead' THEN 'waiting' ELSE job.state END",
        new.plugin, new.name, new.key, new.args, new.delay, new.timeout,
    )  # fmt: skip
    tx.signals.add(JOBS)


def _now(tx: Tx, new: NewJob) -> str:
    """The time as SQL: the database's own, or on SQLite the caller's."""
    return lease.NOW if tx.dialect == "postgresql" else str(int(new.at))


async def claim(tx: Tx, known: Collection[tuple[str, str]], holder: str, *, now: int, limit: int) -> list[Row]:
    """Take jobs that are due, or whose holder is overdue, oldest first: those that this process knows, by (plugin,
    name). Their rows as they are now."""
    if not known or limit < 1:
        return []
    skip = " FOR UPDATE SKIP LOCKED" if tx.dialect == "postgresql" else ""
    pairs = ", ".join(["(?, ?)"] * len(known))
    rows = await tx.all(
        "SELECT id FROM job WHERE ((state = 'waiting' AND due_at <= ?) OR (state = 'running' AND lease_until <= ?))"
        f" AND (plugin, name) IN (VALUES {pairs}) ORDER BY due_at, id LIMIT ?{skip}",
        now, now, *(word for pair in known for word in pair), limit,
    )  # fmt: skip
    if not rows:
        return []
    ids = [row["id"] for row in rows]
    return await tx.all(
        f"UPDATE job SET state = 'running', lease_holder = ?, lease_until = CAST(? AS BIGINT) + timeout + {MARGIN},"
        " epoch = epoch + 1, attempt = attempt + 1, started_at = ?"
        f" WHERE id IN ({', '.join('?' * len(ids))}) RETURNING *",
        holder, now, now, *ids,
    )  # fmt: skip


async def hold(tx: Tx, job: int, epoch: int) -> bool:
    """Whether the holder of that epoch still has the job, which nobody takes until this transaction ends."""
    lock = " FOR SHARE" if tx.dialect == "postgresql" else ""
    return (
        await tx.one(f"SELECT 1 FROM job WHERE id = ? AND epoch = ? AND state = 'running'{lock}", job, epoch)
        is not None
    )


async def finish(tx: Tx, ends: Sequence[JobEnd], *, now: int) -> None:
    """Write how jobs went. What somebody else holds by now stays as it is."""
    done = [each for each in ends if not each.error and each.again_at is None]
    await tx.many(
        "DELETE FROM job WHERE id = ? AND epoch = ? AND next_at IS NULL", [(each.id, each.epoch) for each in done]
    )
    await tx.many(
        "UPDATE job SET state = 'waiting', args = next_args, due_at = next_at, next_args = NULL, next_at = NULL,"
        " attempt = 0, error = '', lease_holder = '', succeeded_at = ? WHERE id = ? AND epoch = ?",
        [(now, each.id, each.epoch) for each in done],
    )
    again = [each for each in ends if each.again_at is not None]
    await tx.many(
        "UPDATE job SET state = 'waiting', args = COALESCE(next_args, args),"
        f" due_at = {_LEAST[tx.dialect]}(CAST(? AS BIGINT), COALESCE(next_at, CAST(? AS BIGINT))), next_args = NULL,"
        " next_at = NULL, attempt = CASE WHEN ? = 1 THEN attempt ELSE 0 END, error = ?, lease_holder = '',"
        " succeeded_at = CASE WHEN ? = '' THEN CAST(? AS BIGINT) ELSE succeeded_at END WHERE id = ? AND epoch = ?",
        [
            (each.again_at, each.again_at, int(each.is_retry), each.error, each.error, now, each.id, each.epoch)
            for each in again
        ],
    )
    dead = [each for each in ends if each.error and each.again_at is None]
    await tx.many(
        "UPDATE job SET state = CASE WHEN next_at IS NULL THEN 'dead' ELSE 'waiting' END,"
        " args = COALESCE(next_args, args), due_at = COALESCE(next_at, due_at), next_args = NULL, next_at = NULL,"
        " attempt = CASE WHEN next_at IS NULL THEN attempt ELSE 0 END, error = ?, lease_holder = ''"
        " WHERE id = ? AND epoch = ?",
        [(each.error, each.id, each.epoch) for each in dead],
    )


async def schedule(tx: Tx, new: NewJob) -> None:
    """Make sure that a periodic job has its row; one that is there is due no later than it would be now."""
    now = _now(tx, new)
    await tx.run(
        "INSERT INTO job (plugin, name, key, args, state, due_at, timeout, created_at)"
        f" VALUES (?, ?, ?, ?, 'waiting', {now} + CAST(? AS BIGINT), ?, {now})"
        " ON CONFLICT (plugin, name, key) DO UPDATE SET"
        f" due_at = CASE WHEN job.attempt = 0 THEN {_LEAST[tx.dialect]}(job.due_at, excluded.due_at)"
        " ELSE job.due_at END, timeout = excluded.timeout",
        new.plugin, new.name, new.key, new.args, new.delay, new.timeout,
    )  # fmt: skip


async def set_back(tx: Tx, *, now: int) -> None:
    """The clock was set back: what was enqueued in what is the future now is due as long after now as it was then."""
    await tx.run(
        "UPDATE job SET due_at = due_at - (created_at - CAST(? AS BIGINT)), created_at = ?"
        " WHERE created_at > ? AND state = 'waiting'",
        now, now, now,
    )  # fmt: skip


async def recover(tx: Tx, process: str) -> None:
    """Nobody but this process, which begins, works on this database: what others have taken is due again."""
    await tx.run("UPDATE job SET lease_until = 0 WHERE state = 'running' AND lease_holder NOT LIKE ?", f"{process}%")


async def next_due(tx: Tx, known: Collection[tuple[str, str]]) -> int | None:
    """When the next job that this process knows is due, or overdue in its holder's hands; None: there is none."""
    if not known:
        return None
    pairs, words = ", ".join(["(?, ?)"] * len(known)), [word for pair in known for word in pair]
    row = await tx.one(
        "SELECT MIN(CASE state WHEN 'waiting' THEN due_at ELSE lease_until END) AS at FROM job"
        f" WHERE state IN ('waiting', 'running') AND (plugin, name) IN (VALUES {pairs})",
        *words,
    )
    return None if row is None else row["at"]


async def page(tx: Tx, *, after: int, limit: int, state: str = "", plugin: str = "") -> list[Row]:
    """Jobs by id after one, of one state or plugin if these are given."""
    where: list[str] = ["id > ?"]
    args: list[object] = [after]
    for column, value in (("state", state), ("plugin", plugin)):
        if value:
            where.append(f"{column} = ?")
            args.append(value)
    return await tx.all(f"SELECT * FROM job WHERE {' AND '.join(where)} ORDER BY id LIMIT ?", *args, limit)


async def get(tx: Tx, job: int) -> Row | None:
    """One job."""
    return await tx.one("SELECT * FROM job WHERE id = ?", job)


async def retry(tx: Tx, job: int, *, now: int) -> bool:
    """Have a job that is dead or waits run now, as if it were new; False for one that is not there or runs."""
    changed = await tx.run(
        "UPDATE job SET state = 'waiting', due_at = ?, attempt = 0 WHERE id = ? AND state <> 'running'", now, job
    )
    if changed:
        tx.signals.add(JOBS)
    return changed > 0


async def remove(tx: Tx, job: int) -> bool:
    """Delete a job that does not run; False for one that is not there or runs."""
    return await tx.run("DELETE FROM job WHERE id = ? AND state <> 'running'", job) > 0


async def count(tx: Tx) -> list[Row]:
    """How many jobs there are, by plugin, name and state, and the oldest time at which one is or was due."""
    return await tx.all(
        "SELECT plugin, name, state, COUNT(*) AS n, MIN(due_at) AS due_at FROM job GROUP BY plugin, name, state"
    )
