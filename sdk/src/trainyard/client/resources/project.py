"""The projects of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client.models import EditProject, NewProject, Project, ProjectPage
from trainyard.client.resources.pagination import items, items_of

if TYPE_CHECKING:
    from trainyard.client.async_client import AsyncClient
    from trainyard.client.client import Client

__all__ = ["AsyncProjects", "Projects"]


class Projects:
    """The projects of a server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def page(self, *, limit: int | None = None, cursor: str = "") -> ProjectPage:
        """One page of the projects that the caller may see, by name."""
        return self._client.send(requests.list_projects(limit=limit, cursor=cursor))

    def list(self) -> Iterator[Project]:
        """The projects that the caller may see, by name."""
        return items(lambda cursor: self.page(cursor=cursor))

    def get(self, name: str) -> Project:
        return self._client.send(requests.get_project(name))

    def create(self, name: str, description: str = "", *, key: str = "") -> Project:
        """Raises Conflict when there is one of that name. Idempotent by `key`."""
        return self._client.send(requests.create_project(NewProject(name=name, description=description), key=key))

    def edit(self, name: str, change: EditProject, *, key: str = "", match: str = "") -> Project:
        """Change what is given. With `match`, an ETag, raises Conflict when it has changed since."""
        return self._client.send(requests.edit_project(name, change, key=key, match=match))

    def delete(self, name: str, *, key: str = "") -> None:
        """Raises Conflict when it has runs."""
        self._client.send(requests.delete_project(name, key=key))


class AsyncProjects:
    """The projects of a server."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def page(self, *, limit: int | None = None, cursor: str = "") -> ProjectPage:
        """One page of the projects that the caller may see, by name."""
        return await self._client.send(requests.list_projects(limit=limit, cursor=cursor))

    def list(self) -> AsyncIterator[Project]:
        """The projects that the caller may see, by name."""
        return items_of(lambda cursor: self.page(cursor=cursor))

    async def get(self, name: str) -> Project:
        return await self._client.send(requests.get_project(name))

    async def create(self, name: str, description: str = "", *, key: str = "") -> Project:
        """Raises Conflict when there is one of that name. Idempotent by `key`."""
        return await self._client.send(requests.create_project(NewProject(name=name, description=description), key=key))

    async def edit(self, name: str, change: EditProject, *, key: str = "", match: str = "") -> Project:
        """Change what is given. With `match`, an ETag, raises Conflict when it has changed since."""
        return await self._client.send(requests.edit_project(name, change, key=key, match=match))

    async def delete(self, name: str, *, key: str = "") -> None:
        """Raises Conflict when it has runs."""
        await self._client.send(requests.delete_project(name, key=key))
