"""`yard plugins`: what the server has installed. What works on packages themselves (`new`, `check`) comes with core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trainyard.cli import extensions, output
from trainyard.cli.options import json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client

__all__ = ["plugins"]

_WITH_CORE = ("check", "new")


class Plugins(click.Group):
    """A group whose further commands come from whoever works on packages."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *extensions.names("plugins")})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or extensions.load(cmd_name, "plugins")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, command.get_short_help_str()) for name, command in sorted(self.commands.items())]
        rows += [(name, f"(from {source})") for name, source in extensions.names("plugins").items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] in _WITH_CORE and args[0] not in self.list_commands(ctx):
            raise click.UsageError(f"`yard plugins {args[0]}` comes with the server: pip install trainyard-core", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Plugins)
def plugins() -> None:
    """List the server's plugins; write and check your own."""


@plugins.command("ls")
@json_option
@with_client
def list_plugins(client: Client, *, as_json: bool) -> None:
    """List the server's plugins and what is wrong with them."""
    found = client.plugins()
    if as_json:
        return output.json_document({"items": found})
    rows = [(plugin.name, plugin.version, ", ".join(plugin.offers), plugin.error) for plugin in found]
    return output.table(("PLUGIN", "VERSION", "OFFERS", "ERROR"), rows)
