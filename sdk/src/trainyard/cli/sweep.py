"""`yard sweep`: the trials of a sweep as they come, the best so far, and what no other trial beats."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from trainyard.cli import output, terminal
from trainyard.cli.exit_codes import Exit
from trainyard.cli.options import find, json_option, pin, run_argument, with_client
from trainyard.cli.sweep_view import SweepState, by_figure, trial_line, view

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Sweep, Trial

__all__ = ["ViewOptions", "follow", "sweep"]

POLL = 1.0
"""Seconds between two looks."""
FIRST_PAGE, NEXT_PAGE = 500, 100


class ViewOptions(NamedTuple):
    """How a sweep is looked at: what comes first, by which figure it is judged, and how many trials are shown."""

    sort: str = "value"
    by: str = ""
    limit: int = 20

    def lines(self, shown: SweepState) -> list[str]:
        """What is to be seen."""
        judged = by_figure(shown, self.by) if self.by else shown
        return view(judged, sort=self.sort, most=self.limit, width=terminal.dot_columns())


@click.command()
@run_argument
@click.option("--no-watch", is_flag=True, help="Show it as it is now, and end.")
@click.option(
    "--sort",
    type=click.Choice(["value", "number"]),
    default="value",
    show_default=True,
    help="What comes first.",
)
@click.option("--by", default="", metavar="[-]NAME", help="Judge by this figure: the lowest, or with - the highest.")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1), help="At most so many trials.")
@json_option
@with_client
def sweep(client: Client, *, ref: str, no_watch: bool, sort: str, by: str, limit: int, as_json: bool) -> int | None:
    """Show a sweep: its trials, the best one, and the Pareto front.

    RUN `latest` is the newest sweep. It is followed until it has ended, and the exit code says how; Ctrl-C leaves it
    alone. On a terminal it is drawn anew each second, elsewhere there is a line for each trial that ends. With --json a
    line of JSON for each trial that ends and then for the sweep; with --no-watch as well one document, {"sweep": ...,
    "trials": [...], "front": [...]}.
    """
    options = ViewOptions(sort, by, limit)
    if ref == "latest":
        ref = _newest(client)
    if no_watch:
        _once(client, find(client, ref), options, as_json=as_json)
        return None
    run = pin(client, ref)
    try:
        ended = follow(client, run, options, as_json=as_json)
    except KeyboardInterrupt:
        output.line(f"\nthe sweep goes on; stop it: yard stop {run[-8:]}", err=True)
        raise
    if as_json:
        output.json_line(ended)
    return Exit.OK if ended.status == "succeeded" else Exit.FAILED


def _newest(client: Client) -> str:
    """The newest sweep: the newest run is often one of its trials."""
    found = client.runs.page(q="kind:sweep", limit=1).items
    if not found:
        project = client.endpoint.project
        raise click.UsageError(f"there is no latest sweep: project {project!r} has none; `matrix` makes one of a run")
    return found[0].id


def follow(client: Client, ref: str, options: ViewOptions | None = None, *, as_json: bool = False) -> Sweep:
    """Show a sweep until it has ended, also when the server restarts meanwhile; returns it as it then is. As JSON, only
    the trials are printed."""
    from trainyard.client.session import stream_backoff

    client.backoff = stream_backoff(client.backoff)
    options = options or ViewOptions()
    found, printed = _Followed(client, ref), set[int]()
    screen = terminal.Screen() if terminal.is_attached() and not as_json else None
    while True:
        shown = found.state()
        if screen is not None:
            screen.draw(options.lines(shown))
        else:
            _print_ended(shown, printed, as_json=as_json)
        if shown.sweep.is_final:
            break
        time.sleep(POLL)
    if not as_json and (screen is None or screen.is_cut):
        _print(shown, options)
    return shown.sweep


def _once(client: Client, ref: str, options: ViewOptions, *, as_json: bool) -> None:
    shown = _Followed(client, ref).state()
    if as_json:
        return output.json_document({"sweep": shown.sweep, "trials": shown.trials, "front": shown.front})
    return _print(shown, options)


def _print(shown: SweepState, options: ViewOptions) -> None:
    for line in options.lines(shown):
        output.line(line)


def _print_ended(shown: SweepState, printed: set[int], *, as_json: bool) -> None:
    """Each trial that has ended, once."""
    for trial in shown.trials:
        if not trial.has_ended or trial.number in printed:
            continue
        printed.add(trial.number)
        if as_json:
            output.json_line(trial)
        else:
            output.line(trial_line(shown.sweep, trial))


class _Followed:
    """A sweep and its trials, of which only those are asked for again that may have changed."""

    def __init__(self, client: Client, ref: str) -> None:
        self._client, self._ref = client, ref
        self._trials: dict[int, Trial] = {}
        self._front: Sequence[Trial] = ()
        self._judged = -1

    def state(self) -> SweepState:
        """As it is now. Whoever reads an end in the sweep reads all that its trials came to."""
        sweep = self._client.sweeps.get(self._ref)
        self._refresh()
        if len(sweep.objectives) > 1 and sweep.succeeded != self._judged:
            self._front, self._judged = self._client.sweeps.front(self._ref).items, sweep.succeeded
        return SweepState(sweep, [self._trials[number] for number in sorted(self._trials)], self._front)

    def _refresh(self) -> None:
        """Below the first trial that had not ended nothing changes any more."""
        going = (number for number, trial in self._trials.items() if not trial.has_ended)
        floor = min(going, default=max(self._trials, default=0) + 1)
        size = NEXT_PAGE if self._trials else FIRST_PAGE
        found: dict[int, Trial] = {}
        for trial in self._client.sweeps.trials(self._ref, sort="-number", page_size=size):
            if trial.number < floor and self._trials:
                break
            found[trial.number] = trial
        kept = {number: trial for number, trial in self._trials.items() if number < floor}
        self._trials = kept | found
