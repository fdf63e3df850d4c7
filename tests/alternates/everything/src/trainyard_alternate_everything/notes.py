"""Notes in the plugin's own tables."""

from __future__ import annotations

import msgspec

from trainyard_core.contracts.database import PluginTx

__all__ = ["Note", "NotePage", "add", "count", "page", "send"]


class Note(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note about a project. `sent` says whether the job that sends it has done so."""

    name: str
    text: str = ""
    sent: bool = False


class NotePage(msgspec.Struct, frozen=True, kw_only=True):
    """Notes by name."""

    items: list[Note]


async def add(tx: PluginTx, project: str, note: Note) -> None:
    """Write a note down, in place of the one of that name, and have it sent."""
    await tx.run(
        "INSERT INTO everything_note (project, name, text) VALUES (?, ?, ?)"
        " ON CONFLICT (project, name) DO UPDATE SET text = excluded.text, sent = 0",
        project,
        note.name,
        note.text,
    )
    await tx.enqueue("send", f"{project}/{note.name}", {"project": project, "name": note.name})


async def page(tx: PluginTx, project: str) -> NotePage:
    """The notes about a project."""
    rows = await tx.all("SELECT name, text, sent FROM everything_note WHERE project = ? ORDER BY name", project)
    return NotePage(items=[Note(name=row["name"], text=row["text"], sent=bool(row["sent"])) for row in rows])


async def send(tx: PluginTx, project: str, name: str) -> None:
    """Mark a note as sent."""
    await tx.run("UPDATE everything_note SET sent = 1 WHERE project = ? AND name = ?", project, name)


async def count(tx: PluginTx, at: int) -> None:
    """Note how many notes there are."""
    await tx.run("DELETE FROM everything_count")
    await tx.run(
        "INSERT INTO everything_count (counted_at, notes) SELECT CAST(? AS BIGINT), COUNT(*) FROM everything_note", at
    )
