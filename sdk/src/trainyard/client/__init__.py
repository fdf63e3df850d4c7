"""The client of the HTTP API, asynchronous (`AsyncClient`) and synchronous (`Client`). `_async` is written by hand, and
`_sync` is generated from it. Importing this package loads nothing; the first use of a name loads its module, so that a
training program that never talks to a server does not load the HTTP library."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainyard.client._async.client import AsyncClient
    from trainyard.client._sync.client import Client
    from trainyard.client.discovery import Endpoint, discover
    from trainyard.client.errors import ApiError, ClientError
    from trainyard.client.retry import Backoff

__all__ = ["ApiError", "AsyncClient", "Backoff", "Client", "ClientError", "Endpoint", "discover"]

_HOMES = {
    "ApiError": "errors",
    "AsyncClient": "_async.client",
    "Backoff": "retry",
    "Client": "_sync.client",
    "ClientError": "errors",
    "Endpoint": "discovery",
    "discover": "discovery",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
