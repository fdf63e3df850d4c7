"""Follows the activity log for all observers of a worker, and keeps a session on each that it holds.

The log is read once for all of them: when this process or another has committed, and every few seconds in any case.
Then leases are renewed too, and observers that nobody holds any more are taken. With no observer nothing runs.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from time import monotonic

import structlog

from trainyard_core.cancellation import end_all
from trainyard_core.clock import LATEST, SECOND, Clock
from trainyard_core.contracts.observer import Observer
from trainyard_core.contracts.platform import Platform
from trainyard_core.db import observers
from trainyard_core.db.activities import Tail
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.db.lease import time_of
from trainyard_core.observers.event import event_of
from trainyard_core.observers.session import PAGE, ObserverSession
from trainyard_core.work.event_feed import EventFeed

__all__ = ["RETRIED", "ObserverRunner"]

RETRIED = "observer_retried"
"""The kind of the activity that has holders look for dead letters to handle again."""
LEASE, RENEW_EVERY = 10.0, 3.0
ALONE = 60
"""Times as seldom a process renews that has the database to itself: nobody waits for its leases to end, and a machine
that idles is left alone."""
REST = 0.01
"""Seconds between two reads of the log, so that commits that come together are read together."""
UNCERTAIN = 0.02
AGAIN = 1.0
LEAVE = 3.0
"""Seconds that sessions have to write how far they came when the process ends."""
log = structlog.get_logger("trainyard.observers")
Key = tuple[str, str]


class ObserverRunner:
    """Runs beside a worker; any number may run. Each observer is held by one of them at a time."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        feed: EventFeed,
        platform_of: Callable[[str], Platform],
        found: Sequence[tuple[str, Observer]],
    ) -> None:
        self._database, self._clock, self._feed, self._platform_of = database, clock, feed, platform_of
        self._observers: dict[Key, Observer] = {(plugin, observer.name): observer for plugin, observer in found}
        self._sessions: dict[Key, tuple[ObserverSession, asyncio.Task[None]]] = {}
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._wake = asyncio.Event()
        self._times = ALONE if database.exclusive else 1
        self._renew_at = 0.0

    async def run(self) -> None:
        """Follow the log until cancelled."""
        with self._feed.calling(self._wake.set):
            try:
                while True:
                    try:
                        await self._follow()
                    except Exception:
                        log.exception("the log cannot be read; observers wait")
                    await asyncio.sleep(AGAIN)
            finally:
                await self._end()

    async def _follow(self) -> None:
        tail = Tail(self._database)
        await tail.settle()
        self._renew_at = 0.0
        while True:
            self._wake.clear()
            if monotonic() >= self._renew_at:
                await self._hold()
            after, rows = tail.position, await tail.read(PAGE)
            self._hand_out(rows, after, tail.position)
            await asyncio.sleep(REST)
            if len(rows) < PAGE:
                await self._wait(UNCERTAIN if tail.uncertain else self._renew_at - monotonic())

    async def _hold(self) -> None:
        """Renew the leases that are held, and take the observers that nobody holds."""
        self._drop_ended()
        started = monotonic()
        lease_ends, self._renew_at = started + LEASE * self._times, started + RENEW_EVERY * self._times
        rows = await self._database.write(self._lease, name="observer_lease")
        self._lose(self._sessions.keys() - {(row["plugin"], row["name"]) for row in rows})
        for row in rows:
            key, epoch = (row["plugin"], row["name"]), row["epoch"]
            if key in self._sessions and self._sessions[key][0].holding.epoch == epoch:
                self._sessions[key][0].renew(row, lease_ends)
            else:
                self._open(key, row, lease_ends)

    async def _lease(self, tx: Tx) -> list[Row]:
        now = await time_of(tx, self._clock)
        until = now + int(LEASE * self._times * SECOND)
        held = await observers.renew(tx, [session.holding for session, _ in self._sessions.values()], until=until)
        free = self._observers.keys() - self._sessions.keys()
        expired = LATEST if self._database.exclusive else now  # SQLite has one process: who held it is dead
        return held + await observers.take(tx, sorted(free), self._holder, now=expired, until=until)

    def _lose(self, keys: Collection[Key]) -> None:
        for key in keys:
            log.warning("another process has taken an observer", name=":".join(key))
            self._sessions[key][1].cancel()

    def _open(self, key: Key, row: Row, lease_ends: float) -> None:
        session = ObserverSession(self._database, self._clock, self._platform_of, self._observers[key], row, lease_ends)
        task = asyncio.create_task(session.run(), name=f"observer {':'.join(key)}")
        task.add_done_callback(self._look)
        self._sessions[key] = session, task

    def _look(self, _: asyncio.Task[None]) -> None:
        """A session has ended: its observer is free."""
        self._renew_at = min(self._renew_at, monotonic() + AGAIN)
        self._wake.set()

    def _drop_ended(self) -> None:
        """Forget sessions that have ended, and tell of those that broke."""
        for key, (_, task) in [*self._sessions.items()]:
            if task.done():
                del self._sessions[key]
                if not task.cancelled() and (error := task.exception()) is not None:
                    log.error("an observer broke; it is taken again", name=":".join(key), exc_info=error)

    def _hand_out(self, rows: Sequence[Row], after: int, upto: int) -> None:
        if any(row["kind"] == RETRIED for row in rows):
            self._renew_at = 0.0
        events = [event_of(row) for row in rows]
        for session, _ in self._sessions.values():
            session.receive(events, after, upto)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _end(self) -> None:
        for session, _ in self._sessions.values():
            session.close()
        tasks = [task for _, task in self._sessions.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=LEAVE)
        await end_all(tasks, patience=LEAVE)
