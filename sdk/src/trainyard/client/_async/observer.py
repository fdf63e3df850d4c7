"""The observers of a server."""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.client import requests
from trainyard.client._async.resource import AsyncResource
from trainyard.client.models import Observer

__all__ = ["AsyncObservers"]


class AsyncObservers(AsyncResource):
    """The observers that plugins bring; for admins of the deployment."""

    async def list(self) -> Sequence[Observer]:
        """All observers, by plugin and name."""
        return (await self._client.send(requests.list_observers())).items

    async def get(self, plugin: str, name: str) -> Observer:
        """An observer, with the events that it failed at."""
        return await self._client.send(requests.get_observer(plugin, name))

    async def retry(self, plugin: str, name: str, *, key: str = "") -> Observer:
        """Have all dead letters of an observer handled again."""
        return await self._client.send(requests.retry_observer(plugin, name, key=key))

    async def delete(self, plugin: str, name: str, *, key: str = "") -> None:
        """Forget the place of an observer whose plugin is gone. Raises Conflict while the plugin is installed."""
        await self._client.send(requests.delete_observer(plugin, name, key=key))
