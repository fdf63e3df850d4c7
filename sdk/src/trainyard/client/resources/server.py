"""The server itself: its settings in force, whether it can do its work, and whom it takes the caller for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client.models import Readiness, Setting, Whoami

if TYPE_CHECKING:
    from trainyard.client.async_client import AsyncClient
    from trainyard.client.client import Client

__all__ = ["AsyncServer", "Server"]


class Server:
    """What is asked of a server about itself."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def settings(self) -> Sequence[Setting]:
        """The settings in force; secrets are masked. For admins."""
        return self._client.send(requests.list_settings()).items

    def whoami(self) -> Whoami:
        """Who the server takes the caller for."""
        return self._client.send(requests.whoami())

    def health(self) -> bool:
        """Whether the process answers. Needs no token."""
        return self._client.send(requests.read_health()).get("status") == "ok"

    def ready(self) -> Readiness:
        """That it can do its work; raises Busy when it cannot. Needs no token."""
        return self._client.send(requests.read_ready())


class AsyncServer:
    """What is asked of a server about itself."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def settings(self) -> Sequence[Setting]:
        """The settings in force; secrets are masked. For admins."""
        return (await self._client.send(requests.list_settings())).items

    async def whoami(self) -> Whoami:
        """Who the server takes the caller for."""
        return await self._client.send(requests.whoami())

    async def health(self) -> bool:
        """Whether the process answers. Needs no token."""
        return (await self._client.send(requests.read_health())).get("status") == "ok"

    async def ready(self) -> Readiness:
        """That it can do its work; raises Busy when it cannot. Needs no token."""
        return await self._client.send(requests.read_ready())
