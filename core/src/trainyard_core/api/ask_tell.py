"""Sweeps whose trials a program outside runs: it makes one, asks for trials and tells how they ended."""

from __future__ import annotations

from litestar import Controller, Response, post
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, allow, find_run, runtime_of
from trainyard_core.api.change import change, claim_of
from trainyard_core.api.run_mutation import by_of
from trainyard_core.auth import WRITE
from trainyard_core.db.engine import Tx
from trainyard_core.sweeps import ask_tell
from trainyard_core.work import serializers
from trainyard_core.work.creation import add
from trainyard_core.work.run_view import whole

__all__ = ["AskTell"]


class AskTell(Controller):
    """Below the sweeps of a project."""

    path = "/projects/{project:str}/sweeps"
    tags = ("sweeps",)

    @post()
    async def create(
        self, request: ApiRequest, project: FromPath[str], data: JSONBody[models.NewSweep]
    ) -> Response[models.RunRecord]:
        """Create a sweep whose trials are run by an external program."""
        actor, runtime = await allow(request, WRITE, project), runtime_of(request)
        at = runtime.clock.now()
        new = ask_tell.opened(project, data, actor, at=at, kinds=runtime.kinds)

        async def work(tx: Tx) -> models.RunRecord:
            return serializers.run(await add(tx, new, runtime.policy))

        return await change(request, work, name="create", status=201)

    @post("/{ref:str}/ask", status_code=200)
    async def ask(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], data: JSONBody[models.AskTrials]
    ) -> models.TrialBatch:
        """Return new trials to run. A repeated request with the same idempotency key returns the same trials."""
        row = await find_run(request, project, ref, WRITE)
        runtime = runtime_of(request)
        counter = ask_tell.TrialService(runtime.database, runtime.directors)
        return await counter.ask(row["id"], data, claim=await claim_of(request), by=by_of(request))

    @post("/{ref:str}/trials/{key:str}/tell", status_code=200)
    async def tell(
        self,
        request: ApiRequest,
        project: FromPath[str],
        ref: FromPath[str],
        key: FromPath[str],
        data: JSONBody[models.TellTrial],
    ) -> Response[models.RunRecord]:
        """Record the end and the result of a trial. A trial counts once: a result for one that has ended changes
        nothing."""
        row = await find_run(request, project, ref, WRITE)
        by = by_of(request)

        async def work(tx: Tx) -> models.RunRecord:
            return await whole(tx, await ask_tell.tell(tx, row["id"], key, data, by))

        return await change(request, work, name="tell")
