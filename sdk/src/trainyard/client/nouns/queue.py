"""The queues of a server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client.models import Queue

if TYPE_CHECKING:
    from trainyard.client.async_client import AsyncClient
    from trainyard.client.client import Client

__all__ = ["AsyncQueues", "Queues"]


class Queues:
    """The queues of a server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> Sequence[Queue]:
        return self._client.send(requests.list_queues())

    def set(self, name: str, *, concurrency: int | None = None, paused: bool = False) -> Queue:
        """Make or change a queue. `concurrency` None: no limit."""
        return self._client.send(requests.put_queue(name, concurrency=concurrency, paused=paused))


class AsyncQueues:
    """The queues of a server."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(self) -> Sequence[Queue]:
        return await self._client.send(requests.list_queues())

    async def set(self, name: str, *, concurrency: int | None = None, paused: bool = False) -> Queue:
        """Make or change a queue. `concurrency` None: no limit."""
        return await self._client.send(requests.put_queue(name, concurrency=concurrency, paused=paused))
