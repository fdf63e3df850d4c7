# Generated from `_async/project.py` by tools/sync_client.py: change that file and run `make format`.
"""The projects of a server."""

from __future__ import annotations

from collections.abc import Iterator

from trainyard.client import requests
from trainyard.client._sync.pagination import items
from trainyard.client._sync.resource import Resource
from trainyard.client.models import EditProject, NewProject, Project, ProjectPage

__all__ = ["Projects"]


class Projects(Resource):
    """The projects of a server."""

    def page(self, *, limit: int | None = None, cursor: str = "") -> ProjectPage:
        """One page of the projects that the caller may see, by name."""
        return self._client.send(requests.list_projects(limit=limit, cursor=cursor))

    def list(self) -> Iterator[Project]:
        """All projects that the caller may see, by name."""
        return items(lambda cursor: self.page(cursor=cursor))

    def get(self, name: str) -> Project:
        """A project with its settings."""
        return self._client.send(requests.get_project(name))

    def create(self, name: str, description: str = "", *, key: str = "") -> Project:
        """Create a project. Idempotent by `key`. Raises Conflict when the name is taken."""
        return self._client.send(requests.create_project(NewProject(name=name, description=description), key=key))

    def edit(self, name: str, change: EditProject, *, key: str = "", match: str = "") -> Project:
        """Change the fields that are given. With `match`, an ETag, raises Conflict when the project has changed
        since."""
        return self._client.send(requests.edit_project(name, change, key=key, match=match))

    def delete(self, name: str, *, key: str = "") -> None:
        """Delete a project. Raises Conflict when it has runs."""
        self._client.send(requests.delete_project(name, key=key))
