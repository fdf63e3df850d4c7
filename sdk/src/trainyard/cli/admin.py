"""`yard queues` and `agents`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.options import json_option, with_client

if TYPE_CHECKING:
    from trainyard.client.client import Client
    from trainyard.client.models import Queue

__all__ = ["agents", "queues"]


@click.group()
def queues() -> None:
    """List and change queues."""


@queues.command("ls")
@json_option
@with_client
def list_queues(client: Client, *, as_json: bool) -> None:
    """List queues, what waits in them and what holds slots."""
    found = client.queues.list()
    if as_json:
        return output.json_document({"items": found})
    return output.table(("QUEUE", "CONCURRENCY", "WAITING", "LIVE", ""), [_queue(queue) for queue in found])


@queues.command("set")
@click.argument("name")
@click.option("--concurrency", type=click.IntRange(0), metavar="N", help="At most so many at once [no limit].")
@click.option("--paused", is_flag=True, help="Start nothing from it.")
@json_option
@with_client
def set_queue(client: Client, *, name: str, concurrency: int | None, paused: bool, as_json: bool) -> None:
    """Make a queue, or give one these settings in place of those it has."""
    queue = client.queues.set(name, concurrency=concurrency, paused=paused)
    if as_json:
        return output.json_document(queue)
    limit = "no limit" if queue.concurrency is None else f"at most {queue.concurrency} at once"
    return click.echo(f"queue {queue.name}: {limit}{', paused' if queue.paused else ''}")


def _queue(queue: Queue) -> tuple[str, ...]:
    limit = "-" if queue.concurrency is None else str(queue.concurrency)
    return (queue.name, limit, str(queue.waiting), str(queue.live), "paused" if queue.paused else "")
