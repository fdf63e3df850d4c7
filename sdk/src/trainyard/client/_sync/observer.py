# Generated from `_async/observer.py` by tools/sync_client.py: change that file and run `make format`.
"""The observers of a server."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.client import requests
from trainyard.client._sync.resource import Resource
from trainyard.client.models import Observer

__all__ = ["Observers"]


class Observers(Resource):
    """The observers that plugins bring; for admins of the deployment."""

    def list(self) -> Sequence[Observer]:
        """All observers, by plugin and name."""
        return (self._client.send(requests.list_observers())).items

    def get(self, plugin: str, name: str) -> Observer:
        """An observer, with the events that it failed at."""
        return self._client.send(requests.get_observer(plugin, name))

    def retry(self, plugin: str, name: str, *, key: str = "") -> Observer:
        """Have all dead letters of an observer handled again."""
        return self._client.send(requests.retry_observer(plugin, name, key=key))

    def delete(self, plugin: str, name: str, *, key: str = "") -> None:
        """Forget the place of an observer whose plugin is gone. Raises Conflict while the plugin is installed."""
        self._client.send(requests.delete_observer(plugin, name, key=key))
