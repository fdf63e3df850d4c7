"""Requests about tokens."""

from __future__ import annotations

from trainyard.client.models import NewToken, Token, TokenPage
from trainyard.client.requests.path import change, query_of
from trainyard.client.wire import Request, path_of

__all__ = ["create_token", "list_tokens", "revoke_token"]


def list_tokens(principal: str = "", *, limit: int | None = None, cursor: str = "") -> Request[TokenPage]:
    """The caller's tokens, or (for an admin) those of a principal; `*` stands for all principals."""
    return Request("GET", path_of("tokens"), TokenPage, query_of(principal=principal, limit=limit, cursor=cursor))


def create_token(body: NewToken, *, key: str = "") -> Request[Token]:
    return change("POST", path_of("tokens"), Token, body, key=key)


def revoke_token(token_id: str, *, key: str = "") -> Request[None]:
    return change("DELETE", path_of("tokens", token_id), type(None), key=key)
