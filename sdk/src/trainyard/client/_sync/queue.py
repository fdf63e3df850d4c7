# Generated from `_async/queue.py` by tools/sync_client.py: change that file and run `make format`.
"""The queues of a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trainyard.client import requests
from trainyard.client._sync.pagination import items
from trainyard.client._sync.resource import Resource
from trainyard.client.models import EditQueue, Queue, QueueLimits, QueuePage

__all__ = ["Queues"]


class Queues(Resource):
    """The queues of a server."""

    def page(self, *, limit: int | None = None, cursor: str = "") -> QueuePage:
        """One page of the queues, by name."""
        return self._client.send(requests.list_queues(limit=limit, cursor=cursor))

    def list(self) -> Iterator[Queue]:
        """All queues, by name."""
        return items(lambda cursor: self.page(cursor=cursor))

    def get(self, name: str) -> Queue:
        """A queue with its settings and its load."""
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
        """Create a queue, or replace all settings of one. `Queue` documents the settings."""
        limits = QueueLimits(
            priority=priority,
            concurrency=concurrency,
            quota=dict(quota or {}),
            paused=paused,
            selector=dict(selector or {}),
        )
        return self._client.send(requests.put_queue(name, limits, key=key, match=match))

    def edit(self, name: str, change: EditQueue, *, key: str = "", match: str = "") -> Queue:
        """Change the fields that are given. With `match`, an ETag, raises Conflict when the queue has changed since."""
        return self._client.send(requests.edit_queue(name, change, key=key, match=match))

    def delete(self, name: str, *, key: str = "") -> None:
        """Delete a queue. Raises Conflict when it holds runs that have not ended."""
        self._client.send(requests.delete_queue(name, key=key))
