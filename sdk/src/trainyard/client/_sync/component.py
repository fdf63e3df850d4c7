# Generated from `_async/component.py` by tools/sync_client.py: change that file and run `make format`.
"""The components and the presets of a project. `project` is the client's own by default."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client._sync.pagination import items
from trainyard.client._sync.resource import Resource
from trainyard.client.models import Component, ComponentPage, EditComponent, RegisterComponent

if TYPE_CHECKING:
    from trainyard.client._sync.client import Client

__all__ = ["Components"]


class Components(Resource):
    """The components of a project, or its presets; `noun` says which of them."""

    def __init__(self, client: Client, noun: str) -> None:
        super().__init__(client)
        self._noun = noun

    def page(
        self, *, limit: int | None = None, cursor: str = "", archived: bool = False, project: str | None = None
    ) -> ComponentPage:
        """One page with the newest version of each name, by name. `archived` includes archived versions."""
        return self._client.send(
            requests.list_components(self._project(project), self._noun, limit=limit, cursor=cursor, archived=archived)
        )

    def list(self, *, archived: bool = False, project: str | None = None) -> Iterator[Component]:
        """The newest version of each name, by name."""
        return items(lambda cursor: self.page(cursor=cursor, archived=archived, project=project))

    def versions(self, name: str, *, archived: bool = False, project: str | None = None) -> Iterator[Component]:
        """The versions of a name, newest first."""
        return items(
            lambda cursor: self._client.send(
                requests.list_versions(self._project(project), self._noun, name, cursor=cursor, archived=archived)
            )
        )

    def get(self, name: str, version: str = "", *, project: str | None = None) -> Component:
        """A version with its content, by default the newest."""
        return self._client.send(requests.get_component(self._project(project), self._noun, name, version))

    def register(self, body: RegisterComponent, *, project: str | None = None, key: str = "") -> Component:
        """Register a version. Idempotent: registering the same content again changes nothing. Raises Conflict for other
        content under the same version, and Invalid with the place of each problem."""
        return self._client.send(requests.register_component(self._project(project), self._noun, body, key=key))

    def edit(
        self,
        name: str,
        version: str,
        change: EditComponent,
        *,
        project: str | None = None,
        key: str = "",
        match: str = "",
    ) -> Component:
        """Change the description, tags or stage of a version, deprecate it or archive it. With `match`, an ETag, raises
        Conflict when the version has changed since."""
        return self._client.send(
            requests.edit_component(self._project(project), self._noun, name, version, change, key=key, match=match)
        )

    def delete(self, name: str, version: str, *, project: str | None = None, key: str = "") -> None:
        """Delete a version. Raises Conflict when a run was made with it."""
        self._client.send(requests.delete_component(self._project(project), self._noun, name, version, key=key))
