"""Requests about connections."""

from __future__ import annotations

from trainyard.client.models import Connection, ConnectionCheck, ConnectionPage, NewConnection
from trainyard.client.requests.path import change, query_of
from trainyard.client.wire import Request, path_of

__all__ = ["check_connection", "delete_connection", "get_connection", "list_connections", "put_connection"]


def list_connections(*, limit: int | None = None, cursor: str = "") -> Request[ConnectionPage]:
    return Request("GET", path_of("connections"), ConnectionPage, query_of(limit=limit, cursor=cursor))


def get_connection(name: str) -> Request[Connection]:
    return Request("GET", path_of("connections", name), Connection)


def put_connection(name: str, body: NewConnection, *, key: str = "", match: str = "") -> Request[Connection]:
    return change("PUT", path_of("connections", name), Connection, body, key=key, match=match)


def delete_connection(name: str, *, key: str = "") -> Request[None]:
    return change("DELETE", path_of("connections", name), type(None), key=key)


def check_connection(name: str) -> Request[ConnectionCheck]:
    return change("POST", path_of("connections", name, "check"), ConnectionCheck)
