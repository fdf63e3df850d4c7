"""What happens on a server: to whom, by whom, and as it happens. `project` is the client's own unless it is given; `*`
stands for every project that one may look at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from trainyard.client import requests
from trainyard.client.float_text import read
from trainyard.client.models import Activity, ActivityPage, Metric, RunRecord, Transition
from trainyard.client.resources.pagination import items, items_of
from trainyard.client.sse import Event
from trainyard.client.wire import metrics_of

if TYPE_CHECKING:
    from trainyard.client.async_client import AsyncClient
    from trainyard.client.client import Client

__all__ = ["Activities", "AsyncActivities"]

EVERYWHERE = "*"
RunNews = Transition | Sequence[Metric] | RunRecord
"""What a followed run tells: a status, the metrics that changed, and in the end the run."""


class Activities:
    """What happens on a server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def page(
        self, *, kind: str = "", limit: int | None = None, cursor: str = "", project: str | None = None
    ) -> ActivityPage:
        """One page of what has happened, newest first; of one kind, if it is given."""
        where = _where(project, self._client.endpoint.project)
        return self._client.send(requests.latest_activities(where, kind=kind, limit=limit, cursor=cursor))

    def list(self, *, kind: str = "", project: str | None = None) -> Iterator[Activity]:
        """All that has happened, newest first; pages are asked for as they are needed."""
        return items(lambda cursor: self.page(kind=kind, cursor=cursor, project=project))

    def follow(self, *, after: int | None = None, project: str | None = None) -> Iterator[Activity]:
        """What happens after an activity (None: from now on), each once and in order, for as long as it is asked for.
        Raises what ends it: the token is not valid any more, or the server is not reached again."""
        where = _where(project, self._client.endpoint.project)
        for event in self._client.events(requests.follow_activities(where, after=after)):
            if event.name == "activity":
                yield _activity(event)

    def follow_run(self, ref: str, *, project: str | None = None) -> Iterator[RunNews]:
        """A run as it goes on, until it has ended: each status, the metrics that changed, and the run."""
        where = project or self._client.endpoint.project
        for event in self._client.events(requests.follow_run(where, ref)):
            if (news := _news(event)) is not None:
                yield news


class AsyncActivities:
    """What happens on a server."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def page(
        self, *, kind: str = "", limit: int | None = None, cursor: str = "", project: str | None = None
    ) -> ActivityPage:
        """One page of what has happened, newest first; of one kind, if it is given."""
        where = _where(project, self._client.endpoint.project)
        return await self._client.send(requests.latest_activities(where, kind=kind, limit=limit, cursor=cursor))

    def list(self, *, kind: str = "", project: str | None = None) -> AsyncIterator[Activity]:
        """All that has happened, newest first; pages are asked for as they are needed."""
        return items_of(lambda cursor: self.page(kind=kind, cursor=cursor, project=project))

    async def follow(self, *, after: int | None = None, project: str | None = None) -> AsyncIterator[Activity]:
        """What happens after an activity (None: from now on), each once and in order, for as long as it is asked for.
        Raises what ends it: the token is not valid any more, or the server is not reached again."""
        where = _where(project, self._client.endpoint.project)
        async for event in self._client.events(requests.follow_activities(where, after=after)):
            if event.name == "activity":
                yield _activity(event)

    async def follow_run(self, ref: str, *, project: str | None = None) -> AsyncIterator[RunNews]:
        """A run as it goes on, until it has ended: each status, the metrics that changed, and the run."""
        where = project or self._client.endpoint.project
        async for event in self._client.events(requests.follow_run(where, ref)):
            if (news := _news(event)) is not None:
                yield news


def _where(project: str | None, own: str) -> str:
    return "" if project == EVERYWHERE else project or own


def _activity(event: Event) -> Activity:
    return msgspec.json.decode(event.data, type=Activity)


def _news(event: Event) -> RunNews | None:
    """What an event of a run tells; None for what is about the stream."""
    if event.name == "status":
        return msgspec.json.decode(event.data, type=Transition)
    if event.name == "metrics":
        return metrics_of(event)
    return read(event.data, RunRecord) if event.name == "end" else None
