"""`yard logs`: what a run wrote, as it was written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.options import find, json_option, pin, run_argument, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import LogLine

__all__ = ["logs", "print_line"]


@click.command()
@run_argument
@click.option("-f", "--follow", is_flag=True, help="Follow the log until the run has ended.")
@click.option("--tail", type=click.IntRange(0), metavar="N", help="Begin with the last N lines.")
@click.option("--scheduler", is_flag=True, help="Print what the scheduler of a live run has instead.")
@json_option
@with_client
def logs(client: Client, *, ref: str, follow: bool, tail: int | None, scheduler: bool, as_json: bool) -> None:
    """Print what a run wrote. With --json, a line of JSON for each line. With --scheduler, the log that the scheduler
    of a live run keeps of it, such as that of its runner: useful for a run that does not start."""
    if scheduler:
        from trainyard.cli.attempt_stream import print_scheduler_log

        return print_scheduler_log(client, find(client, ref), tail=tail, follow=follow)
    run = pin(client, ref) if follow else find(client, ref)
    for line in _lines(client, run, follow=follow, tail=tail):
        print_line(line, as_json=as_json)
    return None


def print_line(line: LogLine, *, as_json: bool) -> None:
    """Print one line at once, so that a reader of a pipe sees it when it comes."""
    if as_json:
        output.json_line(line)
    else:
        output.recorded(line.text)


def _lines(client: Client, ref: str, *, follow: bool, tail: int | None) -> Iterator[LogLine]:
    first: list[LogLine] = []
    cursor = ""
    if tail is not None:
        page = client.runs.logs(ref, limit=max(tail, 1), tail=True)
        first, cursor = page.items[len(page.items) - tail :] if tail else [], page.next
    if follow:
        return chain(first, client.runs.follow(ref, cursor=cursor))
    return iter(first) if tail is not None else client.runs.lines(ref)
