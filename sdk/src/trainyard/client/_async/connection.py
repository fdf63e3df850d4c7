"""The connections of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from trainyard.client import requests
from trainyard.client._async.pagination import items
from trainyard.client._async.resource import AsyncResource
from trainyard.client.models import Connection, ConnectionCheck, ConnectionPage, NewConnection

__all__ = ["AsyncConnections"]


class AsyncConnections(AsyncResource):
    """The connections of a server."""

    async def page(self, *, limit: int | None = None, cursor: str = "") -> ConnectionPage:
        """One page of the connections that you may use, by name."""
        return await self._client.send(requests.list_connections(limit=limit, cursor=cursor))

    def list(self) -> AsyncIterator[Connection]:
        """All connections that you may use, by name."""
        return items(lambda cursor: self.page(cursor=cursor))

    async def get(self, name: str) -> Connection:
        """A connection; its fields and references are for admins."""
        return await self._client.send(requests.get_connection(name))

    async def set(
        self,
        name: str,
        *,
        kind: str,
        fields: Mapping[str, object] | None = None,
        secrets: Mapping[str, object] | None = None,
        untrusted: bool = False,
        key: str = "",
        match: str = "",
    ) -> Connection:
        """Create a connection, or replace all that one of the same kind has. `NewConnection` documents the arguments.
        Raises Conflict when there is one of another kind."""
        body = NewConnection(kind=kind, fields=dict(fields or {}), secrets=dict(secrets or {}), untrusted=untrusted)
        return await self._client.send(requests.put_connection(name, body, key=key, match=match))

    async def check(self, name: str) -> ConnectionCheck:
        """Try a connection from the server."""
        return await self._client.send(requests.check_connection(name))

    async def delete(self, name: str, *, key: str = "") -> None:
        """Delete a connection."""
        await self._client.send(requests.delete_connection(name, key=key))
