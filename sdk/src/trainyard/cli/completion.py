"""`yard completion`, and what completes the names of things (`complete_<thing>`; `options.complete` leads here). The
server is asked, briefly, and whatever goes wrong completes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import RunRecord

__all__ = [
    "complete_artifact",
    "complete_column",
    "complete_metric",
    "complete_project",
    "complete_queue",
    "complete_run",
    "complete_status",
    "complete_tag",
    "completion",
]

_SECONDS = 1.0
_MOST = 50


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes commands, options and names in a shell.

    Names are those of runs, projects, queues, tags, statuses, metrics, artifacts and columns.

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
        yield CompletionItem("latest", help="the newest run that is not a trial")
        for run in client.runs.page(limit=_MOST).items:
            yield CompletionItem(run.short_id, help=f"{run.name} {run.status}".strip())

    return _ask(ctx, incomplete, ask)


def complete_project(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The projects that one may see."""

    def ask(client: Client) -> Iterator[CompletionItem]:
        for project in islice(client.projects.list(), _MOST):
            yield CompletionItem(project.name, help=project.description)

    return _ask(ctx, incomplete, ask)


def complete_queue(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The queues."""

    def ask(client: Client) -> Iterator[CompletionItem]:
        for queue in islice(client.queues.list(), _MOST):
            yield CompletionItem(queue.name, help=f"{queue.waiting} waiting, {queue.live} live")

    return _ask(ctx, incomplete, ask)


def complete_tag(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The tags of the newest runs."""
    return _ask(ctx, incomplete, lambda client: map(CompletionItem, _names(client, lambda run: run.tags)))


def complete_status(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The statuses of runs; no server is asked."""
    from trainyard.query.status import STATUSES

    return [CompletionItem(status) for status in STATUSES if status.startswith(incomplete)]


def complete_metric(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The metrics of the run that the line names, else of the newest runs."""

    def ask(client: Client) -> Iterator[CompletionItem]:
        if ref := ctx.params.get("ref"):
            for metric in client.runs.metrics(ref):
                yield CompletionItem(metric.name, help=f"step {metric.step}")
        else:
            yield from map(CompletionItem, _names(client, lambda run: run.metrics))

    return _ask(ctx, incomplete, ask)


def complete_artifact(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The files of the run that the line names, as far as the next `/`."""

    def ask(client: Client) -> Iterator[CompletionItem]:
        page = client.artifacts.page(ctx.params["ref"], prefix=incomplete, folder=True, limit=_MOST)
        for each in page.folders:
            yield CompletionItem(each.name, help=f"{each.files} files")
        for artifact in page.items:
            yield CompletionItem(artifact.name, help=f"{artifact.size} bytes")

    return _ask(ctx, incomplete, ask)


def complete_column(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The columns of runs: fields, and params and metrics of the newest runs. What stands before the last comma is
    kept."""
    from trainyard.cli.columns import FIELDS

    before, comma, last = incomplete.rpartition(",")

    def ask(client: Client) -> Iterator[CompletionItem]:
        yield from map(CompletionItem, FIELDS)
        yield from (CompletionItem(f"params.{name}") for name in _names(client, lambda run: run.params))
        yield from (CompletionItem(f"metrics.{name}") for name in _names(client, lambda run: run.metrics))

    return [CompletionItem(f"{before}{comma}{item.value}", help=item.help) for item in _ask(ctx, last, ask)]


def _names(client: Client, of: Callable[[RunRecord], Iterable[str]]) -> list[str]:
    """What the newest runs have, each name once."""
    return [*dict.fromkeys(name for run in client.runs.page(limit=_MOST).items for name in of(run))]


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

    options = {name: params.get(name) for name in ("url", "project", "data")}
    with Client(**options, timeout=_SECONDS, backoff=Backoff(tries=1)) as client:
        yield client
