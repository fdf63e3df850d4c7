"""`yard completion`, and what completes the names of things: runs and projects are asked of the server, briefly, and
whatever goes wrong completes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from trainyard.client import Client

__all__ = ["complete_project", "complete_run", "completion"]

_SECONDS = 1.0
_MOST = 50


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes commands, options, runs and projects in a shell.

    \b
    bash  eval "$(yard completion bash)"    # in ~/.bashrc
    zsh   eval "$(yard completion zsh)"    # in ~/.zshrc, after compinit
    fish  yard completion fish > ~/.config/fish/completions/yard.fish
    """
    from click.shell_completion import get_completion_class

    from trainyard.cli.app import yard

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(yard, {}, "yard", "_YARD_COMPLETE").source())


def complete_run(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The endings of the newest runs, and `latest`."""

    def ask(client: Client) -> Iterator[CompletionItem]:
        yield CompletionItem("latest", help="the newest that is no trial")
        for run in client.runs.page(limit=_MOST).items:
            yield CompletionItem(run.short_id, help=f"{run.name} {run.status}".strip())

    return _ask(ctx, incomplete, ask)


def complete_project(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The projects that one may see."""

    def ask(client: Client) -> Iterator[CompletionItem]:
        for project in islice(client.projects.list(), _MOST):
            yield CompletionItem(project.name, help=project.description)

    return _ask(ctx, incomplete, ask)


def _ask(
    ctx: click.Context, incomplete: str, ask: Callable[[Client], Iterator[CompletionItem]]
) -> list[CompletionItem]:
    from trainyard.client.errors import ClientError

    try:
        with _client(ctx.params) as client:
            return [item for item in ask(client) if str(item.value).startswith(incomplete)]
    except (ClientError, OSError):
        return []  # a shell that is told an error would print it into the line


@contextmanager
def _client(params: dict[str, Any]) -> Iterator[Client]:
    """A client of what the line says so far, which does not keep a person waiting."""
    from trainyard.client import Client
    from trainyard.client.retry import Backoff

    given = {name: params.get(name) for name in ("url", "project", "data")}
    with Client(**given, timeout=_SECONDS, backoff=Backoff(tries=1)) as client:
        yield client
