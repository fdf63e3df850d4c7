"""News for the streams of this process: one tail of the activity log, read once for all subscribers, and a word for
each run that somebody streams.

Who waits is told of this process's commits at once, of other processes' by the doorbell, and in any case by a look
at the log every few seconds. With nobody waiting nothing is read. What is sent to whom, and in which form, is the
API's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import structlog

from trainyard_core import instruments
from trainyard_core.db.activities import Tail
from trainyard_core.db.engine import Database, Row
from trainyard_core.work.subscription import BYE, Listener, Subscription, batches

__all__ = ["ACCESS", "News"]

ACCESS = "*"
"""Instead of a run: what is no run's has happened, so that somebody may have other rights now."""
PAGE = 500
LOOK = 2.0
"""Seconds after which the log is looked at although nobody said a word."""
UNCERTAIN = 0.02
AGAIN = 1.0
PING = 15.0
LEAST_REST, REST_EACH, MOST_REST = 0.005, 0.00005, 0.25
"""After handing out, the tail rests for so long for each subscriber, so that many rows share a wake-up."""
log = structlog.get_logger("trainyard.news")


class News:
    """One for each process. `closing` is set when the process shuts down: every stream ends, and none begins.
    `forward` is told the runs (an empty word: the log) that other processes should look at."""

    def __init__(self, database: Database, *, ping: float = PING) -> None:
        self._database, self._ping_every = database, ping
        self._subscriptions: set[Subscription] = set()
        self._runs: dict[str, set[Listener]] = {}
        self._poked = asyncio.Event()
        self._settled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closing = False
        self.position = 0
        self.forward: Callable[[str], None] = lambda run: None

    def tell(self, run: str) -> None:
        """There is something new of this run that the log does not tell, such as frames."""
        self.heard((run,))
        self.forward(run)

    def committed(self) -> None:
        """This process has written; the log may have grown."""
        self._poked.set()
        self.forward("")

    def heard(self, runs: Iterable[str]) -> None:
        """Another process says so of these runs; of an empty one, of the log."""
        for run in runs:
            if not run:
                self._poked.set()
            for listener in self._runs.get(run, ()):
                listener.wake()

    def listen(self, run: str) -> Listener:
        """One that is woken for news of a run, while it is entered."""
        those = self._runs

        def enter() -> None:
            those.setdefault(run, set()).add(listener)
            self._begin(listener)

        def leave() -> None:
            those[run].discard(listener)
            if not those[run]:
                del those[run]
            self._poked.set()

        listener = Listener(enter, leave)
        return listener

    def subscribe(self, projects: frozenset[str] | None) -> Subscription:
        """One that is given what happens in these projects (None: everywhere), from `join` on and while it is
        entered."""

        def enter() -> None:
            self._subscriptions.add(subscription)
            self._begin(subscription)

        def leave() -> None:
            self._subscriptions.discard(subscription)
            self._poked.set()

        subscription = Subscription(projects, enter, leave)
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
        for listener in self._listeners():
            listener.end(BYE)

    def _listeners(self) -> list[Listener]:
        return [*self._subscriptions, *(listener for those in self._runs.values() for listener in those)]

    def _begin(self, listener: Listener) -> None:
        if self.closing:
            self._settled.set()
            listener.end(BYE)
            return
        self._loop = asyncio.get_running_loop()
        if self._task is None or self._task.done():
            self._settled.clear()
            self._task = self._loop.create_task(self._follow(), name="news")

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
        self.heard([*self._runs])  # what came before this place is not handed out, and they may have read before it
        return tail

    async def _read_on(self, tail: Tail) -> None:
        ping_at = self._now() + self._ping_every
        while self.subscribers:
            self._poked.clear()
            rows = await tail.read(PAGE)
            if rows:
                self._hand_out(rows)
                await asyncio.sleep(min(MOST_REST, LEAST_REST + REST_EACH * len(self._subscriptions)))
            if self._now() >= ping_at:
                ping_at = self._now() + self._ping_every
                self._ping()
            if len(rows) < PAGE:
                await self._until_poked(UNCERTAIN if tail.uncertain else min(LOOK, ping_at - self._now()))

    def _hand_out(self, rows: Sequence[Row]) -> None:
        self.position = rows[-1]["id"]
        instruments.STREAMED.add(len(rows))
        of = batches(rows)
        for subscription in self._subscriptions:
            batch = of(subscription.projects) if subscription.joined else None
            if batch is not None and not subscription.push(batch):
                instruments.OVERFLOWS.add()
        if self._runs:
            self.heard({row["run"] or ACCESS for row in rows})

    def _ping(self) -> None:
        for subscription in self._subscriptions:
            subscription.wake()

    async def _until_poked(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._poked.wait()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
