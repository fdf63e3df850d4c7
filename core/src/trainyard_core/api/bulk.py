"""One action on many runs, named one by one or by a query. What is meant is settled first, by what the asker may do;
then all is done in one transaction, and the answer tells of each run."""

from __future__ import annotations

from litestar import Controller, Response, post
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard.client.models import BulkAction, CloneRun, FieldProblem
from trainyard.query import Query, QueryError, parse
from trainyard_core.api.access import ApiRequest, allow, find_run, forget, runtime_of
from trainyard_core.api.change import change
from trainyard_core.api.run_mutation import by_of
from trainyard_core.auth import WRITE
from trainyard_core.db import search
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Invalid
from trainyard_core.work import clone
from trainyard_core.work.bulk import CLONING, Refusal, Target, carry_out, refused

__all__ = ["Bulk"]

MOST = 500
"""Runs in one request."""


class Bulk(Controller):
    """`/runs/bulk` of a project."""

    path = "/projects/{project:str}/runs/bulk"
    tags = ("runs",)

    @post(status_code=200)
    async def act(
        self, request: ApiRequest, project: FromPath[str], data: JSONBody[BulkAction]
    ) -> Response[models.BulkResult]:
        """Apply one action to many runs in one transaction; the answer has the result for each."""
        await allow(request, WRITE, project)
        _check(data)
        refs, more = await _meant(request, project, data)
        targets = [await _target(request, project, ref, data) for ref in refs]
        by = by_of(request, data.message)

        async def work(tx: Tx) -> models.BulkResult:
            return models.BulkResult(items=await carry_out(tx, targets, data, by), more=more)

        answer = await change(request, work, name="bulk")
        if data.action == "delete":
            forget(request)
        runtime_of(request).notifier.notify_agents(orders=True)
        return answer


def _check(body: BulkAction) -> None:
    if bool(body.refs) == (body.q is not None):
        raise Invalid("say which runs are meant either by `refs` or by a query `q`", fix="send one of the two")
    if len(body.refs) > MOST or not 1 <= body.limit <= MOST:
        raise Invalid(f"one request is for at most {MOST} runs", fix="send several requests")


async def _meant(request: ApiRequest, project: str, body: BulkAction) -> tuple[list[str], bool]:
    """The runs that are meant, and whether more fit the query."""
    if body.q is None:
        return body.refs, False
    runtime, query = runtime_of(request), _parsed(body.q)
    at = runtime.clock.now()
    async with runtime.searches:
        ids = await runtime.database.read(lambda tx: search.select_ids(tx, project, query, body.limit + 1, at=at))
    return ids[: body.limit], len(ids) > body.limit


def _parsed(text: str) -> Query:
    try:
        return parse(text)
    except QueryError as error:
        problem = FieldProblem(message=error.message, field="q", column=error.column, fix=error.suggestion)
        raise Invalid(f"`q`: {error}", problems=[problem]) from error


async def _target(request: ApiRequest, project: str, ref: str, body: BulkAction) -> Target:
    run = ""
    try:
        row = await find_run(request, project, ref, WRITE)
        run = row["id"]
        return Target(ref, run, clone=await _clone(request, row, body) if body.action in CLONING else None)
    except Refusal as error:
        return Target(ref, run, outcome=refused(ref, run, error))


async def _clone(request: ApiRequest, row: Row, body: BulkAction) -> clone.Clone:
    runtime, by = runtime_of(request), by_of(request)
    asked = CloneRun(params=body.params, name=body.name, queue=body.queue, step=body.step)
    return await clone.plan(
        runtime.database,
        runtime.tracker,
        row,
        body.action,
        asked,
        actor=request.user,
        at=by.at,
        kinds=runtime.kinds,
        amendments=runtime.registry.requests,
        checks=runtime.run_checks.check,
    )
