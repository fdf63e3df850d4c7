"""`yard tokens`: made once, shown once, revoked at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.options import json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Token

__all__ = ["tokens"]

_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


class Duration(click.ParamType[float]):
    """`12h`, `30d`: a time in seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"(\d+)([mhdw])", str(value))
        if found is None:
            self.fail(f"{value!r} is no duration; write minutes, hours, days or weeks: 30m, 12h, 90d, 4w", param, ctx)
        return float(found[1]) * _UNITS[found[2]]


@click.group()
def tokens() -> None:
    """List, make and revoke tokens."""


@tokens.command("ls")
@click.option("--for", "principal", default="", metavar="NAME", help="The tokens of this user or service account.")
@click.option("--all", "everybody", is_flag=True, help="The tokens of everybody.")
@json_option
@with_client
def list_tokens(client: Client, *, principal: str, everybody: bool, as_json: bool) -> None:
    """List tokens. Their texts are not kept and cannot be shown."""
    if principal and everybody:
        raise click.UsageError("give --for or --all, not both")
    found = list(client.tokens.list("*" if everybody else principal))
    if as_json:
        return output.json_document({"items": found})
    headers = ("TOKEN", "OWNER", "NAME", "BEGINS", "MAY", "PROJECTS", "EXPIRES", "LAST USED", "STATE")
    return output.table(headers, [_row(token) for token in found])


@tokens.command("create")
@click.option("--name", default="", help="A name for the token.")
@click.option("--for", "principal", default="", metavar="NAME", help="For this user or service account [you].")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["read", "write", "track", "admin", "agent"]),
    help="What the token may do; may be repeated [all that yours may].",
)
@click.option(
    "--only", "projects", multiple=True, metavar="PROJECT", help="A project that it is limited to; may be repeated."
)
@click.option(
    "--expires-in", type=Duration(), metavar="TIME", help="How long the token is valid, such as 12h or 90d [for ever]."
)
@json_option
@with_client
def create_token(
    client: Client,
    *,
    name: str,
    principal: str,
    scopes: tuple[str, ...],
    projects: tuple[str, ...],
    expires_in: float | None,
    as_json: bool,
) -> None:
    """Make a token and print its text, this once: on standard output, alone, to be piped."""
    from trainyard.client.models import NewToken

    request = NewToken(
        name=name, principal=principal, scopes=[*scopes], projects=[*projects], expires_in=expires_in or 0.0
    )
    token = client.tokens.create(request)
    if as_json:
        return output.json_document(token)
    output.line(f"token {token.id} for {token.principal}; it is shown this once:", err=True)
    return output.line(token.token)


@tokens.command("revoke")
@click.argument("ids", metavar="TOKEN", nargs=-1, required=True)
@with_client
def revoke_token(client: Client, *, ids: tuple[str, ...]) -> None:
    """Revoke tokens by the ids that `yard tokens ls` shows, and all that were made with them. They count for nothing at
    once."""
    for token_id in ids:
        client.tokens.revoke(token_id)
        output.line(f"token {token_id} is revoked")


def _row(token: Token) -> tuple[str, ...]:
    return (
        token.id,
        token.principal,
        token.name,
        token.prefix,
        ", ".join(token.scopes),
        ", ".join(token.projects),
        token.expires_at or "never",
        token.used_at or "-",
        "revoked" if token.revoked_at else "",
    )
