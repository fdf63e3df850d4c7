"""The queues of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client.models import EditQueue, Queue, QueueLimits, QueuePage
from trainyard.client.resources.pagination import items, items_of

if TYPE_CHECKING:
    from trainyard.client.async_client import AsyncClient
    from trainyard.client.client import Client

__all__ = ["AsyncQueues", "Queues"]


class Queues:
    """The queues of a server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def page(self, *, limit: int | None = None, cursor: str = "") -> QueuePage:
        """One page of the queues, by name."""
        return self._client.send(requests.list_queues(limit=limit, cursor=cursor))

    def list(self) -> Iterator[Queue]:
        """All queues, by name."""
        return items(lambda cursor: self.page(cursor=cursor))

    def get(self, name: str) -> Queue:
        return self._client.send(requests.get_queue(name))

    def set(
        self,
        name: str,
        *,
        priority: int = 0,
        concurrency: int | None = None,
        quota: Mapping[str, float] | None = None,
        paused: bool = False,
        selector: Mapping[str, str] | None = None,
        key: str = "",
        match: str = "",
    ) -> Queue:
        """Make a queue, or give one these settings in place of all that it has. See `Queue` for what they mean."""
        limits = QueueLimits(
            priority=priority,
            concurrency=concurrency,
            quota=dict(quota or {}),
            paused=paused,
            selector=dict(selector or {}),
        )
        return self._client.send(requests.put_queue(name, limits, key=key, match=match))

    def edit(self, name: str, change: EditQueue, *, key: str = "", match: str = "") -> Queue:
        """Change what is given. With `match`, an ETag, raises Conflict when it has changed since."""
        return self._client.send(requests.edit_queue(name, change, key=key, match=match))

    def delete(self, name: str, *, key: str = "") -> None:
        """Raises Conflict when runs that have not ended are in it."""
        self._client.send(requests.delete_queue(name, key=key))


class AsyncQueues:
    """The queues of a server."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def page(self, *, limit: int | None = None, cursor: str = "") -> QueuePage:
        """One page of the queues, by name."""
        return await self._client.send(requests.list_queues(limit=limit, cursor=cursor))

    def list(self) -> AsyncIterator[Queue]:
        """All queues, by name."""
        return items_of(lambda cursor: self.page(cursor=cursor))

    async def get(self, name: str) -> Queue:
        return await self._client.send(requests.get_queue(name))

    async def set(
        self,
        name: str,
        *,
        priority: int = 0,
        concurrency: int | None = None,
        quota: Mapping[str, float] | None = None,
        paused: bool = False,
        selector: Mapping[str, str] | None = None,
        key: str = "",
        match: str = "",
    ) -> Queue:
        """Make a queue, or give one these settings in place of all that it has. See `Queue` for what they mean."""
        limits = QueueLimits(
            priority=priority,
            concurrency=concurrency,
            quota=dict(quota or {}),
            paused=paused,
            selector=dict(selector or {}),
        )
        return await self._client.send(requests.put_queue(name, limits, key=key, match=match))

    async def edit(self, name: str, change: EditQueue, *, key: str = "", match: str = "") -> Queue:
        """Change what is given. With `match`, an ETag, raises Conflict when it has changed since."""
        return await self._client.send(requests.edit_queue(name, change, key=key, match=match))

    async def delete(self, name: str, *, key: str = "") -> None:
        """Raises Conflict when runs that have not ended are in it."""
        await self._client.send(requests.delete_queue(name, key=key))
