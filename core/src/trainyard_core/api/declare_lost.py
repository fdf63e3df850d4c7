"""The route by which a person gives up a run whose agent is silent and will not come back."""

from __future__ import annotations

from litestar import Controller, Response, post
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, find_run
from trainyard_core.api.run_mutation import act
from trainyard_core.auth import WRITE
from trainyard_core.work.declare_lost import declare_lost

__all__ = ["LostAttempts"]


class LostAttempts(Controller):
    """`/projects/{project}/runs/{ref}/lost`."""

    path = "/projects/{project:str}/runs/{ref:str}/lost"
    tags = ("runs",)

    @post(status_code=200)
    async def lost(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], data: JSONBody[models.Note | None] = None
    ) -> Response[models.RunRecord]:
        """Declare a live run lost whose agent cannot be reached: its attempt ends, and the retries for failures of the
        platform apply. If it still runs somewhere, it is stopped once its agent reports again. Idempotent."""
        row = await find_run(request, project, ref, WRITE)
        return await act(request, row["id"], declare_lost, name="lost", message=data.message if data else "")
