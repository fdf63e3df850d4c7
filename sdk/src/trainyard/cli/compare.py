"""`yard compare`: runs side by side, and what differs between the best and the worst."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.columns import FIELDS, Column, column_of_param, columns_of, headings_of, metric_columns
from trainyard.cli.compare_plot import curves
from trainyard.cli.differences import Difference, best_and_worst, differences, ranked, varying
from trainyard.cli.formats import JSON, delimited, format_option, rows, tell_left_out
from trainyard.cli.options import complete, find, runs_argument, with_client
from trainyard.cli.search_options import query_option

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import RunRecord

__all__ = ["compare"]

MOST = 200
"""Runs that a query may find."""
LEAST, GAP, MOST_NAME = 20, 2, 24
"""Characters of a curve at least, between two columns, and of a run's name beside a curve."""


@click.command()
@runs_argument
@query_option
@click.option(
    "--metric",
    metavar="NAME",
    help="Rank by this metric, best first, and say what differs between best and worst.",
    shell_complete=complete("metric"),
)
@click.option("--minimize", is_flag=True, help="The lowest value of the metric is the best.")
@click.option(
    "--columns",
    default="",
    metavar="NAMES",
    help="The columns, by commas: `run,params.lr,metrics.loss`.",
    shell_complete=complete("column"),
)
@click.option("--plot", is_flag=True, help="Draw the metric of each run, over the same steps and on one scale.")
@format_option
@with_client
def compare(
    client: Client,
    *,
    refs: tuple[str, ...],
    query: str | None,
    metric: str | None,
    minimize: bool,
    columns: str,
    plot: bool,
    form: str,
) -> None:
    """Compare runs side by side and show what differs.

    The runs are named, or found by a query. The table has the params that are not the same in all of them, and all
    metrics; with --metric the best run comes first. With --json the document is {"runs": [...], "best": id, "worst":
    id, "differences": [{"kind", "name", "best", "worst"}]}; with --plot it is {"items": [...]}, the series.
    """
    if minimize and not metric:
        raise click.UsageError("--minimize needs --metric NAME")
    if plot and not metric:
        raise click.UsageError("--plot needs --metric NAME")
    chosen = columns_of(columns)
    runs = _runs(client, refs, query)
    runs = ranked(runs, metric, minimize=minimize) if metric else runs
    if plot and metric:
        return _plot(client, runs, metric, as_json=form == JSON)
    ends = best_and_worst(runs, metric, minimize=minimize) if metric else None
    found = differences(*ends) if ends else []
    if form == JSON:
        return _json(runs, ends, found)
    _print(runs, chosen or _columns(runs, metric), form)
    return _tell(metric, ends, found) if metric and form in ("", "wide") else None


def _runs(client: Client, refs: tuple[str, ...], query: str | None) -> list[RunRecord]:
    """The runs that are named, or found. Raises UsageError for less than two."""
    if bool(refs) == (query is not None):
        raise click.UsageError("name at least two runs to compare, or choose them with -q QUERY")
    if query is not None:
        refs = tuple(run.id for run in islice(client.runs.list(q=query), MOST + 1))
        if len(refs) > MOST:
            raise click.UsageError(
                f"the query finds more than {MOST} runs; add conditions, or see `yard ls --group-by`"
            )
    found = [client.runs.get(find(client, ref)) for ref in refs]
    if len(found) < 2:
        raise click.UsageError(f"give at least two runs to compare{'; the query finds fewer' if query else ''}")
    return found


def _plot(client: Client, runs: Sequence[RunRecord], metric: str, *, as_json: bool) -> None:
    """One curve for each run, read in one request."""
    width = shutil.get_terminal_size().columns
    found = client.runs.many_series([run.id for run in runs], [metric], points=2 * width)
    if as_json:
        return output.json_document({"items": found})
    names = [output.cut(output.clean(run.name), MOST_NAME) for run in runs]
    ends = [(output.number(each.last[-1]), str(each.until[-1])) if each.step else ("-", "-") for each in found]
    taken = max([len("RUN"), *(len(run.short_id) for run in runs)]) + max(map(output.cells, ["NAME", *names]))
    taken += max(len(last) + len(step) for last, step in [("LAST", "STEP"), *ends]) + 4 * GAP
    drawn = curves(found, max(LEAST, width - taken))
    rows = [(run.short_id, *each) for run, *each in zip(runs, names, drawn, *zip(*ends, strict=True), strict=True)]
    output.line(f"{output.clean(metric)} by step")
    return output.table(("RUN", "NAME", "CURVE", "LAST", "STEP"), rows, fits=False)


def _json(runs: Sequence[RunRecord], ends: tuple[RunRecord, RunRecord] | None, found: Sequence[Difference]) -> None:
    shown = ("id", "name", "status", "params", "metrics", "attempt")
    output.json_document(
        {
            "runs": [{name: getattr(run, name) for name in shown} for run in runs],
            "best": ends[0].id if ends else None,
            "worst": ends[1].id if ends else None,
            "differences": [one._asdict() for one in found],
        }
    )


def _columns(runs: Sequence[RunRecord], metric: str | None) -> list[Column]:
    """The metric that is ranked by, the params that differ, all other metrics."""
    params = [column_of_param(name) for name in varying([run.params for run in runs])]
    metrics = metric_columns(runs)
    first = [each for each in metrics if each.heading == metric]
    return [
        *(FIELDS[name] for name in ("run", "name", "status")),
        *first,
        *params,
        *(m for m in metrics if m not in first),
    ]


def _print(runs: Sequence[RunRecord], columns: Sequence[Column], form: str) -> None:
    if form in ("csv", "tsv"):
        return delimited([each.name for each in columns], [[each.plain(run) for each in columns] for run in runs], form)
    lines = [[each.text(run) for each in columns] for run in runs]
    return tell_left_out(rows(headings_of(columns), lines, is_wide=form == "wide"))


def _tell(metric: str, ends: tuple[RunRecord, RunRecord] | None, found: Sequence[Difference]) -> None:
    if ends is None:
        return output.line(
            f"yard: fewer than two of them have a finite {metric!r}; there is no best and worst", err=True
        )
    best, worst = ends
    output.line(f"\nbest {_scored(best, metric)}, worst {_scored(worst, metric)}; what differs:")
    rows = [(one.kind, one.name, _side(one.best), _side(one.worst)) for one in found]
    if rows:
        return output.table(("", "NAME", "BEST", "WORST"), rows)
    return output.line("nothing that is recorded: params, code, env and attempt are the same")


def _scored(run: RunRecord, metric: str) -> str:
    return f"{run.short_id} ({output.clean(metric)} {output.number(run.metrics[metric])})"


def _side(value: object) -> str:
    """One side of a difference in a table's cell; a patch or the like is cut, the JSON has it whole."""
    text = "-" if value is None else output.value(value)
    return text if len(text) <= 60 else text[:57] + "..."
