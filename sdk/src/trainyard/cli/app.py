"""The list of commands, how they are found and loaded, and how every outcome becomes an exit code. It knows of each
command one line of help, so that `yard --help` loads none."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, NamedTuple, TextIO

import click

from trainyard.cli import extensions, output
from trainyard.cli.exit_codes import Exit, exit_for
from trainyard.client.errors import ClientError
from trainyard.spec.error import SpecError

__all__ = ["COMMANDS", "run", "yard"]


class _Home(NamedTuple):
    place: str
    help: str


COMMANDS = {
    "run": _Home("run:run", "Create a run from an operation file, or from a registered component."),
    "ls": _Home("ls:ls", "List runs, newest first."),
    "get": _Home("runs:get", "Show one run."),
    "logs": _Home("logs:logs", "Print what a run wrote."),
    "metrics": _Home("metrics:metrics", "Show the metrics of a run."),
    "watch": _Home("watch:watch", "Show what happens as it happens."),
    "sweep": _Home(
        "sweep:sweep", "Show a sweep: its trials, the best one, and for several objectives those that no other beats."
    ),
    "artifacts": _Home("artifacts:artifacts", "List, get, put and remove the files of runs."),
    "compare": _Home("compare:compare", "Put runs side by side and say what differs."),
    "approve": _Home("actions:approve", "Let runs go on that are held for approval."),
    "stop": _Home("actions:stop", "Stop runs."),
    "skip": _Home("actions:skip", "Never run runs that no agent has taken yet."),
    "restart": _Home(
        "clones:restart", "Run the same operation again, with other params, name or queue where they are given."
    ),
    "resume": _Home(
        "clones:resume",
        "Continue runs that have ended: each new run has the old one's outputs and artifacts, and one chart with it.",
    ),
    "copy": _Home("clones:copy", "Run the same operation again, beginning with the artifacts of a run that has ended."),
    "edit": _Home(
        "clones:edit", "Change what a run is called and how it is tagged, and while it waits its queue and priority."
    ),
    "tag": _Home("actions:tag", "Add tags to runs and remove them."),
    "archive": _Home("actions:archive", "Put runs away; nothing else about them changes."),
    "restore": _Home("actions:restore", "Take runs out of the archive."),
    "delete": _Home("actions:delete", "Delete runs that have ended, for good, with all that they tracked."),
    "why": _Home("runs:why", "Say why a run is where it is and what it waits for."),
    "lint": _Home("lint:lint", "Check operation files without a server."),
    "sync": _Home("sync:sync", "Send what runs have recorded while no server was there."),
    "projects": _Home("projects:projects", "List, create and change projects."),
    "members": _Home("members:members", "List and change who has which role in a project (-p)."),
    "users": _Home("users:users", "List, add and change people."),
    "service-accounts": _Home("users:service_accounts", "List, add and change programs that have tokens of their own."),
    "tokens": _Home("tokens:tokens", "List, make and revoke tokens: your own, or as an admin those of others."),
    "components": _Home(
        "components:components", "Register components by name and version, and see what there is (-p: the project)."
    ),
    "presets": _Home(
        "presets:presets", "Register presets by name and version, and see what there is (-p: the project)."
    ),
    "queues": _Home("queues:queues", "List and change queues."),
    "agents": _Home("agents:agents", "List, add, drain and remove agents."),
    "lost": _Home("agents:lost", "Give up a live run whose agent cannot be reached and will not come back."),
    "plugins": _Home("plugins:plugins", "List the server's plugins; write and check one of your own."),
    "doctor": _Home(
        "doctor:doctor",
        "Look at every hop between here and the data of your runs, and say what to do where one fails.",
    ),
    "login": _Home("login:login", "Keep a token for a server, and speak to that server from now on."),
    "logout": _Home("login:logout", "Forget the token of a server: URL, or the one logged in to last."),
    "whoami": _Home("login:whoami", "Show whom the server takes you for and what you may do there."),
    "completion": _Home(
        "completion:completion",
        "Print the script that completes commands, options, runs and projects in a shell.",
    ),
    "settings": _Home("server:settings", "Show the server's settings in force and where each comes from."),
    "version": _Home("server:version", "Print the versions of this command and of the server."),
}


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
        if args and not args[0].startswith("-") and args[0] not in (known := self.list_commands(ctx)):
            raise click.UsageError(f"no command {args[0]!r}; commands: {', '.join(known)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, home.help) for name, home in COMMANDS.items()]
        rows += [(name, f"(from {source})") for name, source in extensions.names().items() if name not in COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _discard(sys.stdout)
            return Exit.OK


@click.group(cls=Yard, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def yard() -> None:
    """Run, track and compare machine-learning work.

    RUN is a run's id, its ending of at least four characters, or `latest`. `yard COMMAND --help` says more.
    """


def load(name: str) -> click.Command:
    """A command of `yard`'s own."""
    module, _, attribute = COMMANDS[name].place.partition(":")
    command = getattr(import_module(f"trainyard.cli.{module}"), attribute)
    assert isinstance(command, click.Command)
    return command


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
