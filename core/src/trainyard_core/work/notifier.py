"""The doorbell: tells this process's agents and the other processes that something may be done. The database stays
the truth.

Waking an agent is an event in this process and a pub/sub poke for the others. Waking a run is an arq job whose id
carries the run's `wake_seq`, so that many processes ring once; its worker waits on an event set by the poke, not
on a poll. When Valkey is gone, flushed or slow, ringing says so and the patrol does the work: nothing waits for it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol

import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.worker import Worker, func
from redis.exceptions import RedisError

from trainyard_core import instruments
from trainyard_core.cancellation import end_all
from trainyard_core.errors import Unavailable
from trainyard_core.work.event_feed import News

__all__ = ["ArqDoorbell", "Call", "Doorbell", "LocalDoorbell"]

QUEUE = "trainyard:reconcile"
CHANNEL = "trainyard:poke"
JOB = "reconcile"
WORK, ORDERS, RUNS = b"work", b"orders", b"runs"
NEWS = b"news:"
MOST_NEWS = 500
PATIENCE = 1.0
MOMENT = 0.005
NEWS_MOMENT = 0.02
AGAIN = 0.2
log = structlog.get_logger("trainyard.doorbell")

Reconcile = Callable[[str], Awaitable[None]]


class Call(asyncio.Event):
    """Set whenever an agent should look for new work; with `orders` also when it should ask what to do about what
    it holds."""

    orders = False

    def taken(self) -> bool:
        """Clear the call; whether orders were meant."""
        self.clear()
        orders, self.orders = self.orders, False
        return orders


class Doorbell(Protocol):
    """Wakes agents and runs."""

    def listen(self) -> Call:
        """A call for one agent; its owner clears it."""

    def forget(self, call: Call) -> None:
        """Nobody waits for this call any more."""

    def call_agents(self, *, orders: bool = False) -> None:
        """There may be work for agents; with `orders`, something about what they hold has changed. Returns at
        once."""

    async def ring(self, runs: Iterable[tuple[str, int]]) -> None:
        """These runs (id, wake_seq) should be reconciled by somebody. Never raises."""

    async def look(self, runs: Iterable[str]) -> None:
        """Reconcile these runs in this process, whatever becomes of the queue. Never raises."""

    def carry(self, news: News) -> None:
        """Carry news from this process's streams' source to those of the other processes, and theirs here."""

    async def serve(self) -> None:
        """Answer rings from anywhere, and pass on this process's calls, until cancelled."""

    async def ping(self) -> bool:
        """Whether there is a queue, which answers. Raises Unavailable when it does not."""

    async def close(self) -> None:
        """Disconnect."""


class LocalDoorbell:
    """One process, no Valkey: ringing reconciles here."""

    def __init__(self, reconcile: Reconcile) -> None:
        self._reconcile = reconcile
        self._listeners: list[Call] = []

    def listen(self) -> Call:
        call = Call()
        self._listeners.append(call)
        return call

    def forget(self, call: Call) -> None:
        self._listeners = [each for each in self._listeners if each is not call]

    def call_agents(self, *, orders: bool = False) -> None:
        for call in self._listeners:
            call.orders |= orders
            call.set()

    async def ring(self, runs: Iterable[tuple[str, int]]) -> None:
        await self.look(run for run, _ in runs)

    async def look(self, runs: Iterable[str]) -> None:
        for run in runs:
            try:
                await self._reconcile(run)
            except Exception:
                log.exception("a run could not be reconciled; it is tried again", run=run)

    def carry(self, news: News) -> None:
        """There is nobody else."""

    async def serve(self) -> None:
        await asyncio.Event().wait()

    async def ping(self) -> bool:
        return False

    async def close(self) -> None:
        """Nothing is open."""


