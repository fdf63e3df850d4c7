"""`yard members`: who has which role in a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.options import json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client

__all__ = ["members"]

_who = click.argument("name")


@click.group()
def members() -> None:
    """List and change who has which role in a project (-p)."""


@members.command("ls")
@json_option
@with_client
def list_members(client: Client, *, as_json: bool) -> None:
    """List a project's members. Whoever has a role in the whole deployment has it here too, unlisted."""
    found = list(client.members.list())
    if as_json:
        return output.json_document({"items": found})
    return output.table(("NAME", "KIND", "ROLE", "SINCE"), [(m.principal, m.kind, m.role, m.created_at) for m in found])


@members.command("add")
@_who
@click.option(
    "--role",
    type=click.Choice(["viewer", "member", "admin"]),
    default="member",
    show_default=True,
    help="What they may do.",
)
@json_option
@with_client
def put_member(client: Client, *, name: str, role: str, as_json: bool) -> None:
    """Give a user or service account a role in the project, in place of the one they have."""
    member = client.members.put(name, role)
    if as_json:
        return output.json_document(member)
    return output.line(f"{member.principal} is {member.role} of project {client.endpoint.project}")


@members.command("rm")
@_who
@with_client
def remove_member(client: Client, *, name: str) -> None:
    """Take somebody's role in the project away."""
    client.members.remove(name)
    output.line(f"{name} has no role in project {client.endpoint.project} any more")
