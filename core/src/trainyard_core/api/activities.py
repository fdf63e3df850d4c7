"""What has happened, in a project or anywhere: pages of it, newest first, or as it happens."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, Response, get
from litestar.params import FromPath, HeaderParameter, QueryParameter

from trainyard.client import models
from trainyard_core.api import feed
from trainyard_core.api.access import ApiRequest, allow, no_project, runtime_of, visible
from trainyard_core.api.event_stream import LARGEST, EventStream, place, wanted
from trainyard_core.api.pagination import Cursor, Limit, following
from trainyard_core.auth import KNOWN, READ
from trainyard_core.db import activities, projects
from trainyard_core.errors import Invalid
from trainyard_core.keyset import decode
from trainyard_core.work import serializers

__all__ = ["Activities"]

Kind = Annotated[str, QueryParameter(description="Only activities of this kind.")]
After = Annotated[
    int | None, QueryParameter(ge=0, le=LARGEST, description="For a stream: begin after this activity, not now.")
]
LastEvent = Annotated[str, HeaderParameter(name="Last-Event-ID", description="Goes on after this activity.")]


class Activities(Controller):
    """`/activities`, and `/activities` of a project."""

    path = "/"
    tags = ("activities",)

    @get("/activities")
    async def everywhere(
        self,
        request: ApiRequest,
        limit: Limit = 50,
        cursor: Cursor = "",
        kind: Kind = "",
        after: After = None,
        last_event_id: LastEvent = "",
    ) -> Response[models.ActivityPage] | EventStream:
        """List the activities of all projects that the caller may read, newest first; as a stream of new ones when the
        client accepts `text/event-stream`."""
        await allow(request, KNOWN)

        if wanted(request):
            return await feed.follow(request, lambda: visible(request), after=place(last_event_id, after))
        return await _page(request, await visible(request), limit, cursor, kind)

    @get("/projects/{project:str}/activities")
    async def of_project(
        self,
        request: ApiRequest,
        project: FromPath[str],
        limit: Limit = 50,
        cursor: Cursor = "",
        kind: Kind = "",
        after: After = None,
        last_event_id: LastEvent = "",
    ) -> Response[models.ActivityPage] | EventStream:
        """List the activities of a project, newest first; as a stream of new ones when the client accepts
        `text/event-stream`."""

        async def scope() -> frozenset[str]:
            await allow(request, READ, project)
            return frozenset((project,))

        only = await scope()
        if await runtime_of(request).database.read(lambda tx: projects.get(tx, project)) is None:
            raise no_project(project)
        if wanted(request):
            return await feed.follow(request, scope, after=place(last_event_id, after))
        return await _page(request, only, limit, cursor, kind)


async def _page(
    request: ApiRequest, only: frozenset[str] | None, limit: int, cursor: str, kind: str
) -> Response[models.ActivityPage]:
    before = _before(cursor)
    rows = await runtime_of(request).database.read(
        lambda tx: activities.latest(tx, before=before, projects=only, kind=kind, limit=limit)
    )
    after = following(rows, limit, rows[-1]["id"] if rows else 0)
    return Response(models.ActivityPage(items=[serializers.activity(row) for row in rows], next=after))


def _before(cursor: str) -> int:
    (before,) = decode(cursor, 1) or (LARGEST,)
    if not isinstance(before, int) or not 0 <= before <= LARGEST:
        raise Invalid("`cursor` is not one of ours", fix="use `next` of the page before, or leave it out")
    return before
