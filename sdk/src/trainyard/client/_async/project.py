"""The projects of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator

from trainyard.client import requests
from trainyard.client._async.pagination import items
from trainyard.client._async.resource import AsyncResource
from trainyard.client.models import EditProject, NewProject, Project, ProjectPage

__all__ = ["AsyncProjects"]


class AsyncProjects(AsyncResource):
    """The projects of a server."""

    async def page(self, *, limit: int | None = None, cursor: str = "") -> ProjectPage:
        """One page of the projects that the caller may see, by name."""
        return await self._client.send(requests.list_projects(limit=limit, cursor=cursor))

    def list(self) -> AsyncIterator[Project]:
        """All projects that the caller may see, by name."""
        return items(lambda cursor: self.page(cursor=cursor))

    async def get(self, name: str) -> Project:
        """A project with its settings."""
        return await self._client.send(requests.get_project(name))

    async def create(self, name: str, description: str = "", *, key: str = "") -> Project:
        """Create a project. Idempotent by `key`. Raises Conflict when the name is taken."""
        return await self._client.send(requests.create_project(NewProject(name=name, description=description), key=key))

    async def edit(self, name: str, change: EditProject, *, key: str = "", match: str = "") -> Project:
        """Change the fields that are given. With `match`, an ETag, raises Conflict when the project has changed
        since."""
        return await self._client.send(requests.edit_project(name, change, key=key, match=match))

    async def delete(self, name: str, *, key: str = "") -> None:
        """Delete a project. Raises Conflict when it has runs."""
        await self._client.send(requests.delete_project(name, key=key))
