"""Tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from trainyard.client import requests
from trainyard.client.models import NewToken, Token, TokenPage
from trainyard.client.resources.pagination import items, items_of

if TYPE_CHECKING:
    from trainyard.client.async_client import AsyncClient
    from trainyard.client.client import Client

__all__ = ["AsyncTokens", "Tokens"]


class Tokens:
    """One's own tokens, and for an admin those of others."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def page(self, principal: str = "", *, limit: int | None = None, cursor: str = "") -> TokenPage:
        """One page of one's own, or of a principal's (`*`: of everybody's), oldest first."""
        return self._client.send(requests.list_tokens(principal, limit=limit, cursor=cursor))

    def list(self, principal: str = "") -> Iterator[Token]:
        """One's own, or a principal's (`*`: everybody's), oldest first."""
        return items(lambda cursor: self.page(principal, cursor=cursor))

    def create(self, wish: NewToken, *, key: str = "") -> Token:
        """Make a token. The answer alone has its text; the same `key` gives the same token again."""
        return self._client.send(requests.create_token(wish, key=key))

    def revoke(self, token_id: str, *, key: str = "") -> None:
        """From now on nobody can use it. Idempotent."""
        self._client.send(requests.revoke_token(token_id, key=key))


class AsyncTokens:
    """One's own tokens, and for an admin those of others."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def page(self, principal: str = "", *, limit: int | None = None, cursor: str = "") -> TokenPage:
        """One page of one's own, or of a principal's (`*`: of everybody's), oldest first."""
        return await self._client.send(requests.list_tokens(principal, limit=limit, cursor=cursor))

    def list(self, principal: str = "") -> AsyncIterator[Token]:
        """One's own, or a principal's (`*`: everybody's), oldest first."""
        return items_of(lambda cursor: self.page(principal, cursor=cursor))

    async def create(self, wish: NewToken, *, key: str = "") -> Token:
        """Make a token. The answer alone has its text; the same `key` gives the same token again."""
        return await self._client.send(requests.create_token(wish, key=key))

    async def revoke(self, token_id: str, *, key: str = "") -> None:
        """From now on nobody can use it. Idempotent."""
        await self._client.send(requests.revoke_token(token_id, key=key))
