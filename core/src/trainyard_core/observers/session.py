"""One observer in the hands of this process: its events are given to its handler, and how far it has come is written.

A session lasts as long as its lease. When that is not renewed in time, or a write finds that another process has taken
the observer, what the handler was doing is cancelled and nothing more is written. So is it when the process ends, after
a moment in which handlers may finish. Whoever goes on begins where the last checkpoint was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic

import msgspec
import structlog

from trainyard.names import storable
from trainyard_core import failpoints, instruments
from trainyard_core.cancellation import end_all
from trainyard_core.clock import SECOND, Clock
from trainyard_core.contracts.observer import Event, Observer, run_of
from trainyard_core.contracts.platform import Platform
from trainyard_core.db import activities, observers
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.db.lease import time_of
from trainyard_core.db.observers import Checkpoint, DeferredEvent, Holding
from trainyard_core.hook_guard import gist
from trainyard_core.observers.backlog import MOST_BACKOFF, Backlog, Delivery
from trainyard_core.observers.event import event_of

__all__ = ["ObserverSession"]

PAGE = 500
SAVE_EVERY, PASS_EVERY = 0.25, 5.0
"""Seconds between two checkpoints: when events were handled, and when others were passed only."""
LEAVE = 1.0
"""Seconds that handlers have to finish when the process ends."""
SUBJECT_CHARS = 200
log = structlog.get_logger("trainyard.observers")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Event).decode


class ObserverSession:
    """A session on an observer that was taken with this row, until `lease_ends` (seconds of `monotonic`) unless it is
    renewed."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        platform_of: Callable[[str], Platform],
        observer: Observer,
        row: Row,
        lease_ends: float,
    ) -> None:
        self._database, self._clock, self._platform_of, self._observer = database, clock, platform_of, observer
        self.holding = Holding(row["plugin"], row["name"], row["epoch"])
        self._label = f"{row['plugin']}:{row['name']}"
        self._kinds, self._projects = frozenset(observer.kinds), frozenset(observer.projects)
        self._backlog = Backlog(row["cursor_id"], attempts=observer.attempts)
        self._retries, self._retries_seen = row["retries"], -1
        self._end_of_log = row["cursor_id"]
        self._lease_ends = lease_ends
        self._lease: asyncio.Timeout | None = None
        self._saved_at = 0.0
        self._calls: set[asyncio.Task[None]] = set()
        self._retrying = 0
        """How many of the calls are for events that have failed before."""
        self._changed = asyncio.Event()
        self._is_closing = False

    async def run(self) -> None:
        """Give events to the handler until the session is closed or lost."""
        try:
            async with asyncio.timeout(self._lease_ends - monotonic()) as self._lease:
                while not self._is_closing:
                    await self._turn()
                await self._leave()
        except TimeoutError:
            if self._lease is None or not self._lease.expired():
                raise
            log.warning("the lease on an observer could not be renewed in time; it is taken again", name=self._label)
        except _Lost:
            log.warning("another process has taken an observer", name=self._label)
        finally:
            self._is_closing, self._lease = True, None
            await end_all(self._calls, patience=LEAVE)

    def renew(self, row: Row, lease_ends: float) -> None:
        """The observer is still held, and its row is this."""
        self._lease_ends, self._retries = lease_ends, row["retries"]
        if self._lease is not None and not self._lease.expired():
            self._lease.reschedule(asyncio.get_running_loop().time() + lease_ends - monotonic())
        self._changed.set()

    def receive(self, events: Sequence[Event], after: int, upto: int) -> None:
        """These are all events after one place in the log and up to another, which is the end of what is certain. A
        session that is behind reads them itself."""
        self._end_of_log = upto
        if self._backlog.position == after and self._backlog.room >= len(events):
            self._add([event for event in events if self._wants(event.kind, event.project)], upto)
        self._changed.set()

    def close(self) -> None:
        """End soon."""
        self._is_closing = True
        self._changed.set()

    async def _turn(self) -> None:
        self._changed.clear()
        if self._retries_seen != self._retries:
            await self._restore()
        await self._read()
        self._start()
        if monotonic() >= self._saved_at + self._save_every:
            await self._save()
        await self._wait()

    async def _restore(self) -> None:
        """Read what is stored: at first, and when dead letters are to be handled again."""
        retries, (plugin, name) = self._retries, (self.holding.plugin, self.holding.name)

        async def work(tx: Tx) -> tuple[list[Row], int]:
            return await observers.waiting(tx, plugin, name), await time_of(tx, self._clock)

        rows, now = await self._database.read(work)
        self._backlog.restore([_delivery(row, now) for row in rows])
        self._retries_seen = retries

    async def _read(self) -> None:
        """Read one page of what is behind the end of the log, if there is room."""
        after, upto = self._backlog.position, self._end_of_log
        limit = min(PAGE, self._backlog.room)
        if after >= upto or not limit:
            return
        rows = await self._database.read(
            lambda tx: activities.page(tx, after=after, upto=upto, projects=None, limit=limit)
        )
        wanted = [event_of(row) for row in rows if self._wants(row["kind"], row["project"])]
        self._add(wanted, rows[-1]["id"] if len(rows) == limit else upto)
        self._changed.set()

    def _add(self, events: Sequence[Event], upto: int) -> None:
        for event in events:
            self._backlog.add(event, self._subject(event))
        self._backlog.pass_to(upto)

    def _wants(self, kind: str, project: str) -> bool:
        return (not self._kinds or kind in self._kinds) and (not self._projects or project in self._projects)

    def _subject(self, event: Event) -> str:
        """What the event is about; where the observer cannot say, its handling fails with the reason."""
        try:
            return storable(self._observer.subject(event), SUBJECT_CHARS)
        except Exception:
            return run_of(event)

    def _start(self) -> None:
        """Handle as many events as may be handled at once. Those that have failed before leave half of the calls to
        others: what hangs on each attempt must not take all."""
        while len(self._calls) < self._observer.parallel and not self._is_closing:
            now = monotonic()
            may_retry = self._retrying < max(1, self._observer.parallel // 2)
            if now >= self._lease_ends or (delivery := self._backlog.take(now, failed=may_retry)) is None:
                return
            self._retrying += bool(delivery.attempts)
            task = asyncio.create_task(self._deliver(delivery), name=f"observer {self._label}")
            self._calls.add(task)
            task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        self._start()
        self._changed.set()

    async def _deliver(self, delivery: Delivery) -> None:
        is_retry = bool(delivery.attempts)
        failpoints.point("observer:before_call")
        try:
            error = await self._call(delivery.event)
        finally:
            self._retrying -= is_retry
        failpoints.point("observer:after_call")
        if not error:
            seconds = max(0, self._clock.now() - delivery.event.at) / SECOND
            instruments.OBSERVED.add(seconds, self._label)
            self._backlog.succeed(delivery)
            return
        instruments.OBSERVER_FAILURES.add(1, self._label)
        self._backlog.fail(delivery, error, monotonic())
        log.warning(
            "an event could not be handled",
            name=self._label,
            activity=delivery.event.id,
            subject=delivery.subject,
            attempts=delivery.attempts,
            dead=delivery.dead,
            error=error,
        )

    async def _call(self, event: Event) -> str:
        """Call the handler; why it failed, empty when it did not. Whatever it raises is its failure, also what would
        end the process."""
        task = asyncio.current_task()
        try:
            async with asyncio.timeout(self._observer.timeout) as limit:
                if not isinstance(self._observer.subject(event), str):
                    raise TypeError("`subject` gave no text")
                await self._observer.handle(self._platform_of(self.holding.plugin), event)
        except asyncio.CancelledError as error:
            if task is None or task.cancelling():
                raise
            return gist(error)
        except TimeoutError as error:
            return f"it took longer than {self._observer.timeout:g} s" if limit.expired() else gist(error)
        except BaseException as error:
            return gist(error)
        return ""

    @property
    def _save_every(self) -> float:
        return SAVE_EVERY if self._backlog.is_changed else PASS_EVERY

    async def _save(self) -> None:
        """Write a checkpoint, if there is something new. Raises _Lost."""
        self._saved_at = monotonic()
        progress = self._backlog.progress()
        if progress is None:
            return
        reached = Checkpoint(
            cursor=progress.cursor,
            deferred=[_deferred(each, monotonic()) for each in progress.deferred],
            finished=progress.finished,
        )

        async def work(tx: Tx) -> bool:
            return await observers.checkpoint(tx, self.holding, reached, now=await time_of(tx, self._clock))

        if not await self._database.write(work, name="observer"):
            raise _Lost

    async def _wait(self) -> None:
        """Wait until something has changed, a failed event is due, or a checkpoint."""
        until = [self._backlog.next_due() if len(self._calls) < self._observer.parallel else None]
        if self._backlog.is_changed or self._backlog.cursor < self._backlog.position:
            until.append(self._saved_at + self._save_every)
        seconds = min((each - monotonic() for each in until if each is not None), default=None)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def _leave(self) -> None:
        """The process ends: let handlers finish for a moment, write how far they came, and let another process take the
        observer at once."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=LEAVE)
        await end_all(self._calls, patience=LEAVE)
        await self._save()
        await self._database.write(lambda tx: observers.release(tx, self.holding), name="observer")


class _Lost(Exception):
    """Another process has taken the observer."""


def _delivery(row: Row, now: int) -> Delivery:
    """A stored event. When it is due was told by another process's clock: no later than the longest wait."""
    delay = min((row["due_at"] - now) / SECOND, MOST_BACKOFF)
    return Delivery(
        _decode(row["event"]),
        row["subject"],
        attempts=row["attempts"],
        due=monotonic() + delay,
        error=row["error"],
        stored=True,
    )


def _deferred(delivery: Delivery, now: float) -> DeferredEvent:
    return DeferredEvent(
        activity=delivery.event.id,
        subject=delivery.subject,
        event=_encode(delivery.event).decode(),
        attempts=delivery.attempts,
        delay=int(max(0.0, delivery.due - now) * SECOND),
        error=delivery.error,
        dead=delivery.dead,
    )
