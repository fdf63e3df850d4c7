"""Sweeps as they are read: how far one is and its best trial, its trials page by page, and the Pareto front."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, QueryParameter

from trainyard.client import models
from trainyard.matrix.objective import Goal, Objective
from trainyard.matrix.sweep import SweepSpec
from trainyard_core.contracts.database import PluginRow, PluginTx
from trainyard_core.contracts.director import Child
from trainyard_core.contracts.platform import Platform
from trainyard_core.contracts.routes import READ, Actor, Permission
from trainyard_core.contracts.wire import decode_cursor, encode_cursor, rfc3339
from trainyard_core.errors import Conflict, Invalid
from trainyard_sweeps import sweeps, trials
from trainyard_sweeps.pareto import front
from trainyard_sweeps.sweep_run import sweep_run
from trainyard_sweeps.trial_result import feasible
from trainyard_sweeps.trials import TrialCursor

__all__ = ["MOST_ON_FRONT", "Sweeps"]

MOST = 500
MOST_ON_FRONT = 500
BATCH = 200
_decode: Any = msgspec.json.decode
_study = msgspec.json.Decoder(SweepSpec)
_values = msgspec.json.Decoder(dict[str, float])
NO_SWEEP = {409: ResponseSpec(data_container=None, description="The run is no sweep.")}
Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="At most so many items.")]
Cursor = Annotated[str, QueryParameter(description="`next` of the page before.")]
Sort = Annotated[
    Literal["number", "-number", "value"],
    QueryParameter(description="`number`, `-number`, or `value`: the best first, those without one last."),
]
Phase = Annotated[
    Literal["", "prepared", "running", "succeeded", "failed", "stopped"],
    QueryParameter(description="Only trials of this phase."),
]


class Sweeps(Controller):
    """`/projects/{project}/sweeps/{ref}`."""

    path = "/{ref:str}"
    tags = ("sweeps",)
    opt = {"authorization": Permission(READ, project="project", run="ref")}  # noqa: RUF012 - Litestar's own attribute

    @get(responses=NO_SWEEP)
    async def one(
        self, platform: Platform, actor: Actor, project: FromPath[str], ref: FromPath[str]
    ) -> models.SweepRecord:
        """Return a sweep: its objectives, its progress and its best trial. `ref` is that of its run."""
        run = await sweep_run(platform, actor, project, ref)
        row, study = await _sweep(platform, run.id)

        async def work(tx: PluginTx) -> tuple[trials.TrialCounts, PluginRow | None]:
            return await trials.counts(tx, run.id), await _best(tx, run.id, study)

        counts, best = await platform.database.read(work)
        found = [] if best is None else await _presented(platform, actor, run, [best], study)
        return _record(run, row, study, counts, found)

    @get("/trials", responses=NO_SWEEP)
    async def trials(
        self,
        platform: Platform,
        actor: Actor,
        project: FromPath[str],
        ref: FromPath[str],
        sort: Sort = "number",
        phase: Phase = "",
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> models.TrialPage:
        """List the trials of a sweep with their params and values, by number unless `sort` is given."""
        run = await sweep_run(platform, actor, project, ref)
        after = _after(cursor, sort, phase)
        _, study = await _sweep(platform, run.id)
        rows = await platform.database.read(lambda tx: _page(tx, run.id, study, sort, phase, after, limit))
        following = None
        if len(rows) == limit:
            following = encode_cursor(f"{sort} {phase}", rows[-1]["value"], rows[-1]["number"])
        return models.TrialPage(items=await _presented(platform, actor, run, rows, study), next=following)

    @get("/front", responses=NO_SWEEP)
    async def front(self, platform: Platform, actor: Actor, project: FromPath[str], ref: FromPath[str]) -> models.Front:
        """Return the Pareto front: the feasible trials for which no other is as good in all objectives and better in
        one."""
        run = await sweep_run(platform, actor, project, ref)
        _, study = await _sweep(platform, run.id)
        if not study.objectives:
            raise Conflict(f"sweep {run.id} has no objective, so no trial is better", fix="list its trials instead")
        rows = await platform.database.read(lambda tx: trials.values(tx, run.id))
        keys, cut = await asyncio.to_thread(_best_keys, rows, study)
        kept = await platform.database.read(lambda tx: trials.by_key(tx, run.id, keys))
        return models.Front(
            objectives=[_objective(each) for each in study.objectives],
            items=await _presented(platform, actor, run, kept, study),
            limit=MOST_ON_FRONT,
            truncated=cut,
        )


async def _sweep(platform: Platform, run: str) -> tuple[PluginRow, SweepSpec]:
    row = await platform.database.read(lambda tx: sweeps.load(tx, run))
    assert row is not None, "a run of this kind has its row from its first transaction on"
    return row, _study.decode(row["study"])


def _record(
    run: models.RunRecord,
    row: PluginRow,
    study: SweepSpec,
    counts: trials.TrialCounts,
    best: Sequence[models.TrialRecord],
) -> models.SweepRecord:
    return models.SweepRecord(
        run=run.id,
        project=run.project,
        algorithm=study.algorithm,
        status=run.status,
        name=run.name,
        reason=run.reason,
        message=run.message,
        objectives=[_objective(each) for each in study.objectives],
        limits=[
            models.SweepLimit(name=each.name, at_least=each.at_least, at_most=each.at_most) for each in study.limits
        ],
        rules=msgspec.to_builtins(study.rules),
        seed=row["seed"],
        concurrency=row["concurrency"],
        max_trials=row["max_trials"],
        created=row["created"],
        prepared=counts.prepared,
        running=counts.running,
        succeeded=row["succeeded"],
        failed=row["failed"],
        stopped=row["stopped"],
        best=best[0] if best else None,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )


def _objective(objective: Objective) -> models.SweepObjective:
    return models.SweepObjective(name=objective.name, goal=objective.goal)


async def _best(tx: PluginTx, sweep: str, study: SweepSpec) -> PluginRow | None:
    """The first feasible trial in the order of values."""
    if not study.objectives:
        return None
    highest, after = study.objectives[0].goal is Goal.MAXIMIZE, None
    limit = BATCH if study.limits else 1
    while True:
        rows = await trials.by_value(tx, sweep, highest=highest, phase="succeeded", after=after, limit=limit)
        for row in rows:
            if feasible(_values.decode(row["values"]), study.limits):
                return row
        if len(rows) < limit:
            return None
        after = TrialCursor(rows[-1]["value"], rows[-1]["number"])


async def _page(
    tx: PluginTx, sweep: str, study: SweepSpec, sort: str, phase: str, after: TrialCursor | None, limit: int
) -> Sequence[PluginRow]:
    kept = "open" if phase == "running" else phase
    if sort == "value":
        highest = bool(study.objectives) and study.objectives[0].goal is Goal.MAXIMIZE
        return await trials.by_value(tx, sweep, highest=highest, phase=kept, after=after, limit=limit)
    beyond = None if after is None else after.number
    return await trials.by_number(tx, sweep, newest=sort == "-number", phase=kept, after=beyond, limit=limit)


def _after(cursor: str, sort: str, phase: str) -> TrialCursor | None:
    """Where a page begins. Raises Invalid for a cursor of another list."""
    if not cursor:
        return None
    mark, value, number = decode_cursor(cursor, 3)
    fits = mark == f"{sort} {phase}" and isinstance(number, int) and abs(number) < 1 << 63
    if not fits or isinstance(value, str) or not (value is None or math.isfinite(value)):
        raise Invalid("`cursor` is of another list", fix="use `next` of the page before, or leave it out")
    assert isinstance(number, int)
    return TrialCursor(None if value is None else float(value), number)


async def _presented(
    platform: Platform, actor: Actor, run: models.RunRecord, rows: Sequence[PluginRow], study: SweepSpec
) -> list[models.TrialRecord]:
    """Trials with what their runs say; those that go on with what they have logged last."""
    names = [*dict.fromkeys([*(each.name for each in study.objectives), *(each.name for each in study.limits)])]
    runs = [row["run"] for row in rows if row["run"] is not None]
    children = await platform.parents.children(actor, run.project, run.id, runs, metrics=names) if runs else {}
    return [_trial(row, children.get(row["run"]), study) for row in rows]


def _trial(row: PluginRow, child: Child | None, study: SweepSpec) -> models.TrialRecord:
    going = row["phase"] == "open"
    values = {**(_logged(child) if going else {}), **_values.decode(row["values"])}
    said: Any = child if going else None
    return models.TrialRecord(
        number=row["number"],
        key=row["key"],
        phase="running" if going else row["phase"],
        params=_decode(row["params"]),
        run=row["run"],
        status="" if row["run"] is None else "deleted" if child is None else child.status,
        values=values,
        value=row["value"],
        feasible=feasible(values, study.limits),
        reason=said.reason if said else "" if going else row["reason"],
        message=said.message if said else "" if going else row["message"],
        note=row["note"],
        created_at=rfc3339(row["created_at"]) or "",
        started_at=rfc3339(child.started_at if child else None),
        finished_at=rfc3339((child.finished_at if child else None) or row["ended_at"]),
    )


def _logged(child: Child | None) -> Mapping[str, float]:
    """The last values of a trial's metrics, as far as they are finite."""
    found = {} if child is None else {name: metric.last for name, metric in child.metrics.items()}
    return {name: value for name, value in found.items() if value is not None and math.isfinite(value)}


def _best_keys(rows: Sequence[PluginRow], study: SweepSpec) -> tuple[list[str], bool]:
    """The keys of the front, and whether it has more."""
    known = {row["key"]: _values.decode(row["values"]) for row in rows}
    names = {each.name for each in study.objectives}
    within = {key: values for key, values in known.items() if names <= values.keys() and feasible(values, study.limits)}
    found = front(within, study.objectives, limit=MOST_ON_FRONT + 1)
    if len(found) <= MOST_ON_FRONT:
        return found, False
    return front({key: within[key] for key in found}, study.objectives, limit=MOST_ON_FRONT), True
