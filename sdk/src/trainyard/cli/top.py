"""`yard top`: the runs that are going on, where, and what they use, drawn anew every other second."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

import click

from trainyard.cli import output, terminal
from trainyard.cli.live_view import GOING_ON, agent_of, top_lines, usage_of
from trainyard.cli.options import json_option, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import RunRecord

__all__ = ["top"]

POLL = 2.0
"""Seconds between two looks."""
MOST = 50


@click.command()
@click.option("--no-watch", is_flag=True, help="Show the current state once and exit.")
@json_option
@with_client
def top(client: Client, *, no_watch: bool, as_json: bool) -> None:
    """Show live runs and the resources that they use, refreshed.

    For each run: its agent, how far it is, the CPU (100% is one core), memory and GPU that it used last, and its newest
    metrics. Ctrl-C ends it. Elsewhere than on a terminal, and with --no-watch or --json, it is shown once.
    """
    if as_json:
        return output.json_document({"items": [*map(_document, _runs(client))]})
    if no_watch or not terminal.is_attached():
        for line in top_lines(_runs(client), terminal.columns()):
            output.line(line)
        return None
    screen = terminal.Screen()
    while True:
        screen.draw(top_lines(_runs(client), terminal.columns()))
        time.sleep(POLL)


def _runs(client: Client) -> list[RunRecord]:
    """The runs that agents have (a sweep itself has none), the oldest first, so that lines stay where they are. Each is
    asked for alone: a list tells neither the agent nor all metrics."""
    found = client.runs.list(q=f"{GOING_ON}, kind:~sweep", sort="started_at", page_size=MOST)
    return [client.runs.get(run.id) for run in islice(found, MOST)]


def _document(run: RunRecord) -> Mapping[str, object]:
    shown = ("id", "name", "status", "attempt", "started_at", "progress", "metrics")
    own = {name: getattr(run, name) for name in shown}
    return {**own, "agent": agent_of(run), "usage": usage_of(run)._asdict()}
