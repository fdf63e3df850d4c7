"""What the plugin does in the background: it sends notes, counts them, and notes each run that has ended."""

from __future__ import annotations

from trainyard_alternate_everything import notes
from trainyard_alternate_everything.notes import Note
from trainyard_core.contracts.job import JobCall
from trainyard_core.contracts.observer import Event
from trainyard_core.contracts.platform import Platform

__all__ = ["count", "note_end", "send"]

FINAL = ("succeeded", "failed", "stopped", "skipped")


async def send(platform: Platform, call: JobCall) -> None:
    """Send one note."""
    project, name = str(call.args["project"]), str(call.args["name"])
    await platform.jobs.write(call, lambda tx: notes.send(tx, project, name))


async def count(platform: Platform, call: JobCall) -> None:
    """Count all notes."""
    await platform.jobs.write(call, lambda tx: notes.count(tx, platform.clock.now()))


async def note_end(platform: Platform, event: Event) -> None:
    """Note a run that has ended, and how."""
    if event.data.get("status") in FINAL:
        note = Note(name=event.run, text=str(event.data["status"]))
        await platform.database.write(lambda tx: notes.add(tx, event.project, note))
