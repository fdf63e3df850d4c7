"""How commands are found and loaded, and how every outcome becomes an exit code. Which there are is `catalog`'s."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, TextIO

import click

from trainyard.cli import extensions, output
from trainyard.cli.catalog import COMMANDS, SECTIONS, SERVER_COMMANDS, SERVER_PACKAGE, SERVER_SECTION
from trainyard.cli.examples import with_examples
from trainyard.cli.exit_codes import Exit, exit_for
from trainyard.cli.verbose import verbose_option
from trainyard.client.errors import ClientError
from trainyard.spec.error import SpecError

__all__ = ["load", "run", "yard"]


class Yard(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *(name for name in extensions.names() if name not in COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            return load(cmd_name)
        return extensions.load(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            known = self.list_commands(ctx)
            if args[0] not in known:
                raise click.UsageError(_unknown(args[0], known), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        others = extensions.names()
        for title, entries in SECTIONS.items():
            rows = [(name, entry.help) for name, entry in entries.items()]
            if title == SERVER_SECTION:
                rows = [*((name, text) for name, text in SERVER_COMMANDS.items() if name in others), *rows]
            with formatter.section(title):
                formatter.write_dl(rows)
        rows = [(name, f"(from {source})") for name, source in others.items() if name not in _OWN]
        if rows:
            with formatter.section("Others"):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _discard(sys.stdout)
            return Exit.OK


_OWN = {*COMMANDS, *SERVER_COMMANDS}


def _unknown(name: str, known: Sequence[str]) -> str:
    """What to say to a command that there is not."""
    if name in SERVER_COMMANDS:
        return f"`yard {name}` comes with the server's package; install it: pip install {SERVER_PACKAGE}"
    from difflib import get_close_matches

    near = " or ".join(repr(each) for each in get_close_matches(name, known, 2))
    return f"no command {name!r}; {f'did you mean {near}?' if near else '`yard --help` lists them'}"


@click.group(cls=Yard, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@verbose_option
@click.version_option(package_name="trainyard", message="%(prog)s %(version)s")
def yard() -> None:
    """Run, track and compare machine-learning work.

    RUN is a run's id, its ending of at least four characters, or `latest`. `yard COMMAND --help` says more.
    """


def load(name: str) -> click.Command:
    """A command of `yard`'s own."""
    module, _, attribute = COMMANDS[name].place.partition(":")
    command = getattr(import_module(f"trainyard.cli.{module}"), attribute)
    assert isinstance(command, click.Command)
    return with_examples(command, name)


def run(argv: Sequence[str] | None) -> int:
    """Run the command line and give its exit code."""
    _open_standard_streams()
    _make_printable(sys.stdout)
    _make_printable(sys.stderr)
    code = _outcome(argv)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
    except OSError as error:
        _discard(sys.stdout)
        code = _tell(f"standard output: {error.strerror or error}", Exit.USAGE)
    return int(code)


def _open_standard_streams() -> None:
    """Streams that whoever started us has closed go nowhere; no file or socket of ours takes their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123 - open as long as the process


def _outcome(argv: Sequence[str] | None) -> int:
    try:
        result = yard.main(args=None if argv is None else list(argv), prog_name="yard", standalone_mode=False)
        return result if isinstance(result, int) else Exit.OK
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _tell("interrupted", Exit.INTERRUPTED)
    except SystemExit as ended:  # a command of others that ends the process
        return ended.code if isinstance(ended.code, int) else _leave(ended.code)
    except ClientError as error:
        return _tell(str(error), exit_for(error))
    except SpecError as error:
        return _tell(str(error), Exit.FAILED)
    except UnicodeEncodeError as error:
        return _tell(f"{error.object!a} is not valid UTF-8", Exit.USAGE)
    except OSError as error:
        return _tell(f"{error.filename or 'the system'}: {error.strerror or error}", Exit.USAGE)


def _leave(message: str | None) -> Exit:
    """What `sys.exit` does with no number: nothing is well, a message is a failure."""
    return Exit.OK if message is None else _tell(message, Exit.FAILED)


def _tell(message: str, code: Exit) -> Exit:
    with suppress(BrokenPipeError):
        output.line(f"yard: {message}", err=True)
    return code


def _make_printable(stream: TextIO) -> None:
    """What a terminal cannot show becomes `?` instead of a traceback."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _discard(stream: TextIO) -> None:
    """Nobody reads any more: let the interpreter's last flush go nowhere."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
