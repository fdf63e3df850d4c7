"""`yard connections`: what runs may use beside their own code, such as a git host or a database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trainyard.cli import output
from trainyard.cli.options import confirmed, json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Connection

__all__ = ["connections"]

_name = click.argument("name")
FIELDS = {"name": str, "kind": str, "fields": dict, "secrets": dict, "untrusted": bool}
_NOUNS = {str: "a text", dict: "a mapping", bool: "true or false"}


@click.group()
def connections() -> None:
    """List, add and check connections."""


@connections.command("add")
@click.option(
    "-f",
    "--file",
    "file",
    required=True,
    metavar="FILE",
    help="A YAML or JSON file: name, kind, fields, secrets, untrusted.",
)
@json_option
@with_client
def add_connection(client: Client, *, file: str, as_json: bool) -> None:
    """Add a connection from a file, or replace one of the same name and kind. Secrets are references, never values."""
    given = _read(Path(file))
    found = client.connections.set(
        given["name"],
        kind=given["kind"],
        fields=given.get("fields"),
        secrets=given.get("secrets"),
        untrusted=given.get("untrusted", False),
    )
    _show(found, as_json)


@connections.command("ls")
@json_option
@with_client
def list_connections(client: Client, *, as_json: bool) -> None:
    """List the connections that you may use."""
    found = list(client.connections.list())
    if as_json:
        return output.json_document({"items": found})
    return output.table(("CONNECTION", "KIND", "UPDATED"), [(each.name, each.kind, each.updated_at) for each in found])


@connections.command("show")
@_name
@json_option
@with_client
def show_connection(client: Client, *, name: str, as_json: bool) -> None:
    """Show one connection; its fields and references to admins only."""
    _show(client.connections.get(name), as_json)


@connections.command("check")
@_name
@json_option
@with_client
def check_connection(client: Client, *, name: str, as_json: bool) -> None:
    """Try a connection from the server: its fields, its secrets, and whether it is answered."""
    found = client.connections.check(name)
    if as_json:
        output.json_document(found)
    elif found.ok:
        output.line(f"connection {name} works")
    else:
        for problem in found.problems:
            output.line(f"{problem.field}: {problem.message}; {problem.fix}")
    if not found.ok:
        raise SystemExit(1)


@connections.command("rm")
@_name
@confirmed("remove connection {name}?")
@with_client
def remove_connection(client: Client, *, name: str) -> None:
    """Remove a connection. Runs that use it and have not started yet fail."""
    client.connections.delete(name)
    output.line(f"connection {name} is removed")


def _read(path: Path) -> dict[str, Any]:
    """What a file says of a connection. Raises SpecError, UsageError."""
    from trainyard.spec.load import load_file

    data: dict[str, Any] = dict(load_file(path).data)
    if unknown := sorted(set(data) - set(FIELDS)):
        raise click.UsageError(f"{path}: there is no field `{unknown[0]}`; write {', '.join(FIELDS)}")
    for field, kind in FIELDS.items():
        if field in data and not isinstance(data[field], kind):
            raise click.UsageError(f"{path}: `{field}` is {_NOUNS[kind]}")
    for field in ("name", "kind"):
        if not data.get(field):
            raise click.UsageError(f"{path}: `{field}` is missing")
    return data


def _show(connection: Connection, as_json: bool) -> None:
    if as_json:
        return output.json_document(connection)
    rows = [("connection", connection.name), ("kind", connection.kind)]
    rows += [(name, str(value)) for name, value in sorted(connection.fields.items())]
    rows += [(f"secret {name}", _reference(ref)) for name, ref in sorted(connection.secrets.items())]
    rows.append(("untrusted runs", "may use it" if connection.untrusted else "may not use it"))
    return output.fields([*rows, ("updated", connection.updated_at)])


def _reference(ref: dict[str, str]) -> str:
    return ", ".join(f"{part}: {text}" for part, text in ref.items())
