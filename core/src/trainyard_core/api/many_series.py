"""`POST /runs/series`: metrics of several runs of a project in one answer, all reduced alike."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Controller, post
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, allow, can, find_run, runtime_of
from trainyard_core.api.tracking import MOST_NAMES, tracker_of
from trainyard_core.auth import READ
from trainyard_core.clock import bounded
from trainyard_core.contracts.tracker import SeriesColumns
from trainyard_core.db import runs
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Invalid
from trainyard_core.work import resume, serializers
from trainyard_core.work.resume import ChainLink

__all__ = ["ManySeries"]

MOST_RUNS = 500
MOST_POINTS = 100_000
MOST_VALUES = 1_000_000
"""Points that may be asked for in one answer; where every row is asked for, only the number of series is bounded."""


class ManySeries(Controller):
    """`/projects/{project}/runs/series`."""

    path = "/projects/{project:str}/runs/series"
    tags = ("tracking",)

    @post(status_code=200)
    async def many(
        self, request: ApiRequest, project: FromPath[str], data: JSONBody[models.ReadSeries]
    ) -> models.RunSeriesPage:
        """Return metrics of several runs over their steps or their times, as columns, with at most `points` buckets
        each (0: every row). Changes nothing."""
        await allow(request, READ, project)
        _check(data)
        rows = await _find(request, project, data.runs)
        runtime = runtime_of(request)
        chains = [[resume.link_of(row)] for row in rows]
        if any(resume.has_past(row) for row in rows):
            chains = await runtime.database.read(lambda tx: _chains(tx, rows))
        found = await resume.read_many(
            tracker_of(runtime), chains, data.names, by=data.by, first=data.first, last=data.last, points=data.points
        )
        items = [_series(row["id"], each) for row, of in zip(rows, found, strict=True) for each in of]
        return models.RunSeriesPage(items=items)


def _check(asked: models.ReadSeries) -> None:
    """Raises Invalid for what is too much for one answer, or nothing."""
    for field, items, most in (("runs", asked.runs, MOST_RUNS), ("names", asked.names, MOST_NAMES)):
        if not 1 <= len(items) <= most:
            raise Invalid(f"`{field}` has {len(items)} items", fix=f"give at least 1 and at most {most}")
    if not 0 <= asked.points <= MOST_POINTS:
        raise Invalid(f"`points` is {asked.points}", fix=f"use a number from 0 to {MOST_POINTS}")
    if len(asked.runs) * len(asked.names) * max(asked.points, 1) > MOST_VALUES:
        raise Invalid(
            f"{len(asked.runs)} runs with {len(asked.names)} metrics of {asked.points} points are too much for one"
            f" answer, which has at most {MOST_VALUES} points",
            fix="ask for fewer points, or for fewer runs at a time",
        )


async def _find(request: ApiRequest, project: str, refs: Sequence[str]) -> list[Row]:
    """The runs that are meant, in the order of `refs`. Raises what `find_run` raises."""
    known = await runtime_of(request).database.read(lambda tx: runs.some(tx, project, refs))
    found = []
    for ref in refs:
        row = known.get(ref)
        if row is None or not await can(request, READ, project=project, run=row["id"]):
            row = await find_run(request, project, ref, READ)
        found.append(row)
    return found


async def _chains(tx: Tx, rows: Sequence[Row]) -> list[list[ChainLink]]:
    return [await resume.links_of(tx, row) if resume.has_past(row) else [resume.link_of(row)] for row in rows]


def _series(run: str, found: SeriesColumns) -> models.RunSeries:
    return models.RunSeries(
        run=run,
        name=found.name,
        total=found.total,
        step=found.step,
        until=found.until,
        time=[bounded(at) for at in found.time],
        min=serializers.numbers(found.min),
        max=serializers.numbers(found.max),
        last=serializers.numbers(found.last),
    )
