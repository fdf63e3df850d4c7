"""`yard ls`, `get`, `stop`, `why`: runs as they are."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.options import find, json_option, run_argument, with_client

if TYPE_CHECKING:
    from trainyard.client.client import Client
    from trainyard.client.models import Run

__all__ = ["get", "ls", "stop", "why"]


@click.command()
@click.option("--status", default="", metavar="STATUS", help="Only runs in this status.")
@click.option("--tag", default="", metavar="TAG", help="Only runs with this tag.")
@click.option("--queue", default="", metavar="NAME", help="Only runs of this queue.")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1), help="At most so many.")
@json_option
@with_client
def ls(client: Client, *, status: str, tag: str, queue: str, limit: int, as_json: bool) -> None:
    """List runs, newest first."""
    runs = client.runs.list(status=status, tag=tag, queue=queue, page_size=min(limit, 100))
    shown = list(islice(runs, limit))
    if as_json:
        return output.json_document({"items": shown})
    return output.table(("RUN", "NAME", "STATUS", "QUEUE", "CREATED", "TAGS"), [_row(run) for run in shown])


@click.command()
@run_argument
@json_option
@with_client
def get(client: Client, *, ref: str, as_json: bool) -> None:
    """Show one run."""
    run = client.runs.get(find(client, ref))
    if as_json:
        return output.json_document(run)
    return _show(run)


@click.command()
@run_argument
@click.option("-m", "--message", default="", help="Why, in your words.")
@json_option
@with_client
def stop(client: Client, *, ref: str, message: str, as_json: bool) -> None:
    """Stop a run. It is asked to end and is killed when it does not; `yard get` shows when it has ended."""
    run = client.runs.stop(find(client, ref), message)
    if as_json:
        return output.json_document(run)
    return click.echo(f"run {run.short_id} is {run.status}; it is wished stopped")


@click.command()
@run_argument
@json_option
@with_client
def why(client: Client, *, ref: str, as_json: bool) -> None:
    """Say why a run is where it is and what it waits for."""
    answer = client.runs.why(find(client, ref))
    if as_json:
        return output.json_document(answer)
    click.echo(f"{output.status(answer.status)}: {output.clean(answer.summary)}")
    for blocker in answer.blockers:
        click.echo(f"  {blocker.code}: {output.clean(blocker.message)}")
        if blocker.fix:
            click.echo(f"    {output.clean(blocker.fix)}")
    return None if answer.place is None else click.echo(f"  place {answer.place} in its queue")


def _row(run: Run) -> tuple[str, ...]:
    return (
        run.short_id,
        run.name,
        output.status(run.status),
        run.queue,
        run.created_at,
        ", ".join(run.tags),
    )


def _show(run: Run) -> None:
    output.fields(
        [
            ("run", run.id),
            ("name", run.name),
            ("status", output.status(run.status)),
            ("reason", run.reason),
            ("message", run.message),
            ("project", run.project),
            ("queue", run.queue),
            ("tags", ", ".join(run.tags)),
            ("created", run.created_at),
            ("started", run.started_at or ""),
            ("finished", run.finished_at or ""),
            ("attempt", str(run.attempt or "")),
            ("exit code", "" if run.exit_code is None else str(run.exit_code)),
            *((f"param {name}", output.value(value)) for name, value in sorted(run.inputs.items())),
            *((f"metric {name}", output.number(value)) for name, value in sorted(run.metrics.items())),
            *((f"output {name}", output.value(value)) for name, value in sorted(run.outputs.items())),
        ]
    )
    if run.status == "failed" and run.last_lines:
        click.echo("last lines:")
        for line in run.last_lines:
            click.echo(f"  {output.clean(line)}")
