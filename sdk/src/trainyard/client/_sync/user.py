# Generated from `_async/user.py` by tools/sync_client.py: change that file and run `make format`.
"""Principals: people and service accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client._sync.pagination import items
from trainyard.client._sync.resource import Resource
from trainyard.client.models import EditPrincipal, NewPrincipal, Principal, PrincipalPage
from trainyard.client.requests.user import Kind

if TYPE_CHECKING:
    from trainyard.client._sync.client import Client

__all__ = ["Principals"]


class Principals(Resource):
    """The people (`users`) or the programs (`service-accounts`) that may call the server; `kind` says which of them."""

    def __init__(self, client: Client, kind: Kind) -> None:
        super().__init__(client)
        self._kind = kind

    def page(self, *, limit: int | None = None, cursor: str = "") -> PrincipalPage:
        """One page of the principals, by name."""
        return self._client.send(requests.list_principals(self._kind, limit=limit, cursor=cursor))

    def list(self) -> Iterator[Principal]:
        """All principals, by name."""
        return items(lambda cursor: self.page(cursor=cursor))

    def get(self, name: str) -> Principal:
        """A principal with its role."""
        return self._client.send(requests.get_principal(self._kind, name))

    def add(self, name: str, *, role: str = "none", description: str = "", key: str = "") -> Principal:
        """Add a principal. Idempotent by `key`. Raises Conflict when the name is taken."""
        body = NewPrincipal(name=name, role=role, description=description)
        return self._client.send(requests.add_principal(self._kind, body, key=key))

    def edit(self, name: str, change: EditPrincipal, *, key: str = "", match: str = "") -> Principal:
        """Change the fields that are given. With `match`, an ETag, raises Conflict when the principal has changed
        since."""
        return self._client.send(requests.edit_principal(self._kind, name, change, key=key, match=match))

    def delete(self, name: str, *, key: str = "") -> None:
        """Delete a principal with its tokens and roles. Raises Conflict for the last admin."""
        self._client.send(requests.delete_principal(self._kind, name, key=key))
