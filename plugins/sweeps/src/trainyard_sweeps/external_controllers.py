"""Sweeps whose trials a program outside runs: it makes one, asks for trials and tells how they ended."""

from __future__ import annotations

from litestar import Controller, post
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard_core.contracts.platform import Platform
from trainyard_core.contracts.routes import WRITE, Actor, Change, Permission
from trainyard_sweeps.external import ExternalSweep, create

__all__ = ["ExternalSweeps"]

OF_SWEEP = {"authorization": Permission(WRITE, project="project", run="ref")}


class ExternalSweeps(Controller):
    """Below the sweeps of a project."""

    path = "/"
    tags = ("sweeps",)
    opt = {"authorization": Permission(WRITE, project="project")}  # noqa: RUF012 - Litestar's own attribute

    @post()
    async def create(
        self,
        platform: Platform,
        actor: Actor,
        change: Change,
        project: FromPath[str],
        data: JSONBody[models.NewSweep],
    ) -> models.RunRecord:
        """Create a sweep whose trials are run by an external program."""
        return await create(platform, actor, project, data, change)

    @post("/{ref:str}/ask", status_code=200, opt=OF_SWEEP)
    async def ask(
        self,
        platform: Platform,
        actor: Actor,
        change: Change,
        project: FromPath[str],
        ref: FromPath[str],
        data: JSONBody[models.AskTrials],
    ) -> models.TrialBatch:
        """Return new trials to run. A repeated request with the same idempotency key returns the same trials."""
        return await (await ExternalSweep.find(platform, actor, project, ref)).ask(data, change)

    @post("/{ref:str}/trials/{key:str}/tell", status_code=200, opt=OF_SWEEP)
    async def tell(
        self,
        platform: Platform,
        actor: Actor,
        change: Change,
        project: FromPath[str],
        ref: FromPath[str],
        key: FromPath[str],
        data: JSONBody[models.TellTrial],
    ) -> models.RunRecord:
        """Record the end and the result of a trial. A trial counts once: a result for one that has ended changes
        nothing."""
        return await (await ExternalSweep.find(platform, actor, project, ref)).tell(key, data, change)
