"""The event feed of one process: it reads the activity log once for all streams of the process, and wakes each stream
of a run when that run has changed.

A stream is woken by this process's commits at once, by those of other processes through the notifier, and in any case
by a read of the log every few seconds. With no stream open nothing is read. The API decides what is sent to whom, and
in which form.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import structlog

from trainyard_core import instruments
from trainyard_core.db.activities import Tail
from trainyard_core.db.engine import Database, Row
from trainyard_core.work.subscription import BYE, LogSubscription, Subscription, batches

__all__ = ["ACCESS", "EventFeed"]

ACCESS = "*"
"""Instead of a run: something has changed that belongs to no run, so somebody may have other rights now."""
PAGE = 500
POLL = 2.0
"""Seconds after which the log is read although nobody reported a change."""
UNCERTAIN = 0.02
AGAIN = 1.0
PING = 15.0
LEAST_REST, REST_EACH, MOST_REST = 0.005, 0.00005, 0.25
"""After handing out, the tail rests for so long for each subscriber, so that many rows share a wake-up."""
log = structlog.get_logger("trainyard.events")


class EventFeed:
    """One for each process. `closing` is set when the process shuts down: every stream ends, and none begins.
    `forward` is told the runs (an empty word: the log) that other processes should look at."""

    def __init__(self, database: Database, *, ping: float = PING) -> None:
        self._database, self._ping_every = database, ping
        self._subscriptions: set[LogSubscription] = set()
        self._runs: dict[str, set[Subscription]] = {}
        self._wake = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []
        self._settled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closing = False
        self.position = 0
        self.forward: Callable[[str], None] = lambda run: None

    def publish(self, run: str) -> None:
        """This run has changed in a way that the log does not record: it has new frames, for example."""
        self.receive((run,))
        self.forward(run)

    def committed(self) -> None:
        """This process has added to the log."""
        self._wake_readers()
        self.forward("")

    @contextmanager
    def calling(self, listener: Callable[[], None]) -> Iterator[None]:
        """Within this block `listener` is called whenever the log may have grown, in this process or another."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def receive(self, runs: Iterable[str]) -> None:
        """Wake the streams of these runs; an empty name stands for the log."""
        for run in runs:
            if not run:
                self._wake_readers()
            for subscription in self._runs.get(run, ()):
                subscription.wake()

    def _wake_readers(self) -> None:
        self._wake.set()
        for listener in self._listeners:
            listener()

    def subscribe_run(self, run: str) -> Subscription:
        """A subscription to one run, active while it is entered."""
        those = self._runs

        def enter() -> None:
            those.setdefault(run, set()).add(subscription)
            self._begin(subscription)

        def leave() -> None:
            those[run].discard(subscription)
            if not those[run]:
                del those[run]
            self._wake.set()

        subscription = Subscription(enter, leave)
        return subscription

    def subscribe(self, projects: frozenset[str] | None) -> LogSubscription:
        """One that is given what happens in these projects (None: everywhere), from `join` on and while it is
        entered."""

        def enter() -> None:
            self._subscriptions.add(subscription)
            self._begin(subscription)

        def leave() -> None:
            self._subscriptions.discard(subscription)
            self._wake.set()

        subscription = LogSubscription(projects, enter, leave)
        return subscription

    @property
    def subscribers(self) -> int:
        """How many streams there are now, of all kinds."""
        return len(self._subscriptions) + sum(len(those) for run, those in self._runs.items() if run != ACCESS)

    async def settled(self) -> int:
        """The place in the log where the tail is: nothing will be added at or below it."""
        await self._settled.wait()
        return self.position

    def close(self) -> None:
        """Every stream is to end now. May be called from a signal handler."""
        self.closing = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_all)

    async def aclose(self) -> None:
        """End every stream, and the tail."""
        self.closing = True
        self._end_all()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _end_all(self) -> None:
        self._settled.set()
        for subscription in self._all():
            subscription.end(BYE)

    def _all(self) -> list[Subscription]:
        return [*self._subscriptions, *(subscription for those in self._runs.values() for subscription in those)]

    def _begin(self, subscription: Subscription) -> None:
        if self.closing:
            self._settled.set()
            subscription.end(BYE)
            return
        self._loop = asyncio.get_running_loop()
        if self._task is None or self._task.done():
            self._settled.clear()
            self._task = self._loop.create_task(self._follow(), name="event_feed")

    async def _follow(self) -> None:
        """Read the log for as long as somebody waits for it."""
        tail: Tail | None = None
        while self.subscribers:
            try:
                tail = tail or await self._settle()
                await self._read_on(tail)
            except Exception:
                log.exception("the log cannot be read; streams wait")
                await asyncio.sleep(AGAIN)
        self._task = None

    async def _settle(self) -> Tail:
        tail = Tail(self._database)
        self.position = await tail.settle()
        self._settled.set()
        self.receive([*self._runs])  # what came before this place is not handed out, and they may have read before it
        return tail

    async def _read_on(self, tail: Tail) -> None:
        ping_at = self._now() + self._ping_every
        while self.subscribers:
            self._wake.clear()
            rows = await tail.read(PAGE)
            if rows:
                self._hand_out(rows)
                await asyncio.sleep(min(MOST_REST, LEAST_REST + REST_EACH * len(self._subscriptions)))
            if self._now() >= ping_at:
                ping_at = self._now() + self._ping_every
                self._ping()
            if len(rows) < PAGE:
                await self._wait(UNCERTAIN if tail.uncertain else min(POLL, ping_at - self._now()))

    def _hand_out(self, rows: Sequence[Row]) -> None:
        self.position = rows[-1]["id"]
        instruments.STREAMED.add(len(rows))
        of = batches(rows)
        for subscription in self._subscriptions:
            batch = of(subscription.projects) if subscription.joined else None
            if batch is not None and not subscription.push(batch):
                instruments.OVERFLOWS.add()
        if self._runs:
            self.receive({row["run"] or ACCESS for row in rows})

    def _ping(self) -> None:
        for subscription in self._subscriptions:
            subscription.wake()

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
