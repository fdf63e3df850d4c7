"""The `yard` command. Importing this package loads nothing; `main` loads the list of commands, and each command its own
module when it is called.

Another distribution adds a command by an entry point of the group `trainyard.commands`. Its name is the command's name;
it is loaded when the command is called or its own help is asked for, never for `yard --help`. It points to one of

* a `click.Command` (a `click.Group` too), which is used as it is;
* a `typer.Typer` application or a plain function with annotated parameters, which typer turns into a command. The
  distribution that brings one depends on typer itself.

What a command returns is its exit code when it is an int. An entry point that cannot be loaded is reported when its
command is called; all other commands go on working. A name of `yard`'s own cannot be taken over.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run `yard` with these arguments (those of the process when None) and give its exit code. Errors go to stderr."""
    from trainyard.cli.app import run

    return run(argv)
