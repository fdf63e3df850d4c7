"""Requests about queues."""

from __future__ import annotations

from trainyard.client.models import EditQueue, Queue, QueueLimits, QueuePage
from trainyard.client.requests.path import change, query_of
from trainyard.client.wire import Request, path_of

__all__ = ["delete_queue", "edit_queue", "get_queue", "list_queues", "put_queue"]


def list_queues(*, limit: int | None = None, cursor: str = "") -> Request[QueuePage]:
    return Request("GET", path_of("queues"), QueuePage, query_of(limit=limit, cursor=cursor))


def get_queue(name: str) -> Request[Queue]:
    return Request("GET", path_of("queues", name), Queue)


def put_queue(name: str, limits: QueueLimits, *, key: str = "", match: str = "") -> Request[Queue]:
    return change("PUT", path_of("queues", name), Queue, limits, key=key, match=match)


def edit_queue(name: str, body: EditQueue, *, key: str = "", match: str = "") -> Request[Queue]:
    return change("PATCH", path_of("queues", name), Queue, body, key=key, match=match)


def delete_queue(name: str, *, key: str = "") -> Request[None]:
    return change("DELETE", path_of("queues", name), type(None), key=key)
