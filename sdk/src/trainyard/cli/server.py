"""`yard version` and `yard settings`: which server this is and what it goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.options import json_option, open_client, server_options, with_client

if TYPE_CHECKING:
    from trainyard.client import Client

__all__ = ["settings", "version"]


@click.command()
@json_option
@server_options
def version(*, as_json: bool, url: str | None, project: str | None, data: str | None) -> None:
    """Print the versions of this command and of the server."""
    from trainyard.track.version import ours

    if not as_json:
        output.line(f"yard {ours()}")
    with open_client(url=url, project=project, data=data) as client:
        server = client.version()
    if as_json:
        return output.json_document({"client": ours(), "server": server})
    output.line(f"server {server.version} (API {server.api})")
    return output.line(f"missing there: {', '.join(server.missing)}") if server.missing else None


@click.command()
@json_option
@with_client
def settings(client: Client, *, as_json: bool) -> None:
    """Show the server's settings and where each comes from. Secrets are masked. For admins."""
    found = client.server.settings()
    if as_json:
        return output.json_document({"items": found})
    return output.table(("SETTING", "VALUE", "FROM"), [(each.name, each.value, each.source) for each in found])
