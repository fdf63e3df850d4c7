"""Observers of plugins: how far they are, and the events that they failed at."""

from __future__ import annotations

from litestar import Controller, Response, delete, get, post
from litestar.params import FromPath

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, allow, runtime_of
from trainyard_core.api.change import change, tell
from trainyard_core.auth import ADMIN
from trainyard_core.db import observers
from trainyard_core.db.engine import Tx
from trainyard_core.errors import Conflict, NotFound
from trainyard_core.observers import report
from trainyard_core.observers.runner import RETRIED

__all__ = ["Observers"]

MOST_FAILURES = 100


class Observers(Controller):
    """`/observers`."""

    path = "/observers"
    tags = ("server",)

    @get()
    async def page(self, request: ApiRequest) -> models.ObserverList:
        """List the observers of plugins: how far behind the activity log they are, and how many events they failed
        at."""
        await allow(request, ADMIN)
        runtime = runtime_of(request)
        rows, at = await runtime.database.read(observers.page), runtime.clock.now()
        return models.ObserverList(items=[report.observer(row, at=at, registry=runtime.registry) for row in rows])

    @get("/{plugin:str}/{name:str}")
    async def one(self, request: ApiRequest, plugin: FromPath[str], name: FromPath[str]) -> models.Observer:
        """Return one observer, with the events that it failed at."""
        await allow(request, ADMIN)
        return await runtime_of(request).database.read(lambda tx: _one(tx, request, plugin, name))

    @post("/{plugin:str}/{name:str}/retry", status_code=200)
    async def retry(self, request: ApiRequest, plugin: FromPath[str], name: FromPath[str]) -> Response[models.Observer]:
        """Have all dead letters of an observer handled again. They come out of order: their subjects have gone on."""
        await allow(request, ADMIN)

        async def work(tx: Tx) -> models.Observer:
            if count := await observers.retry(tx, plugin, name):
                await tell(tx, request, RETRIED, plugin=plugin, observer=name, events=count)
            return await _one(tx, request, plugin, name)

        return await change(request, work, name="observer_retry")

    @delete("/{plugin:str}/{name:str}", status_code=204)
    async def remove(self, request: ApiRequest, plugin: FromPath[str], name: FromPath[str]) -> Response[None]:
        """Forget the place of an observer and its unfinished events; refused while the server has its plugin."""
        await allow(request, ADMIN)

        async def work(tx: Tx) -> None:
            if (await _one(tx, request, plugin, name)).installed:
                raise Conflict(
                    f"the server has the plugin of observer '{name}'",
                    fix=f"uninstall '{plugin}', and restart the server",
                )
            await observers.delete(tx, plugin, name)
            await tell(tx, request, "observer_deleted", plugin=plugin, observer=name)

        return await change(request, work, name="observer_delete", status=204)


async def _one(tx: Tx, request: ApiRequest, plugin: str, name: str) -> models.Observer:
    row = await observers.get(tx, plugin, name)
    if row is None:
        raise NotFound(f"plugin '{plugin}' has no observer '{name}'", fix="`yard observers ls` lists them")
    failures = await observers.unfinished(tx, plugin, name, limit=MOST_FAILURES)
    runtime = runtime_of(request)
    return report.observer(row, at=runtime.clock.now(), registry=runtime.registry, failures=failures)
