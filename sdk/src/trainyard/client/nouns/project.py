"""The projects of a server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client.models import Project

if TYPE_CHECKING:
    from trainyard.client.async_client import AsyncClient
    from trainyard.client.client import Client

__all__ = ["AsyncProjects", "Projects"]


class Projects:
    """The projects of a server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> Sequence[Project]:
        return self._client.send(requests.list_projects())

    def create(self, name: str, description: str = "") -> Project:
        """Raises Conflict when there is one of that name."""
        return self._client.send(requests.create_project(name, description))


class AsyncProjects:
    """The projects of a server."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(self) -> Sequence[Project]:
        return await self._client.send(requests.list_projects())

    async def create(self, name: str, description: str = "") -> Project:
        """Raises Conflict when there is one of that name."""
        return await self._client.send(requests.create_project(name, description))
