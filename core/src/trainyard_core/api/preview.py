"""What a run would be, before it is created; and what a run was made with."""

from __future__ import annotations

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, allow, find_run, runtime_of
from trainyard_core.auth import READ, WRITE
from trainyard_core.db import references
from trainyard_core.work.preview import preview

__all__ = ["Previews"]


class Previews(Controller):
    """`/projects/{project}/runs/preview` and `/projects/{project}/runs/{ref}/uses`."""

    path = "/projects/{project:str}/runs"
    tags = ("runs",)

    @post("/preview", status_code=200)
    async def preview(
        self, request: ApiRequest, project: FromPath[str], data: JSONBody[models.CreateRun]
    ) -> models.Preview:
        """Return what creating this run would do now: the command, what it refers to, and whether it would start.
        Nothing is written."""
        actor, runtime = await allow(request, WRITE, project), runtime_of(request)
        return await preview(
            runtime.database,
            project,
            data,
            actor=actor,
            policy=runtime.policy,
            at=runtime.clock.now(),
            schedulers=runtime.registry.schedulers.by_name,
            kinds=runtime.kinds,
            lookup=runtime.references,
            amendments=runtime.registry.requests,
            checks=runtime.run_checks.check,
        )

    @get("/{ref:str}/uses")
    async def uses(self, request: ApiRequest, project: FromPath[str], ref: FromPath[str]) -> models.UsedComponentPage:
        """List the versions that a run was made with, of what its operation refers to."""
        row = await find_run(request, project, ref, READ)
        found = await runtime_of(request).database.read(lambda tx: references.of_run(tx, row["id"]))
        return models.UsedComponentPage(items=[models.UsedComponent(**use._asdict()) for use in found])
