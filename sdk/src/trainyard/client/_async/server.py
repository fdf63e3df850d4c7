"""The server itself: its settings, its health, and who it takes the caller for."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.client import requests
from trainyard.client._async.resource import AsyncResource
from trainyard.client.models import Readiness, Setting, Whoami

__all__ = ["AsyncServer"]


class AsyncServer(AsyncResource):
    """The server itself."""

    async def settings(self) -> Sequence[Setting]:
        """The settings in force, with secrets masked. Needs the role admin."""
        page = await self._client.send(requests.list_settings())
        return page.items

    async def whoami(self) -> Whoami:
        """The caller, as the server knows it."""
        return await self._client.send(requests.whoami())

    async def health(self) -> bool:
        """Whether the server's process answers. Needs no token."""
        health = await self._client.send(requests.read_health())
        return health.get("status") == "ok"

    async def ready(self) -> Readiness:
        """The parts that the server needs for its work. Raises Busy when one of them fails. Needs no token."""
        return await self._client.send(requests.read_ready())
