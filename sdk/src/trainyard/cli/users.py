"""`yard users` and `yard service-accounts`: people and programs, and their roles in the whole deployment. Both groups
have the same commands, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.options import confirmed, json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Principal
    from trainyard.client.resources import Principals

__all__ = ["service_accounts", "users"]

_ROLES = click.Choice(["none", "viewer", "member", "admin"])
_name = click.argument("name")


@click.group()
def users() -> None:
    """List, add and change people. For admins of the deployment."""


@click.group("service-accounts")
def service_accounts() -> None:
    """List, add and change programs with tokens of their own. For admins of the deployment."""


def _commands(group: click.Group, noun: str) -> None:
    """The commands of one kind of principal."""

    def of(client: Client) -> Principals:
        return client.users if group is users else client.service_accounts

    @group.command("ls", help=f"List {noun}s.")
    @json_option
    @with_client
    def list_them(client: Client, *, as_json: bool) -> None:
        found = list(of(client).list())
        if as_json:
            return output.json_document({"items": found})
        rows = [(p.name, p.role, "disabled" if p.disabled else "", p.created_at, p.description) for p in found]
        return output.table(("NAME", "ROLE", "STATE", "CREATED", "DESCRIPTION"), rows)

    @group.command("get", help=f"Show one {noun}.")
    @_name
    @json_option
    @with_client
    def get(client: Client, *, name: str, as_json: bool) -> None:
        _show(of(client).get(name), as_json=as_json)

    @group.command("add", help=f"Add a {noun}. A token for it: yard tokens create --for NAME.")
    @_name
    @click.option("--role", type=_ROLES, default="none", show_default=True, help="In the whole deployment.")
    @click.option("--description", default="", help="Who or what it is.")
    @json_option
    @with_client
    def add(client: Client, *, name: str, role: str, description: str, as_json: bool) -> None:
        _show(of(client).add(name, role=role, description=description), as_json=as_json)

    @group.command("edit", help=f"Change a {noun}; what is not given stays.")
    @_name
    @click.option("--role", type=_ROLES, help="In the whole deployment.")
    @click.option("--description", help="Who or what it is.")
    @click.option("--disable/--enable", "disabled", default=None, help="Shut out with all tokens, or let in again.")
    @json_option
    @with_client
    def edit(
        client: Client, *, name: str, role: str | None, description: str | None, disabled: bool | None, as_json: bool
    ) -> None:
        from trainyard.client.models import EditPrincipal

        change = EditPrincipal(role=role, description=description, disabled=disabled)
        if change == EditPrincipal():
            raise click.UsageError("nothing is to be changed: give --role, --description, --disable or --enable")
        _show(of(client).edit(name, change), as_json=as_json)

    @group.command("rm", help=f"Remove a {noun} with all its tokens and roles.")
    @_name
    @confirmed(f"remove {noun} {{name}} with all tokens and roles; the name is not used again")
    @with_client
    def remove(client: Client, *, name: str) -> None:
        of(client).delete(name)
        output.line(f"{noun} {name} is removed")


def _show(principal: Principal, *, as_json: bool) -> None:
    if as_json:
        return output.json_document(principal)
    return output.fields(
        [
            ("name", principal.name),
            ("kind", principal.kind),
            ("role", principal.role),
            ("state", "disabled" if principal.disabled else "enabled"),
            ("description", principal.description),
            ("created", principal.created_at),
        ]
    )


_commands(users, "user")
_commands(service_accounts, "service account")
