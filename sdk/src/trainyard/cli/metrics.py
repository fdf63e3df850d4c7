"""`yard metrics`: the metrics of a run in brief, as they change, or as small curves."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from trainyard.cli import output
from trainyard.cli.curve import curve
from trainyard.cli.exit_codes import Exit
from trainyard.cli.options import complete, find, json_option, pin, run_argument, with_client
from trainyard.cli.runs import dropped

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Metric, Series

__all__ = ["metrics"]

_LISTED = 20
"""So many of the names that there are stand in an error."""
_LEAST_WIDTH = 20
_FIGURES = 58
"""Columns that the figures beside a curve take."""
_LONGEST, _MOST = 4000, 200
"""Characters of names in an address, and names in a request."""


@click.command()
@run_argument
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete("metric"))
@click.option("--follow", "-f", is_flag=True, help="Print each change until the run has ended.")
@click.option("--plot", is_flag=True, help="Draw a small curve of each.")
@json_option
@with_client
def metrics(client: Client, *, ref: str, names: tuple[str, ...], follow: bool, plot: bool, as_json: bool) -> None:
    """Show the metrics of a run.

    All of them, or those that are named. With --json the document is {"items": [...]}: metrics, or series with --plot;
    with --follow a line for each change.
    """
    if follow and plot:
        raise click.UsageError("--follow and --plot exclude each other")
    if follow:
        return _follow(client, pin(client, ref), names, as_json=as_json)
    run = find(client, ref)
    found = _chosen(client.runs.metrics(run), names)
    if plot:
        return _plot(client, run, [metric.name for metric in found], as_json=as_json)
    if as_json:
        return output.json_document({"items": found})
    _table(found)
    if lost := dropped(client.runs.get(run)):
        output.line(f"dropped: {lost}", err=True)
    return None


def _follow(client: Client, ref: str, names: Sequence[str], *, as_json: bool) -> None:
    for changed in client.runs.follow_metrics(ref):
        for metric in changed:
            if names and metric.name not in names:
                continue
            if as_json:
                output.json_line(metric)
            else:
                output.line(f"step {metric.step}  {output.clean(metric.name)} = {output.number(metric.last)}")


def _chosen(found: Sequence[Metric], names: Sequence[str]) -> list[Metric]:
    """Those asked for, in the order asked for; all when none are named."""
    known = {metric.name: metric for metric in found}
    missing = [name for name in names if name not in known]
    if missing:
        more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
        listed = ", ".join(list(known)[:_LISTED]) + more or "none yet"
        output.line(f"yard: the run has no metric {', '.join(map(repr, missing))}; it has: {listed}", err=True)
        click.get_current_context().exit(Exit.NOT_FOUND)
    return [known[name] for name in names] if names else list(found)


def _table(found: Sequence[Metric]) -> None:
    numbers = [(m.name, m.last, str(m.step), m.low, m.high, str(m.count)) for m in found]
    rows = [
        (n, output.number(v), step, output.number(a), output.number(b), count) for n, v, step, a, b, count in numbers
    ]
    output.table(("METRIC", "LAST", "STEP", "MIN", "MAX", "COUNT"), rows)


def _plot(client: Client, ref: str, names: Sequence[str], *, as_json: bool) -> None:
    width = max(_LEAST_WIDTH, shutil.get_terminal_size().columns - max(map(len, names), default=0) - _FIGURES)
    series = [one for some in _batches(names) for one in client.runs.series(ref, some, points=2 * width)]
    if as_json:
        return output.json_document({"items": series})
    first = _first_values(client, ref, series)
    rows = [_curve(one, first.get(one.name), width) for one in series]
    return output.table(("METRIC", "CURVE", "FIRST", "LAST", "MIN", "MAX"), rows)


def _batches(names: Sequence[str]) -> Iterator[list[str]]:
    """As many names as one address holds, and one answer may have."""
    batch: list[str] = []
    size = 0
    for name in names:
        cost = len(quote(name)) + len("&name=")
        if batch and (size + cost > _LONGEST or len(batch) == _MOST):
            yield batch
            batch, size = [], 0
        batch.append(name)
        size += cost
    if batch:
        yield batch


def _first_values(client: Client, ref: str, series: Sequence[Series]) -> dict[str, float]:
    """The value of each at its first step, which a bucket of several steps does not tell."""
    found: dict[str, float] = {}
    by_step: dict[int, list[str]] = {}
    for one in series:
        if one.points:
            by_step.setdefault(int(one.points[0][one.columns.index("step")]), []).append(one.name)
    for step, names in by_step.items():
        for some in _batches(names):
            rows = client.runs.series(ref, some, first=step, last=step)
            found |= {one.name: float(one.points[0][one.columns.index("last")]) for one in rows if one.points}
    return found


def _curve(series: Series, first: float | None, width: int) -> tuple[str, ...]:
    low, high, last = (
        [float(point[series.columns.index(name)]) for point in series.points] for name in ("low", "high", "last")
    )
    least, most = (min(filter(math.isfinite, low), default=None), max(filter(math.isfinite, high), default=None))
    ends = (first, last[-1] if last else None, least, most)
    return (series.name, curve([*zip(low, high, strict=True)], width), *map(output.number, ends))
