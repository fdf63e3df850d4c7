"""The activity log of a server, and runs as they change. `project` is the client's own by default; `*` stands for all
projects that the caller may read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import msgspec

from trainyard.client import requests
from trainyard.client._async.pagination import items
from trainyard.client._async.resource import AsyncResource
from trainyard.client.float_text import read
from trainyard.client.models import Activity, ActivityPage, Metric, Run, Transition
from trainyard.client.sse import Event
from trainyard.client.wire import metrics_of

__all__ = ["AsyncActivities"]

ALL_PROJECTS = "*"
RunUpdate = Transition | Sequence[Metric] | Run
"""What `follow_run` gives: a change of status, the metrics that changed, and at the end the run."""


class AsyncActivities(AsyncResource):
    """The activity log: every change, with who made it and when."""

    async def page(
        self, *, kind: str = "", limit: int | None = None, cursor: str = "", project: str | None = None
    ) -> ActivityPage:
        """One page of the activities, newest first; with `kind`, those of one kind."""
        request = requests.latest_activities(self._scope(project), kind=kind, limit=limit, cursor=cursor)
        return await self._client.send(request)

    def list(self, *, kind: str = "", project: str | None = None) -> AsyncIterator[Activity]:
        """All activities, newest first; each page is requested when it is needed."""
        return items(lambda cursor: self.page(kind=kind, cursor=cursor, project=project))

    async def follow(self, *, after: int | None = None, project: str | None = None) -> AsyncIterator[Activity]:
        """The activities after the one with this id (None: from now on) as they happen, each once and in order. The
        stream has no end. Raises NotAuthenticated when the token has expired, NotReachable when the server stays
        away."""
        request = requests.follow_activities(self._scope(project), after=after)
        async with aclosing(self._client.events(request)) as events:
            async for event in events:
                if event.name == "activity":
                    yield msgspec.json.decode(event.data, type=Activity)

    async def follow_run(self, ref: str, *, project: str | None = None) -> AsyncIterator[RunUpdate]:
        """The changes of a run until it has ended: each status, the metrics that changed, and at the end the run."""
        async with aclosing(self._client.events(requests.follow_run(self._project(project), ref))) as events:
            async for event in events:
                if (update := _run_update(event)) is not None:
                    yield update

    def _scope(self, project: str | None) -> str:
        return "" if project == ALL_PROJECTS else self._project(project)


def _run_update(event: Event) -> RunUpdate | None:
    """What an event says about the run; None for an event about the stream itself."""
    if event.name == "status":
        return msgspec.json.decode(event.data, type=Transition)
    if event.name == "metrics":
        return metrics_of(event)
    return read(event.data, Run) if event.name == "end" else None
