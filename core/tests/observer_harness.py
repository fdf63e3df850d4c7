"""An observer in a real runtime: what it was given, in order, and a log to which a test appends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from trainyard_core.cancellation import end_all
from trainyard_core.contracts.observer import Event, Observer
from trainyard_core.db import activities, observers
from trainyard_core.db.activities import NewActivity
from trainyard_core.db.engine import Row
from trainyard_core.hookspecs import hookimpl
from trainyard_core.registry import Registry
from trainyard_core.runtime import Runtime

__all__ = ["PLUGIN", "Reader", "append", "reading", "registry_of", "row_of", "running"]

PLUGIN = "reader"


class Reader:
    """A handler that keeps books. Events in `poisoned` (by their data's `n`) fail; those in `held` wait until `let`."""

    def __init__(self) -> None:
        self.given: list[int] = []
        self.tries: list[int] = []
        self.poisoned: set[int] = set()
        self.held: set[int] = set()
        self.entered, self.let = asyncio.Event(), asyncio.Event()
        self._changed = asyncio.Condition()

    async def handle(self, platform: Any, event: Event) -> None:
        assert platform.plugin == PLUGIN
        n = event.data["n"]
        self.tries.append(n)
        await self._tell()
        if n in self.held:
            self.entered.set()
            await self.let.wait()
        if n in self.poisoned:
            raise ValueError(f"{n} is poisoned; ask postgresql://me:hunter2@db/x")
        self.given.append(n)
        await self._tell()

    async def until(self, *wanted: int) -> None:
        """Wait until it has handled these, each once at least."""
        await self._until(lambda: set(wanted) <= set(self.given), f"{wanted} in {self.given}")

    async def until_tried(self, n: int, times: int) -> None:
        """Wait until it was given an event so many times."""
        await self._until(lambda: self.tries.count(n) >= times, f"{n} tried {times} times")

    async def _until(self, is_so, what: str) -> None:
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(is_so)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def registry_of(*found: Observer, plugin: str = PLUGIN) -> Registry:
    """A registry with one plugin that brings these."""
    registry = Registry()
    registry.add(plugin, SimpleNamespace(register_observers=hookimpl(lambda: [*found])))
    return registry


async def append(
    runtime: Runtime, *numbers: int, run: str | None = None, kind: str = "noted", project: str = "default"
):
    """Append an activity for each number."""
    news = [
        NewActivity(project=project, run=run, kind=kind, actor="test", at=runtime.clock.now(), data={"n": n})
        for n in numbers
    ]
    await runtime.database.write(lambda tx: activities.append(tx, *news))


async def row_of(runtime: Runtime, name: str = "books") -> Row:
    """How the observer stands in the database."""
    row = await runtime.database.read(lambda tx: observers.get(tx, PLUGIN, name))
    assert row is not None
    return row


async def stands(runtime: Runtime, *, name: str = "books", **wanted: int) -> Row:
    """Wait until the observer stands so in the database."""
    async with asyncio.timeout(30):
        while True:
            row = await row_of(runtime, name)
            if all(row[key] == value for key, value in wanted.items()):
                return row
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(runtime: Runtime) -> AsyncIterator[asyncio.Task[None]]:
    """The observers of a worker; ended as when the process ends."""
    task = asyncio.create_task(runtime.observer_runner().run())
    try:
        yield task
    finally:
        await end_all([task], patience=10)


@asynccontextmanager
async def reading(runtime: Runtime) -> AsyncIterator[asyncio.Task[None]]:
    """`running`, once the observers have a place and are held."""
    async with running(runtime) as task:
        async with asyncio.timeout(30):
            while not await held(runtime):
                await asyncio.sleep(0.01)
        yield task


async def held(runtime: Runtime) -> bool:
    """Whether somebody holds every observer."""
    rows = await runtime.database.read(observers.page)
    return bool(rows) and all(row["lease_holder"] for row in rows)
