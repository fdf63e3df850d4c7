"""`yard events`: what a run's programs recorded beside values and lines."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from trainyard.cli import output
from trainyard.cli.options import find, json_option, pin, run_argument, with_client

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import TrackedEvent

__all__ = ["events"]

POLL = 1.0
"""Seconds between two looks."""


@click.command()
@run_argument
@click.option("--kind", default="", metavar="KIND", help="Only this kind: `event`, `params`, `artifact`, `meta`, ...")
@click.option("--name", "names", multiple=True, metavar="NAME", help="Only those about this name; may be repeated.")
@click.option("-f", "--follow", is_flag=True, help="Go on until the run has ended.")
@json_option
@with_client
def events(client: Client, *, ref: str, kind: str, names: tuple[str, ...], follow: bool, as_json: bool) -> None:
    """Show what a run recorded beside values and lines.

    Params, outputs, meta, tags, progress, artifacts, and what `log_event` recorded, in the order of time. With --json,
    a line of JSON for each event.
    """
    run = pin(client, ref) if follow else find(client, ref)
    found = _followed(client, run, kind, names) if follow else client.runs.tracked_events(run, kind=kind, names=names)
    for event in found:
        if as_json:
            output.json_line(event)
        else:
            output.line(" ".join(filter(None, (event.at, event.kind, output.clean(event.name), _said(event)))))


def _followed(client: Client, run: str, kind: str, names: Sequence[str]) -> Iterator[TrackedEvent]:
    """All that there are, and those that come, until the run has ended."""
    cursor = ""
    while True:
        is_final = client.runs.get(run).is_final  # before the last look, so that nothing of its end is missed
        more = True
        while more:
            page = client.runs.tracked_event_page(run, kind=kind, names=names, cursor=cursor)
            cursor, more = page.next, page.more
            yield from page.items
        if is_final:
            return
        time.sleep(POLL)


def _said(event: TrackedEvent) -> str:
    """What an event says beside its kind, time and name."""
    data: dict[str, Any] = dict(event.data)
    step = data.pop("step", None)
    inner = [data.pop(part) for part in ("values", "data") if isinstance(data.get(part), dict)]
    values = {name: value for part in (*inner, data) for name, value in part.items()}
    said = [f"{output.clean(name)}={output.value(value)}" for name, value in values.items()]
    return " ".join([*([f"step {step}"] if step is not None else []), *said])
