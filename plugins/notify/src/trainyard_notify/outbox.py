"""Notices in SQL: those of a run that wait for one receiver, oldest first, and which of them it has taken.

A notice is kept for a day after it was taken, so that an event which observers are given twice is sent once.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from trainyard_core.contracts.database import PluginTx
from trainyard_notify.notice import Notice

__all__ = ["Pending", "Route", "add", "delete_project", "delete_rule", "hold", "oldest", "take", "tidy"]

DAY = 24 * 3600 * 1_000_000
KEPT = DAY
"""Microseconds for which a notice that was taken is remembered."""
MOST = 30 * DAY
"""Microseconds for which one that nobody takes is kept."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Notice).decode
_ROUTE = "run = ? AND rule = ? AND connection = ?"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """The way from a run to a receiver: by a rule of its project, or by a connection that its operation names, which is
    used in the name of the run's `owner`. What belongs to the other way is empty."""

    project: str
    run: str
    rule: str = ""
    connection: str = ""
    owner: str = ""

    @property
    def key(self) -> str:
        """What it is called among jobs."""
        return f"rule:{self.rule}:{self.run}" if self.rule else f"connection:{self.connection}:{self.run}"

    @property
    def columns(self) -> tuple[str, str, str]:
        """What its rows have in common."""
        return self.run, self.rule, self.connection


async def add(tx: PluginTx, route: Route, notice: Notice, *, at: int) -> bool:
    """Have a notice wait; False when it was added before."""
    added = await tx.run(
        "INSERT INTO notify_outbox (project, run, rule, connection, event, notice, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, rule, connection, event) DO NOTHING",
        route.project, *route.columns, notice.event, _encode(notice).decode(), at,
    )  # fmt: skip
    return added > 0


class Pending(NamedTuple):
    """A notice that waits, and until when the receiver has asked to be left alone."""

    notice: Notice
    due_at: int


async def oldest(tx: PluginTx, route: Route, *, job: int) -> Pending | None:
    """The notice that is to be sent next by that job. What an earlier job has failed at, which somebody removed, is
    not sent any more."""
    row = await tx.one(
        f"SELECT notice, due_at FROM notify_outbox WHERE {_ROUTE} AND sent_at IS NULL AND job IN (0, ?)"
        " ORDER BY event LIMIT 1",
        *route.columns, job,
    )  # fmt: skip
    return None if row is None else Pending(_decode(row["notice"]), row["due_at"])


async def take(tx: PluginTx, route: Route, event: int, *, job: int, at: int) -> bool:
    """Note that the receiver has a notice; whether another one waits."""
    await tx.run(
        f"UPDATE notify_outbox SET sent_at = ?, notice = '' WHERE {_ROUTE} AND event = ?", at, *route.columns, event
    )
    return await oldest(tx, route, job=job) is not None


async def hold(tx: PluginTx, route: Route, *, job: int, due_at: int) -> None:
    """Note which job has failed at what waits, and that it is not sent before a time."""
    await tx.run(
        f"UPDATE notify_outbox SET job = ?, due_at = ? WHERE {_ROUTE} AND sent_at IS NULL AND job IN (0, ?)",
        job, due_at, *route.columns, job,
    )  # fmt: skip


async def delete_rule(tx: PluginTx, project: str, rule: str) -> None:
    """Forget all notices of a rule."""
    await tx.run("DELETE FROM notify_outbox WHERE project = ? AND rule = ?", project, rule)


async def delete_project(tx: PluginTx, project: str) -> None:
    """Forget all notices of a project. Idempotent."""
    await tx.run("DELETE FROM notify_outbox WHERE project = ?", project)


async def tidy(tx: PluginTx, *, at: int) -> None:
    """Forget what was taken a day ago, and what nobody has taken for 30 days."""
    await tx.run(
        "DELETE FROM notify_outbox WHERE created_at <= ? AND (sent_at <= ? OR created_at <= ?)",
        at - KEPT, at - KEPT, at - MOST,
    )  # fmt: skip
