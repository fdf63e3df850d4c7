"""`yard ls`: runs that are looked for."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import click

from trainyard.cli import output
from trainyard.cli.options import json_option, with_client
from trainyard.cli.search_options import query_option, query_text, sort_option

if TYPE_CHECKING:
    from trainyard.client import Client
    from trainyard.client.models import Run
    from trainyard.query.tree import Field

__all__ = ["ls"]

_MOST = 100


@click.command()
@query_option
@sort_option
@click.option("--status", default="", metavar="STATUS", help="Only runs in this status.")
@click.option("--tag", default="", metavar="TAG", help="Only runs with this tag.")
@click.option("--queue", default="", metavar="NAME", help="Only runs of this queue.")
@click.option("-A", "--all-projects", is_flag=True, help="In all projects that you may read.")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1), help="At most so many.")
@json_option
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
    as_json: bool,
) -> None:
    """List runs, newest first.

    QUERY is a list of conditions such as `status:running, tags:nlp, metrics.loss:<0.1`, joined by `,`, AND, OR and NOT.
    What is sorted by is shown.
    """
    q = query_text(query, (("status", status), ("tags", tag), ("queue", queue)))
    size = min(limit, _MOST)
    if all_projects:
        found = client.runs.everywhere(q=q, sort=sort or "", page_size=size)
    else:
        found = client.runs.list(q=q, sort=sort or "", page_size=size)
    runs = list(islice(found, limit))
    if as_json:
        return output.json_document({"items": runs})
    return _table(runs, sort or "", all_projects)


def _table(runs: list[Run], sort: str, all_projects: bool) -> None:
    shown = _shown(sort)
    where = ("PROJECT",) if all_projects else ()
    headers = (
        "RUN",
        *where,
        "NAME",
        "STATUS",
        "QUEUE",
        "CREATED",
        "TAGS",
        *(output.clean(_heading(field)) for field in shown),
    )
    output.table(headers, [_row(run, shown, all_projects) for run in runs])


def _shown(sort: str) -> list[Field]:
    """The params, outputs, meta values and metrics that are sorted by."""
    from trainyard.query import parse_sort

    return [key.field for key in parse_sort(sort) if key.field.key]


def _heading(field: Field) -> str:
    """The name of what is shown, and which figure of it, if that is not the last."""
    return field.key if field.part in ("", "last") else f"{field.key}.{field.part}"


def _row(run: Run, shown: list[Field], all_projects: bool) -> tuple[str, ...]:
    return (
        run.short_id,
        *((run.project,) if all_projects else ()),
        run.name,
        output.status(run.status),
        run.queue,
        run.created_at,
        ", ".join(run.tags),
        *(_cell(run, field) for field in shown),
    )


def _cell(run: Run, field: Field) -> str:
    if field.name == "metrics":
        return output.number(run.sorted_by.get(f"metrics.{field.key}.{field.part}"))
    values = {"params": run.inputs, "outputs": run.outputs, "meta": run.meta}[field.name]
    return output.value(values[field.key]) if field.key in values else "-"
