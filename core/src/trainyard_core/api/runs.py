"""Runs: create, list, get, stop; their statuses and activities, and why they wait."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, Response, get, post
from litestar.params import JSONBody, Parameter

from trainyard.client import models
from trainyard_core.api import present
from trainyard_core.api.access import Asked, allow, find_run, platform_of
from trainyard_core.auth import READ, WRITE
from trainyard_core.db import activities, attempts, projects, runs, tracking
from trainyard_core.db.engine import Tx
from trainyard_core.errors import Conflict, Invalid, NotFound, choice
from trainyard_core.lifecycle import FINAL, Reason, Status
from trainyard_core.platform import Platform
from trainyard_core.work.creation import create_run
from trainyard_core.work.reconcile import reconcile
from trainyard_core.work.why import why

__all__ = ["Runs"]

MOST = 500


class Runs(Controller):
    """`/projects/{project}/runs`."""

    path = "/projects/{project:str}/runs"
    tags = ("runs",)

    @post()
    async def create(
        self,
        request: Asked,
        project: str,
        data: JSONBody[models.CreateRun],
        idempotency_key: Annotated[str, Parameter(header="Idempotency-Key")] = "",
    ) -> Response[models.Run]:
        """Create a run from an operation. With an idempotency key the same request makes it once, however often it
        is sent."""
        actor, platform = allow(request, WRITE, project), platform_of(request)
        row, new = await create_run(
            platform.database,
            project,
            data,
            key=idempotency_key,
            actor=actor,
            policy=platform.policy,
            at=platform.clock.now(),
        )
        if new:
            platform.doorbell.call_agents()
        return Response(present.run(row), status_code=201 if new else 200)

    @get()
    async def page(
        self,
        request: Asked,
        project: str,
        limit: Annotated[int, Parameter(ge=1, le=MOST)] = 50,
        cursor: str = "",
        status: str = "",
        queue: str = "",
        tag: str = "",
    ) -> models.RunPage:
        """A project's runs, newest first."""
        allow(request, READ, project)
        if status and status not in list(Status):
            raise Invalid(choice("status", status, list(Status)), fix="use one of these")

        async def work(tx: Tx) -> list[models.Run]:
            rows = await runs.page(tx, project, before=cursor or None, limit=limit, status=status, queue=queue, tag=tag)
            if not rows and project not in (names := await projects.names(tx)):
                raise NotFound(choice("project", project, names))
            metrics = await tracking.metrics_by_run(tx, [row["id"] for row in rows])
            return [present.run(row, metrics=metrics[row["id"]]) for row in rows]

        items = await platform_of(request).database.read(work)
        return models.RunPage(items=items, next=items[-1].id if len(items) == limit else None)

    @get("/{ref:str}")
    async def one(self, request: Asked, project: str, ref: str) -> models.Run:
        """One run, whole."""
        row = await find_run(request, project, ref, READ)
        return await whole_run(platform_of(request), row["id"])

    @post("/{ref:str}/stop", status_code=200)
    async def stop(
        self, request: Asked, project: str, ref: str, data: JSONBody[models.Stop | None] = None
    ) -> models.Run:
        """Stop a run: at once if it has not started, else TERM and later KILL. Asking again changes nothing."""
        row = await find_run(request, project, ref, WRITE)
        platform, at, actor = platform_of(request), platform_of(request).clock.now(), request.user.name
        message = (data.message if data else "") or f"stopped by {actor}"

        async def work(tx: Tx) -> bool:
            wanted = await runs.want_stop(tx, row["id"], actor=actor, reason=Reason.USER, message=message, at=at)
            await reconcile(tx, row["id"], policy=platform.policy, at=at)
            return wanted

        wanted = await platform.database.write(work, name="stop")
        platform.doorbell.call_agents(orders=True)
        platform.news.tell(row["id"])
        if not wanted and row["status"] in FINAL and row["intent"] != "stop":
            raise Conflict(f"run {row['id']} has ended already: {row['status']}", fix="nothing is left to stop")
        return await whole_run(platform, row["id"])

    @get("/{ref:str}/statuses")
    async def statuses(self, request: Asked, project: str, ref: str) -> models.TransitionPage:
        """The statuses that a run has had, oldest first."""
        row = await find_run(request, project, ref, READ)
        rows = await platform_of(request).database.read(
            lambda tx: activities.of_run(tx, row["id"], kind="status", limit=10_000)
        )
        return models.TransitionPage(items=[present.transition(each) for each in rows])

    @get("/{ref:str}/activities")
    async def activities(
        self,
        request: Asked,
        project: str,
        ref: str,
        after: Annotated[int, Parameter(ge=0)] = 0,
        limit: Annotated[int, Parameter(ge=1, le=MOST)] = 100,
    ) -> models.ActivityPage:
        """All that happened to a run, oldest first."""
        row = await find_run(request, project, ref, READ)
        rows = await platform_of(request).database.read(
            lambda tx: activities.of_run(tx, row["id"], after=after, limit=limit)
        )
        return models.ActivityPage(
            items=[present.activity(each) for each in rows], next=rows[-1]["id"] if rows else after
        )

    @get("/{ref:str}/why")
    async def why(self, request: Asked, project: str, ref: str) -> models.Why:
        """What a run waits for, and what would start it."""
        row = await find_run(request, project, ref, READ)
        platform = platform_of(request)
        at, silence = platform.clock.now(), platform.policy.silence
        installed = platform.registry.schedulers.by_name
        return await platform.database.read(lambda tx: why(tx, row, at=at, silence=silence, schedulers=installed))


async def whole_run(platform: Platform, run: str) -> models.Run:
    """A run with its metrics and attempts."""

    async def work(tx: Tx) -> models.Run:
        row = await runs.get(tx, run)
        if row is None:
            raise NotFound(f"no run '{run}'")
        return present.run(
            row,
            metrics=await tracking.metrics(tx, run),
            attempts=await attempts.of_run(tx, run),
            resolved=await runs.resolved(tx, run),
        )

    return await platform.database.read(work)
