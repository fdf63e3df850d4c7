# Generated from `_async/token.py` by tools/sync_client.py: change that file and run `make format`.
"""The tokens of principals."""

from __future__ import annotations

from collections.abc import Iterator

from trainyard.client import requests
from trainyard.client._sync.pagination import items
from trainyard.client._sync.resource import Resource
from trainyard.client.models import NewToken, Token, TokenPage

__all__ = ["Tokens"]


class Tokens(Resource):
    """The caller's tokens; an admin has access to the tokens of all principals."""

    def page(self, principal: str = "", *, limit: int | None = None, cursor: str = "") -> TokenPage:
        """One page of the tokens of a principal (by default the caller, `*`: all principals), oldest first."""
        return self._client.send(requests.list_tokens(principal, limit=limit, cursor=cursor))

    def list(self, principal: str = "") -> Iterator[Token]:
        """All tokens of a principal (by default the caller, `*`: all principals), oldest first."""
        return items(lambda cursor: self.page(principal, cursor=cursor))

    def create(self, body: NewToken, *, key: str = "") -> Token:
        """Create a token. Its text is in this answer and nowhere else. Idempotent by `key`: the same key gives the same
        token."""
        return self._client.send(requests.create_token(body, key=key))

    def revoke(self, token_id: str, *, key: str = "") -> None:
        """Make a token invalid from now on. Idempotent."""
        self._client.send(requests.revoke_token(token_id, key=key))
