"""`yard watch`: what happens in a project, or to one run, as it happens."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, NoReturn

import click

from trainyard.cli import moment, output, terminal
from trainyard.cli.exit_codes import Exit
from trainyard.cli.live_view import GOING_ON, WAITING, run_lines, watch_lines
from trainyard.cli.options import json_option, pin, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Activity

__all__ = ["watch"]

POLL = 1.0
"""Seconds between two looks."""
MOST = 100


@click.command()
@click.argument("ref", metavar="[RUN]", required=False)
@click.option("--all", "everywhere", is_flag=True, help="All projects that you may read.")
@click.option(
    "--last",
    type=click.IntRange(0, 500),
    default=10,
    metavar="N",
    help="Begin with the last N events, or show the last N runs that ended [10].",
)
@json_option
@with_client
def watch(client: Client, *, ref: str | None, everywhere: bool, last: int, as_json: bool) -> int | None:
    """Show events of a project or a run as they happen.

    Without RUN everything in the project, until interrupted; with RUN its statuses and metrics until it has ended, and
    the exit code says how. On a terminal it is a table that is drawn anew each second: the runs that wait or go on and
    those that ended last, or the run with its metrics. Elsewhere there is a line for each event, with --json a line of
    JSON.
    """
    if ref is not None and everywhere:
        raise click.UsageError("give a RUN or --all, not both")
    is_drawn = terminal.is_attached() and not as_json
    if ref is not None:
        run = pin(client, ref)
        return _draw_run(client, run) if is_drawn else _run(client, run, as_json=as_json)
    if is_drawn:
        _draw_runs(client, last, everywhere=everywhere)
    _feed(client, "*" if everywhere else None, last, as_json=as_json)
    return None


def _draw_runs(client: Client, last: int, *, everywhere: bool) -> NoReturn:
    screen, listed = terminal.Screen(), client.runs.everywhere if everywhere else client.runs.list
    unfinished = f"({WAITING}) OR ({GOING_ON})"
    while True:
        going_on = [*islice(listed(q=unfinished), MOST)]
        ended = [*islice(listed(q="status:done", sort="-finished_at", page_size=max(1, last)), last)]
        screen.draw(watch_lines(going_on, ended, terminal.columns(), projects=everywhere))
        time.sleep(POLL)


def _draw_run(client: Client, ref: str) -> int:
    screen = terminal.Screen()
    while True:
        run = client.runs.get(ref)
        screen.draw(run_lines(run, client.runs.metrics(ref), terminal.columns()))
        if run.is_final:
            return Exit.OK if run.status == "succeeded" else Exit.FAILED
        time.sleep(POLL)


def _feed(client: Client, project: str | None, last: int, *, as_json: bool) -> None:
    newest = client.activities.page(limit=max(last, 1), project=project).items
    for activity in newest[:last][::-1]:
        _print(activity, as_json=as_json)
    after = newest[0].id if newest else 0
    for activity in client.activities.follow(after=after, project=project):
        _print(activity, as_json=as_json)


def _print(activity: Activity, *, as_json: bool) -> None:
    if as_json:
        output.json_line(activity)
        return
    what = str(activity.data.get("status") or activity.kind)
    details = [str(activity.data[key]) for key in ("reason", "message") if activity.data.get(key)]
    words = [moment.local(activity.at), activity.project, activity.run[-8:], what, *details]
    output.line(output.clean(f"{'  '.join(word for word in words if word)}  by {activity.actor}"))


def _run(client: Client, ref: str, *, as_json: bool) -> int:
    from trainyard.client.models import RunRecord, Transition

    code = Exit.OK
    for news in client.activities.follow_run(ref):
        if isinstance(news, RunRecord):
            code = Exit.OK if news.status == "succeeded" else Exit.FAILED
        for each in news if not isinstance(news, RunRecord | Transition) else [news]:
            if as_json:
                output.json_line(each)
            elif isinstance(each, Transition):
                parts = [moment.local(each.at), each.status, each.reason, each.message]
                output.line(output.clean("  ".join(word for word in parts if word)))
            elif not isinstance(each, RunRecord):
                output.line(output.clean(f"step {each.step}  {each.name} = {output.number(each.last)}"))
    return code
