"""The notifier of several processes around one Valkey or Redis.

An agent is woken by an event in this process, and by a pub/sub message in the others. A run is woken by an arq job
whose id carries the run's `wake_seq`, so that many processes enqueue it once; the worker waits for the message instead
of polling. Background jobs are rows of the database; an arq job in a queue of its own has one of the processes that
run them look. When Valkey is unreachable, flushed or slow, the run is reconciled here or by maintenance, and due jobs
are found by those who run them: nothing depends on a message.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.worker import Function, Worker, func
from redis.exceptions import RedisError

from trainyard_core import instruments
from trainyard_core.agent.model import WakeEvent
from trainyard_core.cancellation import end_all
from trainyard_core.errors import Unavailable
from trainyard_core.work.event_feed import EventFeed
from trainyard_core.work.notifier import LocalNotifier, Reconcile

__all__ = ["ArqNotifier", "redis_settings"]

QUEUE = "trainyard:reconcile"
JOBS_QUEUE = "trainyard:jobs"
CHANNEL = "trainyard:wake"
JOB = "reconcile"
JOBS_JOB = "jobs"
JOBS_EXPIRE = 60.0
"""Seconds after which nobody needs to be told of a job any more: by then it has been found."""
WORK, ORDERS, RUNS, JOBS = b"work", b"orders", b"runs", b"jobs"
CHANGES = b"changes:"
MOST_CHANGES = 500
TIMEOUT = 1.0
WAKES_DELAY = 0.005
CHANGES_DELAY = 0.02
RETRY_DELAY = 0.2
log = structlog.get_logger("trainyard.notifier")


class ArqNotifier(LocalNotifier):
    """Wakes that come together leave as one message."""

    def __init__(self, reconcile: Reconcile, settings: RedisSettings) -> None:
        super().__init__(reconcile)
        self._settings = settings
        self._pool: ArqRedis | None = None
        self._connecting = asyncio.Lock()
        self._sender = secrets.token_bytes(8)
        self._pending = WakeEvent()
        self._feed: EventFeed | None = None
        self._changed_runs: set[str] = set()
        self._changed = asyncio.Event()
        self._runs_waiting = asyncio.Event()
        self._jobs_pending = asyncio.Event()
        self._jobs_waiting = asyncio.Event()
        self._connected_once = True

    def notify_agents(self, *, orders: bool = False) -> None:
        super().notify_agents(orders=orders)
        self._pending.orders |= orders
        self._pending.set()

    def notify_jobs(self) -> None:
        super().notify_jobs()
        self._jobs_pending.set()

    def attach(self, feed: EventFeed) -> None:
        self._feed, feed.forward = feed, self._forward

    def _forward(self, run: str) -> None:
        if len(self._changed_runs) < MOST_CHANGES:
            self._changed_runs.add(run)
        self._changed.set()

    async def notify(self, runs: Iterable[tuple[str, int]]) -> None:
        wanted = list(runs)
        try:
            async with asyncio.timeout(TIMEOUT):
                pool = await self._connected()
                for run, seq in wanted:
                    await pool.enqueue_job(JOB, run, _job_id=f"{run}:{seq}", _queue_name=QUEUE)
                await pool.publish(CHANNEL, self._sender + RUNS)
            instruments.NOTIFICATIONS.add(1, RUNS.decode(), "out")
        except (RedisError, OSError, TimeoutError):
            await self.reconcile_here(run for run, _ in wanted)

    async def serve(self) -> None:
        """Run worker, subscriber and publishers; start them again whenever the connection breaks."""
        while True:
            try:
                await self._until_one_breaks()
            except (RedisError, OSError, TimeoutError) as error:
                self._log_once(error)
            await self._forget_pool()
            await asyncio.sleep(RETRY_DELAY)

    async def _until_one_breaks(self) -> None:
        """Run worker, subscriber and publishers side by side; raises what the first that fails does. No task group: one
        that fails leaves its task marked as cancelled in Python 3.11 and 3.12, and then it cannot be told from one that
        somebody has cancelled."""
        parts = [self._subscribe(), self._work(), self._publish_wakes(), self._publish_changes(), self._publish_jobs()]
        if self._wake_jobs is not None:
            parts.append(self._take_jobs(self._wake_jobs))
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end_all(tasks, patience=TIMEOUT)
        for task in done:
            task.result()

    def _log_once(self, error: BaseException) -> None:
        """One line for each time that the queue goes away, however often it is tried."""
        if self._connected_once:
            self._connected_once = False
            log.warning("the queue is unreachable; maintenance does its work, more slowly", error=str(error))

    async def ping(self) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT):
                await (await self._connected()).ping()
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(
                f"the queue does not answer ({type(error).__name__}); maintenance does its work, more slowly",
                fix="see whether Valkey runs and can be reached at the setting `valkey`",
            ) from error
        return True

    async def close(self) -> None:
        await self._forget_pool()

    async def _publish_wakes(self) -> None:
        """Wake the other processes' agents, once for all wakes within a few milliseconds."""
        while True:
            await self._pending.wait()
            word = ORDERS if self._pending.take() else WORK
            async with asyncio.timeout(TIMEOUT):
                await (await self._connected()).publish(CHANNEL, self._sender + word)
            instruments.NOTIFICATIONS.add(1, word.decode(), "out")
            await asyncio.sleep(WAKES_DELAY)

    async def _publish_changes(self) -> None:
        """Publish which runs have changed, once for all changes within a few milliseconds. The other processes find
        what is lost on the way by reading the log now and then."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            changed, self._changed_runs = self._changed_runs, set()
            async with asyncio.timeout(TIMEOUT):
                await (await self._connected()).publish(CHANNEL, self._sender + CHANGES + ",".join(changed).encode())
            instruments.NOTIFICATIONS.add(1, "changes", "out")
            await asyncio.sleep(CHANGES_DELAY)

    async def _publish_jobs(self) -> None:
        """Have a process look for due jobs, once for all jobs within a few milliseconds."""
        while True:
            await self._jobs_pending.wait()
            self._jobs_pending.clear()
            async with asyncio.timeout(TIMEOUT):
                pool = await self._connected()
                await pool.enqueue_job(JOBS_JOB, _queue_name=JOBS_QUEUE, _expires=JOBS_EXPIRE)
                await pool.publish(CHANNEL, self._sender + JOBS)
            instruments.NOTIFICATIONS.add(1, JOBS.decode(), "out")
            await asyncio.sleep(WAKES_DELAY)

    async def _connected(self) -> ArqRedis:
        async with self._connecting:
            if self._pool is None:
                self._pool = await _open_pool(self._settings)
            return self._pool

    async def _forget_pool(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            with suppress(RedisError, OSError):
                await pool.aclose()

    async def _subscribe(self) -> None:
        pool = await _open_pool(self._settings)
        try:
            async with pool.pubsub() as channel:
                await channel.subscribe(CHANNEL)
                self._connected_once = True
                async for message in channel.listen():
                    if message["type"] == "message":
                        self._receive(message["data"])
        finally:
            await pool.aclose()

    def _receive(self, data: bytes) -> None:
        """A message of another process. Of this process's own messages only the worker needs to know."""
        sender, word = data[: len(self._sender)], data[len(self._sender) :]
        if sender != self._sender:
            instruments.NOTIFICATIONS.add(1, word.partition(b":")[0].decode(), "in")
        if word == RUNS:
            self._runs_waiting.set()
        elif word == JOBS:
            self._jobs_waiting.set()
        elif word.startswith(CHANGES):
            if sender != self._sender and self._feed is not None:
                self._feed.receive(word.removeprefix(CHANGES).decode().split(","))
        elif sender != self._sender:
            super().notify_agents(orders=word == ORDERS)

    async def _work(self) -> None:
        """Reconcile the runs that arq hands out."""

        async def job(ctx: dict[str, Any], run: str) -> None:
            await self._reconcile(run)

        await self._serve_queue(QUEUE, func(job, name=JOB, keep_result=0, timeout=60, max_tries=1), self._runs_waiting)

    async def _take_jobs(self, wake: Callable[[], None]) -> None:
        """Look for due jobs whenever arq says so."""

        async def job(ctx: dict[str, Any]) -> None:
            wake()

        done = func(job, name=JOBS_JOB, keep_result=0, timeout=60, max_tries=1)
        await self._serve_queue(JOBS_QUEUE, done, self._jobs_waiting)

    async def _serve_queue(self, queue: str, function: Function, waiting: asyncio.Event) -> None:
        pool = await _open_pool(self._settings)
        worker = _EventWorker(queue, function, waiting, pool)
        try:
            await worker.main()
        finally:
            with suppress(RedisError, OSError, asyncio.CancelledError):  # of the jobs that it cancels
                await worker.close()
            with suppress(RedisError, OSError):  # which it skips when a job was cancelled
                await pool.aclose(close_connection_pool=True)


