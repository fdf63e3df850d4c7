"""`yard projects`, `queues`, `agents`, `version`: the server's own nouns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.options import json_option, open_client, server_options, with_client

if TYPE_CHECKING:
    from trainyard.client.client import Client
    from trainyard.client.models import Agent, Queue

__all__ = ["agents", "projects", "queues", "version"]


@click.group()
def projects() -> None:
    """List and create projects."""


@projects.command("ls")
@json_option
@with_client
def list_projects(client: Client, *, as_json: bool) -> None:
    """List projects."""
    found = client.projects.list()
    if as_json:
        return output.json_document({"items": found})
    return output.table(("PROJECT", "CREATED", "DESCRIPTION"), [(p.name, p.created_at, p.description) for p in found])


@projects.command("create")
@click.argument("name")
@click.option("--description", default="", help="What it is about.")
@json_option
@with_client
def create_project(client: Client, *, name: str, description: str, as_json: bool) -> None:
    """Create a project."""
    created = client.projects.create(name, description)
    if as_json:
        return output.json_document(created)
    return click.echo(f"project {created.name} is created; use it: -p {created.name}")


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


@click.group()
def agents() -> None:
    """List agents and what they have free."""


@agents.command("ls")
@json_option
@with_client
def list_agents(client: Client, *, as_json: bool) -> None:
    """List agents."""
    found = client.agents()
    if as_json:
        return output.json_document({"items": found})
    headers = ("AGENT", "SCHEDULER", "QUEUES", "STATE", "CPU FREE", "GPU FREE", "LIVE", "SEEN")
    return output.table(headers, [_agent(agent) for agent in found])


@click.command()
@json_option
@server_options
def version(*, as_json: bool, url: str | None, project: str | None, data: str | None) -> None:
    """Print the versions of this command and of the server."""
    from importlib.metadata import version as installed

    ours = installed("trainyard")
    if not as_json:
        click.echo(f"yard {ours}")
    with open_client(url=url, project=project, data=data) as client:
        server = client.version()
    if as_json:
        return output.json_document({"client": ours, "server": server})
    click.echo(f"server {server.version} (API {server.api})")
    return click.echo(f"missing there: {', '.join(server.missing)}") if server.missing else None


def _queue(queue: Queue) -> tuple[str, ...]:
    limit = "-" if queue.concurrency is None else str(queue.concurrency)
    return (queue.name, limit, str(queue.waiting), str(queue.live), "paused" if queue.paused else "")


def _agent(agent: Agent) -> tuple[str, ...]:
    state = "draining" if agent.draining else "alive" if agent.alive else "silent"
    cpu, gpu = f"{agent.free_cpu:g}/{agent.cpu:g}", f"{agent.free_gpu}/{agent.gpu}"
    return (
        agent.name,
        agent.scheduler,
        ", ".join(agent.queues),
        state,
        cpu,
        gpu,
        str(agent.live),
        agent.seen_at,
    )
