"""Lists of runs: filtered, sorted and paged, in one project or in all that the asker may read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from litestar import Controller, get
from litestar.params import QueryParameter

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, allow, refuse_unknown_project, runtime_of, visible
from trainyard_core.api.pagination import Cursor, Limit
from trainyard_core.auth import KNOWN
from trainyard_core.work.run_search import search_runs

__all__ = ["Count", "Filter", "Metrics", "Search", "Sort", "found"]

Filter = Annotated[str, QueryParameter(description="Which runs, in the query language: `status:running, tags:a`.")]
Sort = Annotated[str, QueryParameter(description="Fields to sort by, `-` for descending: `-metrics.loss,name`.")]
Count = Annotated[bool, QueryParameter(description="Whether to count all runs that are found, up to 1000: `total`.")]

Metrics = Annotated[
    list[str] | None,
    QueryParameter(
        description="The metrics that each run is given with, by name, instead of the first 32; those of `q` and `sort`"
        " are always there."
    ),
]


class Search(Controller):
    """`/runs`: across projects."""

    path = "/runs"
    tags = ("runs",)

    @get()
    async def page(
        self,
        request: ApiRequest,
        q: Filter = "",
        sort: Sort = "",
        metrics: Metrics = None,
        limit: Limit = 50,
        cursor: Cursor = "",
        count: Count = False,
    ) -> models.RunPage:
        """List runs of all projects that the caller may read, newest first unless `sort` is given."""
        await allow(request, KNOWN)
        among = await visible(request)
        return await found(request, among, q=q, sort=sort, metrics=metrics, limit=limit, cursor=cursor, count=count)


async def found(
    request: ApiRequest,
    among: frozenset[str] | None,
    *,
    q: str,
    sort: str,
    metrics: Sequence[str] | None,
    limit: int,
    cursor: str,
    count: bool,
) -> models.RunPage:
    """A page of the runs in these projects (None: in all), and with `count` how many there are. Raises Invalid for a
    query, sort or cursor that makes no sense, NotFound for a single project that does not exist."""
    runtime = runtime_of(request)
    async with runtime.searches:
        page = await search_runs(
            runtime.database,
            among,
            at=runtime.clock.now(),
            q=q,
            sort=sort,
            metrics=metrics,
            limit=limit,
            cursor=cursor,
            count=count,
        )
    if not page.items and among is not None and len(among) == 1:
        (project,) = among
        await refuse_unknown_project(request, project)
    return page
