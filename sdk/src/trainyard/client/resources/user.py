"""People and programs, which are told apart by their kind and are kept alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client.models import EditPrincipal, NewPrincipal, Principal, PrincipalPage
from trainyard.client.requests.user import Kind
from trainyard.client.resources.pagination import items, items_of

if TYPE_CHECKING:
    from trainyard.client.async_client import AsyncClient
    from trainyard.client.client import Client

__all__ = ["AsyncPrincipals", "Principals"]


class Principals:
    """People (`users`) or programs (`service-accounts`)."""

    def __init__(self, client: Client, kind: Kind) -> None:
        self._client, self._kind = client, kind

    def page(self, *, limit: int | None = None, cursor: str = "") -> PrincipalPage:
        """One page of them, by name."""
        return self._client.send(requests.list_principals(self._kind, limit=limit, cursor=cursor))

    def list(self) -> Iterator[Principal]:
        """All of them, by name."""
        return items(lambda cursor: self.page(cursor=cursor))

    def get(self, name: str) -> Principal:
        return self._client.send(requests.get_principal(self._kind, name))

    def add(self, name: str, *, role: str = "none", description: str = "", key: str = "") -> Principal:
        """Raises Conflict when the name is taken. Idempotent by `key`."""
        wish = NewPrincipal(name=name, role=role, description=description)
        return self._client.send(requests.add_principal(self._kind, wish, key=key))

    def edit(self, name: str, change: EditPrincipal, *, key: str = "", match: str = "") -> Principal:
        """Change what is given. With `match`, an ETag, raises Conflict when it has changed since."""
        return self._client.send(requests.edit_principal(self._kind, name, change, key=key, match=match))

    def delete(self, name: str, *, key: str = "") -> None:
        """Remove with all tokens and roles. Raises Conflict for the last admin."""
        self._client.send(requests.delete_principal(self._kind, name, key=key))


class AsyncPrincipals:
    """People (`users`) or programs (`service-accounts`)."""

    def __init__(self, client: AsyncClient, kind: Kind) -> None:
        self._client, self._kind = client, kind

    async def page(self, *, limit: int | None = None, cursor: str = "") -> PrincipalPage:
        """One page of them, by name."""
        return await self._client.send(requests.list_principals(self._kind, limit=limit, cursor=cursor))

    def list(self) -> AsyncIterator[Principal]:
        """All of them, by name."""
        return items_of(lambda cursor: self.page(cursor=cursor))

    async def get(self, name: str) -> Principal:
        return await self._client.send(requests.get_principal(self._kind, name))

    async def add(self, name: str, *, role: str = "none", description: str = "", key: str = "") -> Principal:
        """Raises Conflict when the name is taken. Idempotent by `key`."""
        wish = NewPrincipal(name=name, role=role, description=description)
        return await self._client.send(requests.add_principal(self._kind, wish, key=key))

    async def edit(self, name: str, change: EditPrincipal, *, key: str = "", match: str = "") -> Principal:
        """Change what is given. With `match`, an ETag, raises Conflict when it has changed since."""
        return await self._client.send(requests.edit_principal(self._kind, name, change, key=key, match=match))

    async def delete(self, name: str, *, key: str = "") -> None:
        """Remove with all tokens and roles. Raises Conflict for the last admin."""
        await self._client.send(requests.delete_principal(self._kind, name, key=key))
