"""`yard ls`: runs that are looked for, one by one or in groups."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from trainyard.cli import formats, output
from trainyard.cli.options import complete, with_client
from trainyard.cli.search_options import query_option, query_text, sort_option

if TYPE_CHECKING:
    from trainyard.cli.aggregate import Aggregation
    from trainyard.cli.columns import Column
    from trainyard.client import Client
    from trainyard.client.models import RunPage, RunRecord
    from trainyard.query.tree import Field

__all__ = ["ls"]

_PAGE = 100
_EVERY = 500
"""Runs in a page where all are read."""
_MOST_METRICS = 3
"""So many metrics of groups are shown when none are asked for."""


class _Request(NamedTuple):
    """What is looked for."""

    client: Client
    q: str
    sort: str
    all_projects: bool
    metrics: tuple[str, ...] = ()

    def page(self, cursor: str, limit: int, *, count: bool = False) -> RunPage:
        """One page; the first can count how many runs there are."""
        from trainyard.client import requests

        arguments: dict[str, Any] = {"q": self.q, "sort": self.sort, "metrics": self.metrics, "limit": limit}
        arguments |= {"cursor": cursor, "count": count}
        if self.all_projects:
            return self.client.send(requests.search_runs(**arguments))
        return self.client.send(requests.list_runs(self.client.endpoint.project, **arguments))

    def every(self) -> list[RunRecord]:
        """All runs that are found."""
        from trainyard.client._sync.pagination import items

        return [*items(lambda cursor: self.page(cursor, _EVERY))]


@click.command()
@query_option
@sort_option
@click.option(
    "--status", default="", metavar="STATUS", help="Only runs in this status.", shell_complete=complete("status")
)
@click.option("--tag", default="", metavar="TAG", help="Only runs with this tag.", shell_complete=complete("tag"))
@click.option("--queue", default="", metavar="NAME", help="Only runs of this queue.", shell_complete=complete("queue"))
@click.option("-A", "--all-projects", is_flag=True, help="Search all projects that you may read.")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1), help="The most runs to show.")
@click.option(
    "--columns",
    default="",
    metavar="NAMES",
    help="The columns, by commas: `run,age,params.lr,metrics.loss`.",
    shell_complete=complete("column"),
)
@click.option(
    "--group-by",
    metavar="NAMES",
    help="Put all runs that are found in groups by these params (or fields such as `status`), by commas.",
)
@click.option(
    "--agg",
    default="mean,std",
    show_default=True,
    metavar="NAMES",
    help="Statistics of each metric per group: mean, std, min, max, median.",
)
@formats.format_option
@with_client
def ls(
    client: Client,
    *,
    query: str | None,
    sort: str | None,
    status: str,
    tag: str,
    queue: str,
    all_projects: bool,
    limit: int,
    columns: str,
    group_by: str | None,
    agg: str,
    form: str,
) -> None:
    """List runs, newest first.

    QUERY is a list of conditions such as `status:running, tags:nlp, metrics.loss:<0.1`, joined by `,`, AND, OR and NOT.
    The table has what the runs are sorted by, the params in which they differ and the first metrics, as far as the
    terminal is wide. Times are relative on a terminal, and RFC 3339 in your time zone elsewhere.
    """
    q = query_text(query, (("status", status), ("tags", tag), ("queue", queue)))
    request = _Request(client, q, sort or "", all_projects)
    if group_by is not None:
        from trainyard.cli.aggregate import aggregation

        return _grouped(request, aggregation(group_by, agg), columns, form)
    return _listed(request, limit, columns, form)


def _warn_unknown(runs: Sequence[RunRecord], columns: Sequence[Column]) -> None:
    """Name the params and metrics that no run has although one of a similar name has been recorded. Others may come
    yet: a run that waits has no metrics."""
    from trainyard.cli.columns import unknown

    for each in unknown(runs, columns):
        if each.near:
            output.line(f"yard: {output.clean(each.sentence)}", err=True)


def _listed(request: _Request, limit: int, columns: str, form: str) -> None:
    from trainyard.cli.columns import below, columns_of, metric_names

    chosen = columns_of(columns, _sort_fields(request.sort))
    runs, total = _found(request._replace(metrics=metric_names(chosen)), limit)
    _warn_unknown(runs, [*chosen, *map(below, _sort_fields(request.sort))])
    if form == formats.JSON:
        return output.json_document({"items": runs})
    if form in ("csv", "tsv"):
        _delimited(runs, chosen, form)
    elif runs:
        _table(request, runs, chosen, is_wide=form == "wide")
    return _tell(request, len(runs), total)


def _found(request: _Request, limit: int) -> tuple[list[RunRecord], str]:
    """The first runs, and how many there are in all; empty when they are all here."""
    from trainyard.client._sync.pagination import items

    first = request.page("", min(limit, _PAGE), count=True)
    runs = list(islice(items(lambda cursor: request.page(cursor, _PAGE) if cursor else first), limit))
    total = first.total or 0
    return runs, f"{total}{' or more' if first.total_is_cut else ''}" if total > len(runs) else ""


def _delimited(runs: Sequence[RunRecord], chosen: Sequence[Column], form: str) -> None:
    from trainyard.cli.columns import everything

    columns = chosen or everything(runs)
    formats.delimited([each.name for each in columns], [[each.plain(run) for each in columns] for run in runs], form)


def _table(request: _Request, runs: Sequence[RunRecord], chosen: Sequence[Column], *, is_wide: bool) -> None:
    from trainyard.cli.columns import Selection, below, everything, headings_of, selection

    found = Selection([*chosen], [])
    if not chosen and is_wide:
        found = Selection(everything(runs, projects=request.all_projects), [])
    elif not chosen:
        sorted_by = [below(field) for field in _sort_fields(request.sort)]
        found = selection(runs, first=sorted_by, projects=request.all_projects)
    lines = [[each.text(run) for each in found.columns] for run in runs]
    formats.tell_left_out([*formats.rows(headings_of(found.columns), lines, is_wide=is_wide), *found.more])


def _sort_fields(sort: str) -> list[Field]:
    """The params, outputs, meta values and metrics that are sorted by."""
    if not sort:
        return []
    from trainyard.query import parse_sort

    return [key.field for key in parse_sort(sort) if key.field.key]


def _tell(request: _Request, shown: int, total: str) -> None:
    """What there is beside what is shown, or what to do where there is nothing."""
    if total:
        output.line(f"showing {shown} of {total}; more: -n {_more(shown)}; filter: -q QUERY", err=True)
    if shown:
        return None
    where = "any project" if request.all_projects else f"project {request.client.endpoint.project!r}"
    if request.q:
        way = "leave out conditions" if request.all_projects else "leave out conditions, or search all projects with -A"
        return output.line(f"no runs in {where} match the query; {way}", err=True)
    return output.line(f"no runs in {where}; start one: yard run -- python FILE", err=True)


def _more(shown: int) -> int:
    """A number of runs to ask for after so many: the next of 50, 100, 500, 1000, ..."""
    return next(size for size in (50, 100, 500, 1000, 10 * shown) if size > shown)


def _grouped(request: _Request, summary: Aggregation, columns: str, form: str) -> None:
    from trainyard.cli.columns import columns_of, metric_columns, metric_names, more_of, unknown

    chosen = columns_of(columns)
    if strange := [each.name for each in chosen if not each.name.startswith("metrics.")]:
        raise click.UsageError(f"--columns of groups are metrics, and {strange[0]!r} is none; write metrics.NAME")
    runs = request._replace(metrics=metric_names(chosen)).every()
    if wrong := unknown(runs, summary.keys):
        raise click.UsageError(wrong[0].sentence)
    _warn_unknown(runs, chosen)
    every = chosen or metric_columns(runs)
    metrics = every if chosen or form else every[:_MOST_METRICS]
    groups = summary.groups(runs)
    if form == formats.JSON:
        return output.json_document({"items": summary.documents(groups, metrics)})
    if form in ("csv", "tsv"):
        return formats.delimited(summary.names(metrics), summary.values(groups, metrics), form)
    if groups:
        missing = formats.rows(
            summary.headings(metrics),
            summary.lines(groups, metrics),
            is_wide=form == "wide",
            kept=len(summary.keys) + 1,
        )
        formats.tell_left_out([*missing, *more_of("metric", len(every) - len(metrics))])
    return _tell(request, len(runs), "")
