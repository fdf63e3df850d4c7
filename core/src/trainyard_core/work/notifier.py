"""The notifier: wakes this process's agents and the other processes when there may be work. The database stays the
truth. `arq_notifier` is the one of several processes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

import structlog

from trainyard_core.agent.model import WakeEvent
from trainyard_core.work.event_feed import EventFeed

__all__ = ["LocalNotifier", "Notifier", "Reconcile"]

log = structlog.get_logger("trainyard.notifier")

Reconcile = Callable[[str], Awaitable[None]]


class Notifier(Protocol):
    """Wakes agents and runs."""

    def subscribe(self) -> WakeEvent:
        """A wake event for one agent; its owner clears it."""

    def unsubscribe(self, event: WakeEvent) -> None:
        """Nobody waits for this event any more."""

    def notify_agents(self, *, orders: bool = False) -> None:
        """There may be work for agents; with `orders`, something about what they hold has changed. Returns at
        once."""

    async def notify(self, runs: Iterable[tuple[str, int]]) -> None:
        """These runs (id, wake_seq) should be reconciled by somebody. Never raises."""

    async def reconcile_here(self, runs: Iterable[str]) -> None:
        """Reconcile these runs in this process, whatever becomes of the queue. Never raises."""

    def take_jobs(self, wake: Callable[[], None]) -> None:
        """This process runs background jobs: `wake` is called when one may be due. Called before `serve`."""

    def notify_jobs(self) -> None:
        """A background job may be due. Returns at once."""

    def attach(self, feed: EventFeed) -> None:
        """Exchange changes between this process's event feed and those of the other processes."""

    async def serve(self) -> None:
        """Work on enqueued jobs and exchange messages with the other processes, until cancelled."""

    async def ping(self) -> bool:
        """Whether there is a queue, which answers. Raises Unavailable when it does not."""

    async def close(self) -> None:
        """Disconnect."""


class LocalNotifier:
    """One process, no Valkey: a run is reconciled here."""

    def __init__(self, reconcile: Reconcile) -> None:
        self._reconcile = reconcile
        self._events: list[WakeEvent] = []
        self._wake_jobs: Callable[[], None] | None = None

    def subscribe(self) -> WakeEvent:
        event = WakeEvent()
        self._events.append(event)
        return event

    def unsubscribe(self, event: WakeEvent) -> None:
        self._events = [each for each in self._events if each is not event]

    def notify_agents(self, *, orders: bool = False) -> None:
        for event in self._events:
            event.orders |= orders
            event.set()

    async def notify(self, runs: Iterable[tuple[str, int]]) -> None:
        await self.reconcile_here(run for run, _ in runs)

    async def reconcile_here(self, runs: Iterable[str]) -> None:
        for run in runs:
            try:
                await self._reconcile(run)
            except Exception:
                log.exception("a run could not be reconciled; it is tried again", run=run)

    def take_jobs(self, wake: Callable[[], None]) -> None:
        self._wake_jobs = wake

    def notify_jobs(self) -> None:
        if self._wake_jobs is not None:
            self._wake_jobs()

    def attach(self, feed: EventFeed) -> None:
        """There is nobody else."""

    async def serve(self) -> None:
        await asyncio.Event().wait()

    async def ping(self) -> bool:
        return False

    async def close(self) -> None:
        """Nothing is open."""
