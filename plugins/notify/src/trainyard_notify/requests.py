"""What the operations of runs ask for (`plugins.notifications`), in SQL: kept from when a run is created until it has
ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from trainyard_core.contracts.database import PluginTx
from trainyard_core.contracts.observer import Event
from trainyard_notify.outbox import Route

__all__ = ["ENDS", "delete_project", "delete_run", "is_of_interest", "put", "told"]

ENDS = ("succeeded", "failed", "stopped", "skipped")
"""The statuses that the trigger `done` means."""
_encode = msgspec.json.Encoder().encode
_events = msgspec.json.Decoder(list[str])


async def put(tx: PluginTx, event: Event) -> None:
    """Keep what is asked for by the operation of a run that was created. Idempotent."""
    for connection, events in _by_connection(event.data.get("notifications", ())).items():
        await tx.run(
            "INSERT INTO notify_request (run, connection, project, owner, events) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (run, connection) DO NOTHING",
            event.run, connection, event.project, event.actor, _encode(sorted(events)).decode(),
        )  # fmt: skip


def _by_connection(notifications: Iterable[Mapping[str, Any]]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in notifications:
        trigger = str(each["trigger"])
        for connection in each["connections"]:
            found.setdefault(str(connection), set()).update(ENDS if trigger == "done" else [trigger])
    return found


async def is_of_interest(tx: PluginTx, project: str, run: str) -> bool:
    """Whether a rule of a project, or a request of a run, can name a status of it."""
    found = await tx.one(
        "SELECT 1 AS found FROM notify_rule WHERE project = ? UNION ALL"
        " SELECT 1 AS found FROM notify_request WHERE run = ? LIMIT 1",
        project, run,
    )  # fmt: skip
    return found is not None


async def told(tx: PluginTx, run: str, status: str) -> Sequence[Route]:
    """The ways by which that status of a run is told."""
    rows = await tx.all("SELECT * FROM notify_request WHERE run = ? ORDER BY connection", run)
    return [
        Route(project=row["project"], run=run, connection=row["connection"], owner=row["owner"])
        for row in rows
        if status in _events.decode(row["events"])
    ]


async def delete_run(tx: PluginTx, run: str) -> None:
    """Forget what was asked for by a run that has ended. Idempotent."""
    await tx.run("DELETE FROM notify_request WHERE run = ?", run)


async def delete_project(tx: PluginTx, project: str) -> None:
    """Forget what was asked for by runs of a project that is gone. Idempotent."""
    await tx.run("DELETE FROM notify_request WHERE project = ?", project)
