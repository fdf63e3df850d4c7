"""Requests about queues."""

from __future__ import annotations

import msgspec

from trainyard.client.models import Queue
from trainyard.client.requests.path import JSON
from trainyard.client.wire import Request, path_of

__all__ = ["list_queues", "put_queue"]


def list_queues() -> Request[list[Queue]]:
    return Request("GET", path_of("queues"), list[Queue])


def put_queue(name: str, *, concurrency: int | None, paused: bool) -> Request[Queue]:
    content = msgspec.json.encode({"concurrency": concurrency, "paused": paused})
    return Request("PUT", path_of("queues", name), Queue, headers=JSON, content=content)
