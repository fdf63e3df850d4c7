"""Sweeps as they are read: how far one is and its best trial, its trials page by page, and the Pareto front."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, get
from litestar.params import FromPath, QueryParameter

from trainyard.client import models
from trainyard.matrix.objective import Goal, Objective
from trainyard.matrix.sweep import SweepSpec
from trainyard_core import keyset
from trainyard_core.api.access import ApiRequest, find_run, runtime_of
from trainyard_core.api.pagination import Cursor, Limit, following
from trainyard_core.auth import READ
from trainyard_core.clock import rfc3339
from trainyard_core.db import sweeps, trials
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.trials import TrialCursor
from trainyard_core.errors import Conflict, Invalid
from trainyard_core.sweeps.pareto import front
from trainyard_core.sweeps.trial_result import feasible

__all__ = ["MOST_ON_FRONT", "Sweeps"]

MOST_ON_FRONT = 500
BATCH = 200
_decode: Any = msgspec.json.decode
_study = msgspec.json.Decoder(SweepSpec)
_values = msgspec.json.Decoder(dict[str, float])
Sort = Annotated[
    Literal["number", "-number", "value"],
    QueryParameter(description="`number`, `-number`, or `value`: the best first, those without one last."),
]
Phase = Annotated[
    Literal["", "prepared", "running", "succeeded", "failed", "stopped"],
    QueryParameter(description="Only trials of this phase."),
]


class Sweeps(Controller):
    """`/projects/{project}/sweeps`."""

    path = "/projects/{project:str}/sweeps/{ref:str}"
    tags = ("sweeps",)

    @get()
    async def one(self, request: ApiRequest, project: FromPath[str], ref: FromPath[str]) -> models.SweepRecord:
        """Return a sweep: its objectives, its progress and its best trial. `ref` is that of its run."""
        run = await find_run(request, project, ref, READ)
        return await runtime_of(request).database.read(lambda tx: _whole(tx, run))

    @get("/trials")
    async def trials(
        self,
        request: ApiRequest,
        project: FromPath[str],
        ref: FromPath[str],
        sort: Sort = "number",
        phase: Phase = "",
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> models.TrialPage:
        """List the trials of a sweep with their params and values, by number unless `sort` is given."""
        run = await find_run(request, project, ref, READ)
        after = _after(cursor, sort, phase)

        async def work(tx: Tx) -> models.TrialPage:
            study = _study.decode((await _found(tx, run))["study"])
            rows = await _page(tx, run["id"], study, sort, phase, after, limit)
            items = await _presented(tx, rows, study)
            mark = (f"{sort} {phase}", rows[-1]["value"], rows[-1]["number"]) if rows else ()
            return models.TrialPage(items=items, next=following(rows, limit, *mark))

        return await runtime_of(request).database.read(work)

    @get("/front")
    async def front(self, request: ApiRequest, project: FromPath[str], ref: FromPath[str]) -> models.Front:
        """Return the Pareto front: the feasible trials for which no other is as good in all objectives and better in
        one."""
        run = await find_run(request, project, ref, READ)
        database = runtime_of(request).database
        study = _study.decode((await database.read(lambda tx: _found(tx, run)))["study"])
        if not study.objectives:
            raise Conflict(f"sweep {run['id']} has no objective, so no trial is better", fix="list its trials instead")
        rows = await database.read(lambda tx: trials.values(tx, run["id"]))
        keys, cut = await asyncio.to_thread(_best_keys, rows, study)
        kept = await database.read(lambda tx: trials.by_key(tx, run["id"], keys))
        return models.Front(
            objectives=[_objective(each) for each in study.objectives],
            items=[_trial(row, study) for row in kept],
            limit=MOST_ON_FRONT,
            truncated=cut,
        )


async def _found(tx: Tx, run: Row) -> Row:
    """The sweep of a run. Raises Conflict for a run that is none."""
    row = await sweeps.get(tx, run["id"])
    if row is None:
        parent = run["parent"]
        fix = f"see its sweep: yard sweep {parent[-8:]}" if parent else f"see yard get {run['id'][-8:]}"
        raise Conflict(f"run {run['id']} is no sweep but a {run['kind']}", fix=fix)
    return row


async def _whole(tx: Tx, run: Row) -> models.SweepRecord:
    row = await _found(tx, run)
    study, open_ = _study.decode(row["study"]), await trials.counts(tx, run["id"])
    best = await _best(tx, run["id"], study)
    return models.SweepRecord(
        run=run["id"],
        project=run["project"],
        algorithm=study.algorithm,
        status=run["status"],
        name=run["name"],
        reason=run["reason"],
        message=run["message"],
        objectives=[_objective(each) for each in study.objectives],
        limits=[
            models.SweepLimit(name=each.name, at_least=each.at_least, at_most=each.at_most) for each in study.limits
        ],
        rules=msgspec.to_builtins(study.rules),
        seed=row["seed"],
        concurrency=row["concurrency"],
        max_trials=row["max_trials"],
        created=row["created"],
        prepared=open_.prepared,
        running=open_.running,
        succeeded=row["succeeded"],
        failed=row["failed"],
        stopped=row["stopped"],
        best=None if best is None else _trial(best, study),
        created_at=rfc3339(run["created_at"]) or "",
        started_at=rfc3339(run["started_at"]),
        finished_at=rfc3339(run["finished_at"]),
    )


def _objective(objective: Objective) -> models.SweepObjective:
    return models.SweepObjective(name=objective.name, goal=objective.goal)


async def _best(tx: Tx, sweep: str, study: SweepSpec) -> Row | None:
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
    tx: Tx, sweep: str, study: SweepSpec, sort: str, phase: str, after: TrialCursor | None, limit: int
) -> Sequence[Row]:
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
    mark, value, number = keyset.decode(cursor, 3)
    fits = mark == f"{sort} {phase}" and isinstance(number, int) and abs(number) < 1 << 63
    if not fits or isinstance(value, str) or not (value is None or math.isfinite(value)):
        raise Invalid("`cursor` is of another list", fix="use `next` of the page before, or leave it out")
    assert isinstance(number, int)
    return TrialCursor(None if value is None else float(value), number)


async def _presented(tx: Tx, rows: Sequence[Row], study: SweepSpec) -> list[models.TrialRecord]:
    """Trials, those that go on with what they have logged last."""
    names = [*dict.fromkeys([*(each.name for each in study.objectives), *(each.name for each in study.limits)])]
    going = [row["run"] for row in rows if row["phase"] == "open"]
    logged: dict[str, dict[str, float]] = {}
    for row in await trials.logged(tx, going, names):
        if math.isfinite(row["last"]):
            logged.setdefault(row["run"], {})[row["name"]] = row["last"]
    return [_trial(row, study, logged.get(row["run"], {})) for row in rows]


def _trial(row: Row, study: SweepSpec, logged: Mapping[str, float] = {}) -> models.TrialRecord:
    going, values = row["phase"] == "open", {**logged, **_values.decode(row["values"])}
    return models.TrialRecord(
        number=row["number"],
        key=row["key"],
        phase="running" if going else row["phase"],
        params=_decode(row["params"]),
        run=row["run"],
        status="" if row["run"] is None else row["status"] or "deleted",
        values=values,
        value=row["value"],
        feasible=feasible(values, study.limits),
        reason=(row["run_reason"] if going else row["reason"]) or "",
        message=(row["run_message"] if going else row["message"]) or "",
        note=row["note"],
        created_at=rfc3339(row["created_at"]) or "",
        started_at=rfc3339(row["started_at"]),
        finished_at=rfc3339(row["finished_at"] or row["ended_at"]),
    )


def _best_keys(rows: Sequence[Row], study: SweepSpec) -> tuple[list[str], bool]:
    """The keys of the front, and whether it has more."""
    known = {row["key"]: _values.decode(row["values"]) for row in rows}
    names = {each.name for each in study.objectives}
    within = {key: values for key, values in known.items() if names <= values.keys() and feasible(values, study.limits)}
    found = front(within, study.objectives, limit=MOST_ON_FRONT + 1)
    if len(found) <= MOST_ON_FRONT:
        return found, False
    return front({key: within[key] for key in found}, study.objectives, limit=MOST_ON_FRONT), True
