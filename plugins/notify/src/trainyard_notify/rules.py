"""Rules in SQL: which statuses of a project's runs are told, through which connection, and in whose name."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trainyard_core.contracts.database import PluginRow, PluginTx

__all__ = ["EVENTS", "Rule", "delete", "delete_project", "get", "page", "put", "told"]

EVENTS = ("running", "retrying", "succeeded", "failed", "stopped", "skipped")
"""The statuses of a run that a rule can name."""
_encode = msgspec.json.Encoder().encode
_texts = msgspec.json.Decoder(list[str])


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule. `owner` is the actor who wrote it last, in whose name the connection is used. Times are microseconds
    since 1970 UTC."""

    project: str
    name: str
    connection: str
    events: list[str]
    to: list[str]
    owner: str
    created_at: int
    updated_at: int


async def put(tx: PluginTx, rule: Rule) -> None:
    """Create a rule, or replace what it says."""
    await tx.run(
        "INSERT INTO notify_rule (project, name, connection, events, recipients, owner, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (project, name) DO UPDATE SET connection = excluded.connection,"
        " events = excluded.events, recipients = excluded.recipients, owner = excluded.owner,"
        " updated_at = excluded.updated_at",
        rule.project, rule.name, rule.connection, _encode(rule.events).decode(), _encode(rule.to).decode(), rule.owner,
        rule.created_at, rule.updated_at,
    )  # fmt: skip


async def get(tx: PluginTx, project: str, name: str) -> Rule | None:
    """One rule."""
    row = await tx.one("SELECT * FROM notify_rule WHERE project = ? AND name = ?", project, name)
    return None if row is None else _rule(row)


async def page(tx: PluginTx, project: str, *, after: str, limit: int) -> list[Rule]:
    """The rules of a project by name, after one."""
    rows = await tx.all(
        "SELECT * FROM notify_rule WHERE project = ? AND name > ? ORDER BY name LIMIT ?", project, after, limit
    )
    return [_rule(row) for row in rows]


async def told(tx: PluginTx, project: str, event: str) -> Sequence[Rule]:
    """The rules of a project that name that status of a run."""
    rows = await tx.all("SELECT * FROM notify_rule WHERE project = ? ORDER BY name", project)
    return [rule for rule in map(_rule, rows) if event in rule.events]


async def delete(tx: PluginTx, project: str, name: str) -> bool:
    """Remove a rule; False when there is none."""
    return await tx.run("DELETE FROM notify_rule WHERE project = ? AND name = ?", project, name) > 0


async def delete_project(tx: PluginTx, project: str) -> None:
    """Remove all rules of a project that is gone. Idempotent."""
    await tx.run("DELETE FROM notify_rule WHERE project = ?", project)


def _rule(row: PluginRow) -> Rule:
    return Rule(
        project=row["project"],
        name=row["name"],
        connection=row["connection"],
        events=_texts.decode(row["events"]),
        to=_texts.decode(row["recipients"]),
        owner=row["owner"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
