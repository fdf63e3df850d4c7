"""The components and the presets of a project. `project` is the client's own unless it is given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client.models import Component, ComponentPage, EditComponent, RegisterComponent
from trainyard.client.resources.pagination import items, items_of

if TYPE_CHECKING:
    from trainyard.client.async_client import AsyncClient
    from trainyard.client.client import Client

__all__ = ["AsyncComponents", "Components"]


class Components:
    """The components of a server, or its presets: `noun` says which."""

    def __init__(self, client: Client, noun: str) -> None:
        self._client, self._noun = client, noun

    def page(
        self, *, limit: int | None = None, cursor: str = "", archived: bool = False, project: str | None = None
    ) -> ComponentPage:
        """One page: the newest version of each name, by name. `archived`: among archived versions too."""
        return self._client.send(
            requests.list_components(self._in(project), self._noun, limit=limit, cursor=cursor, archived=archived)
        )

    def list(self, *, archived: bool = False, project: str | None = None) -> Iterator[Component]:
        """The newest version of each name, by name."""
        return items(lambda cursor: self.page(cursor=cursor, archived=archived, project=project))

    def versions(self, name: str, *, archived: bool = False, project: str | None = None) -> Iterator[Component]:
        """The versions of a name, newest first."""
        return items(
            lambda cursor: self._client.send(
                requests.list_versions(self._in(project), self._noun, name, cursor=cursor, archived=archived)
            )
        )

    def get(self, name: str, version: str = "", *, project: str | None = None) -> Component:
        """A version with its content; without one, the newest."""
        return self._client.send(requests.get_component(self._in(project), self._noun, name, version))

    def register(self, wish: RegisterComponent, *, project: str | None = None, key: str = "") -> Component:
        """Register a version. Idempotent: the same content again changes nothing. Raises Conflict for other content
        under the same version, Invalid with the place of each problem."""
        return self._client.send(requests.register_component(self._in(project), self._noun, wish, key=key))

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
        """Describe, tag, stage, deprecate or archive a version. With `match`, an ETag, raises Conflict when it has
        changed since."""
        return self._client.send(
            requests.edit_component(self._in(project), self._noun, name, version, change, key=key, match=match)
        )

    def delete(self, name: str, version: str, *, project: str | None = None, key: str = "") -> None:
        """Raises Conflict when a run was made with it."""
        self._client.send(requests.delete_component(self._in(project), self._noun, name, version, key=key))

    def _in(self, project: str | None) -> str:
        return project or self._client.endpoint.project


class AsyncComponents:
    """The components of a server, or its presets: `noun` says which."""

    def __init__(self, client: AsyncClient, noun: str) -> None:
        self._client, self._noun = client, noun

    async def page(
        self, *, limit: int | None = None, cursor: str = "", archived: bool = False, project: str | None = None
    ) -> ComponentPage:
        """One page: the newest version of each name, by name. `archived`: among archived versions too."""
        return await self._client.send(
            requests.list_components(self._in(project), self._noun, limit=limit, cursor=cursor, archived=archived)
        )

    def list(self, *, archived: bool = False, project: str | None = None) -> AsyncIterator[Component]:
        """The newest version of each name, by name."""
        return items_of(lambda cursor: self.page(cursor=cursor, archived=archived, project=project))

    def versions(self, name: str, *, archived: bool = False, project: str | None = None) -> AsyncIterator[Component]:
        """The versions of a name, newest first."""
        return items_of(
            lambda cursor: self._client.send(
                requests.list_versions(self._in(project), self._noun, name, cursor=cursor, archived=archived)
            )
        )

    async def get(self, name: str, version: str = "", *, project: str | None = None) -> Component:
        """A version with its content; without one, the newest."""
        return await self._client.send(requests.get_component(self._in(project), self._noun, name, version))

    async def register(self, wish: RegisterComponent, *, project: str | None = None, key: str = "") -> Component:
        """Register a version. Idempotent: the same content again changes nothing. Raises Conflict for other content
        under the same version, Invalid with the place of each problem."""
        return await self._client.send(requests.register_component(self._in(project), self._noun, wish, key=key))

    async def edit(
        self,
        name: str,
        version: str,
        change: EditComponent,
        *,
        project: str | None = None,
        key: str = "",
        match: str = "",
    ) -> Component:
        """Describe, tag, stage, deprecate or archive a version. With `match`, an ETag, raises Conflict when it has
        changed since."""
        return await self._client.send(
            requests.edit_component(self._in(project), self._noun, name, version, change, key=key, match=match)
        )

    async def delete(self, name: str, version: str, *, project: str | None = None, key: str = "") -> None:
        """Raises Conflict when a run was made with it."""
        await self._client.send(requests.delete_component(self._in(project), self._noun, name, version, key=key))

    def _in(self, project: str | None) -> str:
        return project or self._client.endpoint.project
