"""Options that many commands share, and the client that they lead to. The client's module is loaded only when a command
runs, not when its help is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from trainyard.cli.verbose import event_hooks, verbose_option

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from trainyard.client import Client

__all__ = [
    "ask",
    "complete",
    "confirmed",
    "find",
    "json_flag",
    "json_option",
    "open_client",
    "pin",
    "run_argument",
    "runs_argument",
    "server_options",
    "with_client",
]

F = TypeVar("F", bound=Callable[..., Any])

json_flag = click.option("--json", "as_json", is_flag=True, help="Print JSON with stable fields.")


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command `--json` and `-o json`, which are one."""

    @json_flag
    @click.option("-o", "--output", "form", type=click.Choice(["json"]), hidden=True)
    @wraps(command)
    def formed(*args: Any, as_json: bool, form: str | None, **rest: Any) -> Any:
        return command(*args, as_json=as_json or form == "json", **rest)

    return formed


def complete(name: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """What completes a value (`complete_<name>` of `completion`), loaded only when a shell asks."""

    def completed(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from trainyard.cli import completion

        found: list[CompletionItem] = getattr(completion, f"complete_{name}")(ctx, param, incomplete)
        return found

    return completed


run_argument = click.argument("ref", metavar="RUN", shell_complete=complete("run"))
runs_argument = click.argument("refs", metavar="[RUN]...", nargs=-1, shell_complete=complete("run"))
_project = complete("project")
_LEAST = 4


def server_options(command: F) -> F:
    """The options that say which server and project."""
    for option in (
        verbose_option,
        click.option("--data", metavar="FOLDER", help="Data directory here [TRAINYARD_DATA or ~/.trainyard]."),
        click.option(
            "--url", metavar="URL", help="The server [TRAINYARD_URL, yard login, or the one on this machine]."
        ),
        click.option(
            "-p",
            "--project",
            metavar="NAME",
            help="The project [TRAINYARD_PROJECT, or `default`].",
            shell_complete=_project,
        ),
    ):
        command = option(command)
    return command


def with_client(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command those options, and as its first argument a client of what they say."""

    @server_options
    @wraps(command)
    def connected(project: str | None, url: str | None, data: str | None, **rest: Any) -> Any:
        with open_client(url=url, project=project, data=data) as client:
            return command(client, **rest)

    return connected


def confirmed(question: str) -> Callable[[F], F]:
    """Gives a command `--yes`, without which it asks first: `question` is filled from the command's arguments. Where
    nobody can be asked, `--yes` is needed."""

    def decorate(command: F) -> F:
        @click.option("--yes", is_flag=True, help="Do not ask first.")
        @wraps(command)
        def asked(*args: Any, yes: bool, **given: Any) -> Any:
            if not yes:
                ask(question.format(**given))
            return command(*args, **given)

        return cast("F", asked)

    return decorate


def ask(question: str) -> None:
    """Go on only when a person says yes. Raises UsageError where nobody can be asked, Abort for no."""
    if not sys.stdin.isatty():
        raise click.UsageError(f"nobody can be asked whether to {question}; give --yes")
    click.confirm(f"{question}?", abort=True, err=True)


def open_client(*, url: str | None, project: str | None, data: str | None, token: str | None = None) -> Client:
    """A client that does not let a person wait long for a server that is not there."""
    from trainyard.client import Client
    from trainyard.client.retry import Backoff

    backoff = Backoff(tries=4, base=0.1)
    return Client(url, token=token, project=project, data=data, backoff=backoff, event_hooks=event_hooks())


def find(client: Client, ref: str) -> str:
    """What a person calls a run, as the API takes it: `latest` becomes an id, which stays the same run's for as long as
    the command takes."""
    if ref == "latest":
        return client.runs.get(ref).id
    if len(ref) < _LEAST:
        raise click.UsageError(f"{ref!r} is too short for a run; give at least the last {_LEAST} characters of its id")
    return ref


def pin(client: Client, ref: str) -> str:
    """The full id of a run that will be followed: an ending may become ambiguous meanwhile, and a server that is not
    there is told at once instead of being waited for."""
    return client.runs.get(find(client, ref)).id
