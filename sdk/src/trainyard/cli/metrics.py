"""`yard metrics`: the metrics of a run in brief, as they change, or as small curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.exits import Exit
from trainyard.cli.options import find, json_option, pin, run_argument, with_client
from trainyard.cli.runs import dropped

if TYPE_CHECKING:
    from trainyard.client.client import Client
    from trainyard.client.models import Metric, Series

__all__ = ["metrics"]

_POINTS = 40


@click.command()
@run_argument
@click.argument("names", nargs=-1, metavar="[NAME]...")
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
        click.echo(f"dropped: {lost}", err=True)
    return None


def _follow(client: Client, ref: str, names: Sequence[str], *, as_json: bool) -> None:
    for changed in client.runs.follow_metrics(ref):
        for metric in changed:
            if names and metric.name not in names:
                continue
            if as_json:
                output.json_line(metric)
            else:
                click.echo(f"step {metric.step}  {output.clean(metric.name)} = {output.number(metric.last)}")


def _chosen(found: Sequence[Metric], names: Sequence[str]) -> list[Metric]:
    """Those asked for, in the order asked for; all when none are named."""
    known = {metric.name: metric for metric in found}
    missing = [name for name in names if name not in known]
    if missing:
        listed = ", ".join(known) or "none yet"
        click.echo(f"yard: the run has no metric {', '.join(map(repr, missing))}; it has: {listed}", err=True)
        click.get_current_context().exit(Exit.NOT_FOUND)
    return [known[name] for name in names] if names else list(found)


def _table(found: Sequence[Metric]) -> None:
    numbers = [(m.name, m.last, str(m.step), m.low, m.high, str(m.count)) for m in found]
    rows = [
        (n, output.number(v), step, output.number(a), output.number(b), count) for n, v, step, a, b, count in numbers
    ]
    output.table(("METRIC", "LAST", "STEP", "MIN", "MAX", "COUNT"), rows)


def _plot(client: Client, ref: str, names: Sequence[str], *, as_json: bool) -> None:
    series = client.runs.series(ref, names, points=_POINTS) if names else []
    if as_json:
        return output.json_document({"items": series})
    return output.table(("METRIC", "CURVE", "FIRST", "LAST"), [_curve(one) for one in series])


def _curve(series: Series) -> tuple[str, str, str, str]:
    column = series.columns.index("last")
    values = [point[column] for point in series.points]
    ends = (output.number(values[0]), output.number(values[-1])) if values else ("-", "-")
    return (series.name, output.sparkline(values), *ends)
