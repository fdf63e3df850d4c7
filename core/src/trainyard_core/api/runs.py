"""Runs: create, list, get, change, delete; their statuses and activities, and why they wait. What else is done to them
is in `run_actions`."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody, Parameter

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, allow, find_run, forget, runtime_of
from trainyard_core.api.change import change, check_match
from trainyard_core.api.pagination import Cursor, Limit, after_id, following
from trainyard_core.api.run_mutation import act, by_of
from trainyard_core.api.search import Count, Filter, Metrics, Sort, found
from trainyard_core.auth import READ, WRITE
from trainyard_core.db import activities
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import NotFound
from trainyard_core.work import actions, attempt_diagnosis, serializers
from trainyard_core.work.actions import ActionContext
from trainyard_core.work.assignment import GOING
from trainyard_core.work.deletion import delete as delete_run
from trainyard_core.work.run_view import whole, whole_run
from trainyard_core.work.why import why

__all__ = ["Runs", "whole_run"]


class Runs(Controller):
    """`/projects/{project}/runs`."""

    path = "/projects/{project:str}/runs"
    tags = ("runs",)

    @post()
    async def create(
        self,
        request: ApiRequest,
        project: str,
        data: JSONBody[models.CreateRun],
        idempotency_key: Annotated[str, Parameter(header="Idempotency-Key")] = "",
    ) -> Response[models.RunRecord]:
        """Create a run from an operation. With an idempotency key, a repeated request creates it once."""
        actor = await allow(request, WRITE, project)
        row, new = await runtime_of(request).create_run(actor, project, data, key=idempotency_key)
        return Response(serializers.run(row), status_code=201 if new else 200)

    @get()
    async def page(
        self,
        request: ApiRequest,
        project: FromPath[str],
        q: Filter = "",
        sort: Sort = "",
        metrics: Metrics = None,
        limit: Limit = 50,
        cursor: Cursor = "",
        count: Count = False,
    ) -> models.RunPage:
        """List a project's runs, newest first unless `sort` is given."""
        await allow(request, READ, project)
        among = frozenset({project})
        return await found(request, among, q=q, sort=sort, metrics=metrics, limit=limit, cursor=cursor, count=count)

    @get("/{ref:str}")
    async def one(self, request: ApiRequest, project: str, ref: str) -> models.RunRecord:
        """Return one run with all its fields."""
        row = await find_run(request, project, ref, READ)
        return await whole_run(runtime_of(request).database, row["id"])

    @patch("/{ref:str}")
    async def edit(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], data: JSONBody[models.EditRun]
    ) -> Response[models.RunRecord]:
        """Change name, description, tags and meta of a run, and while it waits its queue and priority; with `If-Match`
        only if nobody has changed it since it was read."""
        row = await find_run(request, project, ref, WRITE)

        async def work(tx: Tx, now: Row, by: ActionContext) -> None:
            check_match(request, await whole(tx, now["id"]))
            await actions.edit(tx, now, by, data)

        return await act(request, row["id"], work, name="edit")

    @delete("/{ref:str}")
    async def remove(self, request: ApiRequest, project: FromPath[str], ref: FromPath[str]) -> None:
        """Delete a run that has ended, with everything that it tracked."""
        meant = await _seek(request, project, ref)

        async def work(tx: Tx) -> None:
            if isinstance(meant, NotFound):
                raise meant
            await delete_run(tx, await actions.locked(tx, meant["id"]), by_of(request))

        await change(request, work, name="delete", status=204)
        forget(request)
        runtime_of(request).notifier.notify_agents(orders=True)

    @get("/{ref:str}/statuses")
    async def statuses(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], limit: Limit = 50, cursor: Cursor = ""
    ) -> models.TransitionPage:
        """List the statuses that a run has had, oldest first."""
        rows = await _told(request, project, ref, limit, cursor, kind="status")
        items = [serializers.transition(each) for each in rows]
        return models.TransitionPage(items=items, next=_next(rows, limit))

    @get("/{ref:str}/activities")
    async def activities(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], limit: Limit = 50, cursor: Cursor = ""
    ) -> models.ActivityPage:
        """List the activities of a run, oldest first."""
        rows = await _told(request, project, ref, limit, cursor)
        return models.ActivityPage(items=[serializers.activity(each) for each in rows], next=_next(rows, limit))

    @get("/{ref:str}/why")
    async def why(self, request: ApiRequest, project: str, ref: str) -> models.Why:
        """Return what a run waits for, and what would start it. The scheduler of a live attempt is asked for its
        diagnosis, and waited for at most 2 seconds."""
        row = await find_run(request, project, ref, READ)
        runtime = runtime_of(request)
        silence = runtime.policy.silence
        if row["status"] in GOING:
            await attempt_diagnosis.ask(runtime.database, runtime.notifier, runtime.clock, row["id"], silence=silence)
            row = await find_run(request, project, ref, READ)
        at = runtime.clock.now()
        installed = runtime.registry.schedulers.by_name
        return await runtime.database.read(lambda tx: why(tx, row, at=at, silence=silence, schedulers=installed))


async def _seek(request: ApiRequest, project: str, ref: str) -> Row | NotFound:
    """The run that is meant, or the error that there is none: a request that comes again may have deleted it."""
    try:
        return await find_run(request, project, ref, WRITE)
    except NotFound as error:
        return error


async def _told(
    request: ApiRequest, project: str, ref: str, limit: int, cursor: str, *, kind: str | None = None
) -> list[Row]:
    """A page of a run's activities."""
    row, after = await find_run(request, project, ref, READ), after_id(cursor)
    return await runtime_of(request).database.read(
        lambda tx: activities.of_run(tx, row["id"], after=after, limit=limit, kind=kind)
    )


def _next(rows: list[Row], limit: int) -> str | None:
    return following(rows, limit, rows[-1]["id"] if rows else 0)
