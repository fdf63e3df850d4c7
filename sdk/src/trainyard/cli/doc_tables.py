"""The command reference as Markdown, printed from the commands themselves into docs/cli.md. Commands of other
distributions are left out, so that the text does not depend on what is installed."""

from __future__ import annotations

from collections.abc import Iterator

import click

from trainyard.cli.app import load, yard
from trainyard.cli.catalog import COMMANDS
from trainyard.cli.exit_codes import MEANINGS

__all__ = ["commands", "exit_codes"]

_WIDTH = 100


def commands() -> str:
    """A section a command, with its help."""
    root = click.Context(yard, info_name="yard", terminal_width=_WIDTH, max_content_width=_WIDTH)
    return "\n".join(section for name in COMMANDS for section in _sections(load(name), name, root))


def exit_codes() -> str:
    """The table of exit codes."""
    rows = [f"| {int(code)} | {meaning} |" for code, meaning in MEANINGS.items()]
    return "\n".join(["| code | meaning |", "|---|---|", *rows, ""])


def _sections(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    context = click.Context(
        command, parent=parent, info_name=name, help_option_names=["-h", "--help"], terminal_width=_WIDTH
    )
    if isinstance(command, click.Group):
        for child_name, child in sorted(command.commands.items()):
            yield from _sections(child, child_name, context)
    else:
        yield f"### {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
