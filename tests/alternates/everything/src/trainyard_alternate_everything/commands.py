"""`yard notes`: the notes about a project. Imports the SDK only, so that it works on a machine without a server."""

from __future__ import annotations

import click
import msgspec

from trainyard.client import Client
from trainyard.client.requests.path import change
from trainyard.client.wire import Request, path_of

__all__ = ["notes"]


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note about a project, as the server's routes have it."""

    name: str
    text: str = ""
    sent: bool = False


class NotePage(msgspec.Struct, frozen=True, kw_only=True):
    """Notes by name."""

    items: list[Note]


@click.group()
def notes() -> None:
    """Read and write notes about a project."""


@notes.command("ls")
@click.option("-p", "--project", default="default", help="The project.")
def list_notes(project: str) -> None:
    """List the notes about a project."""
    with Client() as client:
        page = client.send(Request("GET", path_of("everything", "notes", project), NotePage))
    for note in page.items:
        click.echo(f"{note.name}: {note.text}{'' if note.sent else ' (not sent yet)'}")


@notes.command("add")
@click.argument("name")
@click.argument("text")
@click.option("-p", "--project", default="default", help="The project.")
def add_note(name: str, text: str, project: str) -> None:
    """Write a note about a project."""
    with Client() as client:
        client.send(change("POST", path_of("everything", "notes", project), Note, Note(name=name, text=text)))
    click.echo(f"note {name} is written")


@notes.command("words")
@click.argument("text")
def count_words(text: str) -> None:
    """Count the words of a text; no server is asked."""
    click.echo(len(text.split()))
