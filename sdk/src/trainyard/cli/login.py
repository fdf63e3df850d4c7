"""`yard login`, `logout` and `whoami`: who one is to which server. Where tokens are kept is the client's `logins`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from trainyard.cli import output
from trainyard.cli.options import json_option, open_client, with_client
from trainyard.cli.verbose import verbose_option

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Whoami

__all__ = ["login", "logout", "whoami"]


@click.command()
@click.argument("url", required=False)
@json_option
@verbose_option
def login(url: str | None, *, as_json: bool) -> None:
    """Keep a token for a server, and speak to that server from now on.

    The token is asked for and not shown, or read from standard input: `pass show trainyard | yard login URL`. It is
    checked there before it is kept, readable by you alone, and is never sent to another server. Without URL the server
    is the one that other commands would speak to.
    """
    from trainyard.client import logins
    from trainyard.client.discovery import discover, without_secrets

    address = without_secrets(discover(url=url, token="").url)
    _warn_of_plain_text(address)
    token = _token(address)
    with open_client(url=address, project=None, data=None, token=token) as client:
        who = client.server.whoami()
    file = logins.remember(logins.Login(url=address, token=token, name=who.name), os.environ)
    if as_json:
        return output.json_document({"url": logins.canonical(address), "name": who.name, "file": str(file)})
    return output.line(f"logged in to {logins.canonical(address)} as {who.name}; the token is kept in {file}")


@click.command()
@click.argument("url", required=False)
@click.option("--all", "everywhere", is_flag=True, help="From every server.")
def logout(url: str | None, *, everywhere: bool) -> None:
    """Forget the token of a server: URL, or the one logged in to last. To make it worthless too: yard tokens revoke."""
    from trainyard.client import logins

    if url and everywhere:
        raise click.UsageError("give URL or --all, not both")
    last = logins.current(os.environ)
    wanted = logins.known(os.environ) if everywhere else [url or last]
    try:
        dropped = [each for each in wanted if each and logins.forget(each, os.environ)]
    except ValueError:  # of an address whose port is none
        raise click.UsageError("URL is not the address of a server; write it as https://HOST:PORT") from None
    if not dropped:
        raise click.UsageError(f"not logged in{f' to {url}' if url else ''}; nothing is kept")
    for each in dropped:
        output.line(f"logged out of {each}")


@click.command()
@json_option
@with_client
def whoami(client: Client, *, as_json: bool) -> None:
    """Show whom the server takes you for and what you may do there."""
    who, endpoint = client.server.whoami(), client.endpoint
    if as_json:
        return output.json_document({"url": endpoint.url, "source": endpoint.source, "whoami": who})
    return output.fields(
        [
            ("server", endpoint.url),
            ("found by", endpoint.source),
            ("token from", endpoint.token_source),
            *_rows(who),
        ]
    )


def _rows(who: Whoami) -> list[tuple[str, str]]:
    return [
        ("you are", who.name),
        ("role", who.role),
        ("in projects", ", ".join(f"{project}: {role}" for project, role in sorted(who.roles.items()))),
        ("may", ", ".join(who.scopes)),
        ("only in", "" if who.projects == ["*"] else ", ".join(who.projects)),
        ("expires", who.expires_at or "never"),
    ]


def _token(address: str) -> str:
    if sys.stdin.isatty():
        return str(click.prompt(f"token for {address}", hide_input=True, err=True)).strip()
    text = sys.stdin.readline().strip()
    if not text:
        raise click.UsageError("standard input holds no token; pipe one in, or call this in a terminal to be asked")
    return text


def _warn_of_plain_text(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        output.line(f"yard: {address} is not encrypted: whoever is in between can read the token", err=True)
