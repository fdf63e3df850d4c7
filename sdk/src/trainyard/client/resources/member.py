"""Who has which role in a project."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client.models import Member, MemberPage
from trainyard.client.resources.pagination import items, items_of

if TYPE_CHECKING:
    from trainyard.client.async_client import AsyncClient
    from trainyard.client.client import Client

__all__ = ["AsyncMembers", "Members"]


class Members:
    """Who has which role in a project; `project` is the client's own unless it is given."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def page(self, *, limit: int | None = None, cursor: str = "", project: str | None = None) -> MemberPage:
        """One page of a project's members, by name."""
        return self._client.send(requests.list_members(self._in(project), limit=limit, cursor=cursor))

    def list(self, *, project: str | None = None) -> Iterator[Member]:
        """A project's members, by name."""
        return items(lambda cursor: self.page(cursor=cursor, project=project))

    def put(self, principal: str, role: str, *, project: str | None = None, key: str = "") -> Member:
        """Give somebody a role (viewer, member, admin) in place of the one they have."""
        return self._client.send(requests.put_member(self._in(project), principal, role, key=key))

    def remove(self, principal: str, *, project: str | None = None, key: str = "") -> None:
        """Take somebody's role away."""
        self._client.send(requests.remove_member(self._in(project), principal, key=key))

    def _in(self, project: str | None) -> str:
        return project or self._client.endpoint.project


class AsyncMembers:
    """Who has which role in a project; `project` is the client's own unless it is given."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def page(self, *, limit: int | None = None, cursor: str = "", project: str | None = None) -> MemberPage:
        """One page of a project's members, by name."""
        return await self._client.send(requests.list_members(self._in(project), limit=limit, cursor=cursor))

    def list(self, *, project: str | None = None) -> AsyncIterator[Member]:
        """A project's members, by name."""
        return items_of(lambda cursor: self.page(cursor=cursor, project=project))

    async def put(self, principal: str, role: str, *, project: str | None = None, key: str = "") -> Member:
        """Give somebody a role (viewer, member, admin) in place of the one they have."""
        return await self._client.send(requests.put_member(self._in(project), principal, role, key=key))

    async def remove(self, principal: str, *, project: str | None = None, key: str = "") -> None:
        """Take somebody's role away."""
        await self._client.send(requests.remove_member(self._in(project), principal, key=key))

    def _in(self, project: str | None) -> str:
        return project or self._client.endpoint.project
