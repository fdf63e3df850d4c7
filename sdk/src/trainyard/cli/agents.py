"""`yard agents` and `yard lost`: who runs what, taking agents out of service, and giving up what will not come back.
The agent itself is `yard agent`, which comes with the server's package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.options import confirmed, find, json_option, run_argument, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Agent, Enrolment

__all__ = ["agents", "lost"]

_name = click.argument("name")
_queues = click.option("--queues", metavar="A,B", help="The queues that it may serve; `*`: any.")
_labels = click.option(
    "--label", "labels", multiple=True, metavar="KEY=VALUE", help="A label of the agent; may be repeated."
)


@click.group()
def agents() -> None:
    """List, add, drain and remove agents."""


@agents.command("ls")
@json_option
@with_client
def list_agents(client: Client, *, as_json: bool) -> None:
    """List agents and what they have free."""
    found = list(client.agents.list())
    if as_json:
        return output.json_document({"items": found})
    headers = ("AGENT", "SCHEDULER", "QUEUES", "STATE", "CPU FREE", "GPU FREE", "LIVE", "SEEN")
    return output.table(headers, [_row(agent) for agent in found])


@agents.command("get")
@_name
@json_option
@with_client
def get_agent(client: Client, *, name: str, as_json: bool) -> None:
    """Show one agent."""
    _show(client.agents.get(name), as_json)


@agents.command("add")
@_name
@_queues
@_labels
@json_option
@with_client
def add_agent(client: Client, *, name: str, queues: str | None, labels: tuple[str, ...], as_json: bool) -> None:
    """Make an agent known and print its token, this once. Start it with `yard agent --name NAME`."""
    served = _listed(queues) if queues is not None else ["*"]
    _tell_token(client.agents.add(name, queues=served, labels=_pairs(labels)), as_json)


@agents.command("token")
@_name
@json_option
@with_client
def renew_token(client: Client, *, name: str, as_json: bool) -> None:
    """Give an agent a new token, printed this once; those that it had are refused from now on."""
    _tell_token(client.agents.renew_token(name), as_json)


@agents.command("set")
@_name
@_queues
@_labels
@json_option
@with_client
def set_agent(client: Client, *, name: str, queues: str | None, labels: tuple[str, ...], as_json: bool) -> None:
    """Change which queues an agent may serve, or replace the labels that it was given."""
    if queues is None and not labels:
        raise click.UsageError("give --queues, --label or both: nothing else can be set")
    served = None if queues is None else _listed(queues)
    _show(client.agents.edit(name, queues=served, labels=_pairs(labels) if labels else None), as_json)


@agents.command("drain")
@_name
@json_option
@with_client
def drain_agent(client: Client, *, name: str, as_json: bool) -> None:
    """Give an agent no more work; what it holds goes on."""
    agent = client.agents.drain(name)
    if as_json:
        return output.json_document(agent)
    return output.line(f"agent {agent.name} takes no more work; it holds {agent.live} attempts")


@agents.command("resume")
@_name
@json_option
@with_client
def resume_agent(client: Client, *, name: str, as_json: bool) -> None:
    """Give an agent work again."""
    agent = client.agents.resume(name)
    if as_json:
        return output.json_document(agent)
    return output.line(f"agent {agent.name} takes work again")


@agents.command("rm")
@_name
@confirmed("remove agent {name} and its tokens")
@with_client
def remove_agent(client: Client, *, name: str) -> None:
    """Forget an agent and its tokens. Refused while it holds live runs."""
    client.agents.remove(name)
    output.line(f"agent {name} is removed")


@click.command()
@run_argument
@click.option("-m", "--message", default="", help="A message that is kept with the action.")
@json_option
@with_client
def lost(client: Client, *, ref: str, message: str, as_json: bool) -> None:
    """Give up a live run whose agent will not come back.

    The run is tried again as its retries for the platform's failures allow. If it still runs somewhere, it is stopped
    as soon as its agent is heard of.
    """
    run = client.agents.declare_lost(find(client, ref), message)
    if as_json:
        return output.json_document(run)
    return output.line(f"run {run.short_id} is {run.status}: its attempt counts as lost")


def _show(agent: Agent, as_json: bool) -> None:
    if as_json:
        return output.json_document(agent)
    return output.fields(
        [
            ("agent", agent.name),
            ("state", _state(agent)),
            ("scheduler", agent.scheduler),
            ("serves", ", ".join(agent.queues)),
            ("may serve", ", ".join(agent.allowed)),
            ("labels", ", ".join(f"{key}={value}" for key, value in sorted(agent.labels.items()))),
            ("cpu", _free(agent.free_cpu, agent.cpu)),
            ("gpu", _free(agent.free_gpu, agent.gpu)),
            *((f"resource {key}", f"{amount:g}") for key, amount in sorted((agent.resources or {}).items())),
            *((f"largest {key}", f"{amount:g} for one program") for key, amount in sorted(agent.largest.items())),
            ("holds", f"{agent.live} attempts"),
            ("token", "its own" if agent.enrolled else "none of its own"),
            ("version", agent.version),
            ("session", str(agent.epoch or "")),
            ("seen", agent.seen_at),
        ]
    )


def _row(agent: Agent) -> tuple[str, ...]:
    cpu, gpu = _free(agent.free_cpu, agent.cpu, short=True), _free(agent.free_gpu, agent.gpu, short=True)
    served, seen_at = ", ".join(agent.queues), agent.seen_at or "never"
    return (agent.name, agent.scheduler, served, _state(agent), cpu, gpu, str(agent.live), seen_at)


def _free(free: float | None, whole: float | None, *, short: bool = False) -> str:
    """How much is free of what an agent has; nothing is known of what it does not state."""
    if free is None or whole is None:
        return "-" if short else "not stated: no limit"
    return f"{free:g}/{whole:g}" if short else f"{free:g} of {whole:g} free"


def _state(agent: Agent) -> str:
    if not agent.alive:
        return "silent" if agent.seen_at else "new"
    if agent.not_ready:
        return f"not ready: {agent.not_ready}"
    return "draining" if agent.draining else "alive"


def _tell_token(made: Enrolment, as_json: bool) -> None:
    """The token alone on standard output, so that it can go into a file; the rest beside it."""
    if as_json:
        return output.json_document(made)
    output.line(made.token)
    hint = f"agent {made.agent.name}: keep this token, it is not shown again; start it with"
    return output.line(f"{hint} TRAINYARD_TOKEN_FILE=... yard agent --name {made.agent.name}", err=True)


def _listed(text: str) -> Sequence[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _pairs(labels: Sequence[str]) -> Mapping[str, str]:
    found = {}
    for label in labels:
        key, equals, value = label.partition("=")
        if not key or not equals:
            raise click.UsageError(f"the label {label!r} has no value; write it as KEY=VALUE")
        found[key] = value
    return found
