# Generated from `_async/server.py` by tools/sync_client.py: change that file and run `make format`.
"""The server itself: its settings, its health, and who it takes the caller for."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.client import requests
from trainyard.client._sync.resource import Resource
from trainyard.client.models import Readiness, Setting, Whoami

__all__ = ["Server"]


class Server(Resource):
    """The server itself."""

    def settings(self) -> Sequence[Setting]:
        """The settings in force, with secrets masked. Needs the role admin."""
        page = self._client.send(requests.list_settings())
        return page.items

    def whoami(self) -> Whoami:
        """The caller, as the server knows it."""
        return self._client.send(requests.whoami())

    def health(self) -> bool:
        """Whether the server's process answers. Needs no token."""
        health = self._client.send(requests.read_health())
        return health.get("status") == "ok"

    def ready(self) -> Readiness:
        """The parts that the server needs for its work. Raises Busy when one of them fails. Needs no token."""
        return self._client.send(requests.read_ready())
