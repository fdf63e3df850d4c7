"""Requests about people (`users`) and programs (`service-accounts`), which have the same shape."""

from __future__ import annotations

from typing import Literal

from trainyard.client.models import EditPrincipal, NewPrincipal, Principal, PrincipalPage
from trainyard.client.requests.path import change, query_of
from trainyard.client.wire import Request, path_of

__all__ = ["Kind", "add_principal", "delete_principal", "edit_principal", "get_principal", "list_principals"]

Kind = Literal["users", "service-accounts"]


def list_principals(kind: Kind, *, limit: int | None = None, cursor: str = "") -> Request[PrincipalPage]:
    return Request("GET", path_of(kind), PrincipalPage, query_of(limit=limit, cursor=cursor))


def get_principal(kind: Kind, name: str) -> Request[Principal]:
    return Request("GET", path_of(kind, name), Principal)


def add_principal(kind: Kind, body: NewPrincipal, *, key: str = "") -> Request[Principal]:
    return change("POST", path_of(kind), Principal, body, key=key)


def edit_principal(kind: Kind, name: str, body: EditPrincipal, *, key: str = "", match: str = "") -> Request[Principal]:
    return change("PATCH", path_of(kind, name), Principal, body, key=key, match=match)


def delete_principal(kind: Kind, name: str, *, key: str = "") -> Request[None]:
    return change("DELETE", path_of(kind, name), type(None), key=key)
