"""A run to be watched: its statuses and metrics as they come, in one stream."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, Response, get
from litestar.params import FromPath, HeaderParameter

from trainyard.client import models
from trainyard_core.api import streams
from trainyard_core.api.access import ApiRequest, find_run, runtime_of
from trainyard_core.api.event_stream import EventStream, place, wanted
from trainyard_core.api.runs import whole_run
from trainyard_core.auth import READ
from trainyard_core.contracts.tracker import RunRef

__all__ = ["RunEvents"]


class RunEvents(Controller):
    """`/events` of a run."""

    path = "/projects/{project:str}/runs/{ref:str}"
    tags = ("runs",)

    @get("/events")
    async def events(
        self,
        request: ApiRequest,
        project: FromPath[str],
        ref: FromPath[str],
        last_event_id: Annotated[
            str, HeaderParameter(name="Last-Event-ID", description="Goes on after this status.")
        ] = "",
    ) -> Response[models.RunRecord] | EventStream:
        """Stream a run's events when the client accepts `text/event-stream`: `status` for each status, `metrics` with
        those that changed, and `end` with the run when it has ended. Otherwise return the run."""
        row = await find_run(request, project, ref, READ)
        if wanted(request):
            return streams.statuses(request, RunRef(project, row["id"]), place(last_event_id) or 0)
        return Response(await whole_run(runtime_of(request).database, row["id"]))