async def _open_pool(settings: RedisSettings) -> ArqRedis:
    """A connected pool. One whose making is cancelled is closed; arq itself would lose its connection."""
    making = asyncio.ensure_future(create_pool(settings))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        with suppress(RedisError, OSError, TimeoutError):
            await (await making).aclose()
        raise


class _EventWorker(Worker):
    """An arq worker that waits for a message instead of sleeping between polls."""

    def __init__(self, queue: str, function: Function, waiting: asyncio.Event, pool: ArqRedis) -> None:
        super().__init__(
            [function],
            redis_pool=pool,
            queue_name=queue,
            handle_signals=False,
            max_jobs=20,
            queue_read_limit=1000,
            keep_result=0,
            log_results=False,
        )
        self._waiting = waiting

    async def main(self) -> None:
        while True:
            self._waiting.clear()
            await self._poll_iteration()
            with suppress(TimeoutError):
                async with asyncio.timeout(TIMEOUT):
                    await self._waiting.wait()


def redis_settings(url: str) -> RedisSettings:
    """arq's settings for `redis://...` or `unix:///path`; quick to give up, for nothing waits for the queue."""
    parts = urlsplit(url)
    is_unix = parts.scheme == "unix"
    settings = RedisSettings(unix_socket_path=parts.path) if is_unix else RedisSettings.from_dsn(url)
    settings.conn_retries = 1
    settings.conn_retry_delay = 0
    settings.conn_timeout = 1
    return settings