class ArqDoorbell(LocalDoorbell):
    """Several processes around one Valkey or Redis. Calls that come together leave as one poke."""

    def __init__(self, reconcile: Reconcile, settings: RedisSettings) -> None:
        super().__init__(reconcile)
        self._settings = settings
        self._pool: ArqRedis | None = None
        self._connecting = asyncio.Lock()
        self._me = secrets.token_bytes(8)
        self._outgoing = Call()
        self._news: News | None = None
        self._untold: set[str] = set()
        self._news_came = asyncio.Event()
        self._poked = asyncio.Event()
        self._connected_once = True

    def call_agents(self, *, orders: bool = False) -> None:
        super().call_agents(orders=orders)
        self._outgoing.orders |= orders
        self._outgoing.set()

    def carry(self, news: News) -> None:
        self._news, news.forward = news, self._forward

    def _forward(self, run: str) -> None:
        if len(self._untold) < MOST_NEWS:
            self._untold.add(run)
        self._news_came.set()

    async def ring(self, runs: Iterable[tuple[str, int]]) -> None:
        wanted = list(runs)
        try:
            async with asyncio.timeout(PATIENCE):
                pool = await self._connected()
                for run, seq in wanted:
                    await pool.enqueue_job(JOB, run, _job_id=f"{run}:{seq}", _queue_name=QUEUE)
                await pool.publish(CHANNEL, self._me + RUNS)
            instruments.NOTIFICATIONS.add(1, RUNS.decode(), "out")
        except (RedisError, OSError, TimeoutError):
            await self.look(run for run, _ in wanted)

    async def serve(self) -> None:
        """Worker, subscriber and pokes, started again whenever the connection breaks."""
        while True:
            try:
                await self._until_one_breaks()
            except (RedisError, OSError, TimeoutError) as error:
                self._tell_once(error)
            await self._forget_pool()
            await asyncio.sleep(AGAIN)

    async def _until_one_breaks(self) -> None:
        """Worker, subscriber and pokes side by side; raises what the first that fails does. No task group: one that
        fails leaves its task marked as cancelled in Python 3.11 and 3.12, and then it cannot be told from one that
        somebody has cancelled."""
        parts = (self._subscribe(), self._work(), self._pass_on(), self._pass_news_on())
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end_all(tasks, patience=PATIENCE)
        for task in done:
            task.result()

    def _tell_once(self, error: BaseException) -> None:
        """One line for each time that the queue goes away, however often it is tried."""
        if self._connected_once:
            self._connected_once = False
            log.warning("the queue is away; the patrol carries on", error=str(error))

    async def ping(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                await (await self._connected()).ping()
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(
                f"the queue does not answer ({type(error).__name__}); the patrol does its work, more slowly",
                fix="see whether Valkey runs and can be reached at the setting `valkey`",
            ) from error
        return True

    async def close(self) -> None:
        await self._forget_pool()

    async def _pass_on(self) -> None:
        """Poke the other processes, once for all calls of a moment."""
        while True:
            await self._outgoing.wait()
            word = ORDERS if self._outgoing.taken() else WORK
            async with asyncio.timeout(PATIENCE):
                await (await self._connected()).publish(CHANNEL, self._me + word)
            instruments.NOTIFICATIONS.add(1, word.decode(), "out")
            await asyncio.sleep(MOMENT)

    async def _pass_news_on(self) -> None:
        """Tell the other processes what is new, once for all that comes in a moment. What is lost on the way is found
        by their own looks."""
        while True:
            await self._news_came.wait()
            self._news_came.clear()
            told, self._untold = self._untold, set()
            async with asyncio.timeout(PATIENCE):
                await (await self._connected()).publish(CHANNEL, self._me + NEWS + ",".join(told).encode())
            instruments.NOTIFICATIONS.add(1, "news", "out")
            await asyncio.sleep(NEWS_MOMENT)

    async def _connected(self) -> ArqRedis:
        async with self._connecting:
            if self._pool is None:
                self._pool = await _opened(self._settings)
            return self._pool

    async def _forget_pool(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            with suppress(RedisError, OSError):
                await pool.aclose()

    async def _subscribe(self) -> None:
        pool = await _opened(self._settings)
        try:
            async with pool.pubsub() as channel:
                await channel.subscribe(CHANNEL)
                self._connected_once = True
                async for message in channel.listen():
                    if message["type"] == "message":
                        self._heard(message["data"])
        finally:
            await pool.aclose()

    def _heard(self, data: bytes) -> None:
        """Another process's poke; our own is known already, but for the worker that answers rings."""
        sender, word = data[: len(self._me)], data[len(self._me) :]
        if sender != self._me:
            instruments.NOTIFICATIONS.add(1, word.partition(b":")[0].decode(), "in")
        if word == RUNS:
            self._poked.set()
        elif word.startswith(NEWS):
            if sender != self._me and self._news is not None:
                self._news.heard(word.removeprefix(NEWS).decode().split(","))
        elif sender != self._me:
            super().call_agents(orders=word == ORDERS)

    async def _work(self) -> None:
        pool = await _opened(self._settings)
        worker = _EventWorker(self._poked, self._reconcile, pool)
        try:
            await worker.main()
        finally:
            with suppress(RedisError, OSError, asyncio.CancelledError):  # of the jobs that it cancels
                await worker.close()
            with suppress(RedisError, OSError):  # which it skips when a job was cancelled
                await pool.aclose(close_connection_pool=True)


async def _opened(settings: RedisSettings) -> ArqRedis:
    """A connected pool. One whose making is cancelled is closed; arq itself would lose its connection."""
    making = asyncio.ensure_future(create_pool(settings))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        with suppress(RedisError, OSError, TimeoutError):
            await (await making).aclose()
        raise


class _EventWorker(Worker):
    """An arq worker that waits for a poke instead of sleeping between polls."""

    def __init__(self, poked: asyncio.Event, reconcile: Reconcile, pool: ArqRedis) -> None:
        async def job(ctx: dict[str, Any], run: str) -> None:
            await reconcile(run)

        super().__init__(
            [func(job, name=JOB, keep_result=0, timeout=60, max_tries=1)],
            redis_pool=pool,
            queue_name=QUEUE,
            handle_signals=False,
            max_jobs=20,
            queue_read_limit=1000,
            keep_result=0,
            log_results=False,
        )
        self._poked_event = poked

    async def main(self) -> None:
        while True:
            self._poked_event.clear()
            await self._poll_iteration()
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._poked_event.wait()
