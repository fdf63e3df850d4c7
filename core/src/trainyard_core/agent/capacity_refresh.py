"""Keeps what core knows of a scheduler's capacity up to date: it is read beside the heartbeat, which carries it once it
has changed."""

from __future__ import annotations

import asyncio

import structlog

from trainyard_core.agent.registration import capacity_of
from trainyard_core.agent.tasks import TaskTable
from trainyard_core.contracts.scheduler import Capacity, Scheduler, SupportsCapacity
from trainyard_core.hook_guard import gist

__all__ = ["CapacityRefresh"]

log = structlog.get_logger("trainyard.agent")


class CapacityRefresh:
    """One reading is under way at a time. What cannot be read stays as it was."""

    def __init__(self, scheduler: Scheduler, tasks: TaskTable, *, deadline: float) -> None:
        self._scheduler, self._tasks, self._deadline = scheduler, tasks, deadline
        self._read: Capacity | None = None
        self._told: Capacity | None = None
        self._is_reading = False
        self._failure = ""

    def begin(self, capacity: Capacity) -> None:
        """Core knows this one."""
        self._read = self._told = capacity

    def start(self) -> None:
        """Have it read beside everything else, unless that is under way, or there is nothing to read."""
        if not self._is_reading and isinstance(self._scheduler, SupportsCapacity):
            self._is_reading = True
            self._tasks.start(self._refresh(self._scheduler))

    def changed(self) -> Capacity | None:
        """The capacity, if core does not know it yet."""
        return self._read if self._read != self._told else None

    def acknowledge(self, capacity: Capacity | None) -> None:
        """Core knows it now."""
        self._told = self._told if capacity is None else capacity

    async def _refresh(self, scheduler: SupportsCapacity) -> None:
        try:
            async with asyncio.timeout(self._deadline):
                self._read = await capacity_of(scheduler)
            self._failure = ""
        except Exception as error:  # whatever a scheduler raises
            if (why := gist(error)) != self._failure:
                self._failure = why
                log.warning("the capacity cannot be read; it stays as it was", error=why)
        finally:
            self._is_reading = False
