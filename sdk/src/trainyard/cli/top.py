"""`yard top`: the runs that are going on, where, and what they use, drawn anew every other second."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import click

from trainyard.cli import output, terminal
from trainyard.cli.live_view import GOING_ON, Usage, top_lines, usage_of
from trainyard.cli.options import json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Run

__all__ = ["top"]

POLL = 2.0
"""Seconds between two looks."""
MOST = 100


@click.command()
@click.option("--no-watch", is_flag=True, help="Show it as it is now, and end.")
@json_option
@with_client
def top(client: Client, *, no_watch: bool, as_json: bool) -> None:
    """Show the runs that are going on and what they use, refreshed.

    For each run: its agent, how far it is, the CPU (100% is one core), memory and GPU that it used last, and its newest
    metrics. Ctrl-C ends it. Elsewhere than on a terminal, and with --no-watch or --json, it is shown once.
    """
    agents: dict[tuple[str, int], str] = {}
    if as_json:
        runs = _runs(client)
        return output.json_document({"items": [_document(run, agent) for run, agent in _located(client, runs, agents)]})
    if no_watch or not terminal.is_attached():
        for line in _lines(client, agents):
            output.line(line)
        return None
    screen = terminal.Screen()
    while True:
        screen.draw(_lines(client, agents))
        time.sleep(POLL)


def _lines(client: Client, agents: dict[tuple[str, int], str]) -> list[str]:
    return top_lines(_located(client, _runs(client), agents), terminal.columns())


def _runs(client: Client) -> list[Run]:
    """The runs that an agent has; the oldest first, so that lines stay where they are."""
    return [*islice(client.runs.list(q=GOING_ON, sort="started_at"), MOST)]


def _located(client: Client, runs: Sequence[Run], agents: dict[tuple[str, int], str]) -> list[tuple[Run, str]]:
    """The runs with the agents of their attempts, each of which is asked for once."""
    for run in runs:
        if (key := (run.id, run.attempt)) not in agents:
            attempts = client.runs.get(run.id).attempts
            agents[key] = attempts[-1].agent if attempts else ""
    return [(run, agents[run.id, run.attempt]) for run in runs]


def _document(run: Run, agent: str) -> Mapping[str, object]:
    usage: Usage = usage_of(run)
    shown = ("id", "name", "status", "attempt", "started_at", "progress", "metrics")
    return {**{name: getattr(run, name) for name in shown}, "agent": agent, "usage": usage._asdict()}
