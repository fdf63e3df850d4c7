"""The doorbell: tells this process's agents and the other processes that something may be done. The database stays
the truth.

Waking an agent is an event in this process and a pub/sub poke for the others. Waking a run is an arq job whose id
carries the run's `wake_seq`, so that many processes ring once; its worker waits on an event set by the poke, not
on a poll. When Valkey is gone, flushed or slow, ringing says so and the sweep does the work: nothing waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol

import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.worker import Worker, func
from redis.exceptions import RedisError

__all__ = ["ArqDoorbell", "Doorbell", "LocalDoorbell"]

QUEUE = "trainyard:reconcile"
CHANNEL = "trainyard:poke"
JOB = "reconcile"
PATIENCE = 1.0
AGAIN = 0.2
log = structlog.get_logger("trainyard.doorbell")

Reconcile = Callable[[str], Awaitable[None]]


class Doorbell(Protocol):
    """Wakes agents and runs."""

    def listen(self) -> asyncio.Event:
        """An event that is set whenever agents should look; its owner clears it."""

    def unlisten(self, event: asyncio.Event) -> None:
        """Its owner is gone."""

    async def call_agents(self) -> None:
        """Agents should look. Never raises."""

    async def ring(self, runs: Iterable[tuple[str, int]]) -> None:
        """These runs (id, wake_seq) should be reconciled by somebody. Never raises."""

    async def serve(self) -> None:
        """Answer rings from anywhere until cancelled."""

    async def close(self) -> None:
        """Disconnect."""


class LocalDoorbell:
    """One process, no Valkey: ringing reconciles here."""

    def __init__(self, reconcile: Reconcile) -> None:
        self._reconcile = reconcile
        self._listeners: list[asyncio.Event] = []

    def listen(self) -> asyncio.Event:
        event = asyncio.Event()
        self._listeners.append(event)
        return event

    def unlisten(self, event: asyncio.Event) -> None:
        self._listeners.remove(event)

    async def call_agents(self) -> None:
        for event in self._listeners:
            event.set()

    async def ring(self, runs: Iterable[tuple[str, int]]) -> None:
        for run, _ in runs:
            try:
                await self._reconcile(run)
            except Exception:
                log.exception("a run could not be reconciled; it is tried again", run=run)

    async def serve(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing is open."""


class ArqDoorbell(LocalDoorbell):
    """Several processes around one Valkey or Redis."""

    def __init__(self, reconcile: Reconcile, settings: RedisSettings) -> None:
        super().__init__(reconcile)
        self._settings = settings
        self._pool: ArqRedis | None = None
        self._poked = asyncio.Event()
        self._connected_once = True

    async def call_agents(self) -> None:
        await super().call_agents()
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await (await self._connected()).publish(CHANNEL, b"agents")

    async def ring(self, runs: Iterable[tuple[str, int]]) -> None:
        wanted = list(runs)
        try:
            async with asyncio.timeout(PATIENCE):
                pool = await self._connected()
                for run, seq in wanted:
                    await pool.enqueue_job(JOB, run, _job_id=f"{run}:{seq}", _queue_name=QUEUE)
                await pool.publish(CHANNEL, b"runs")
        except (RedisError, OSError, TimeoutError):
            await super().ring(wanted)

    async def serve(self) -> None:
        """Worker and subscriber, started again whenever the connection breaks."""
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._subscribe())
                    group.create_task(self._work())
            except* (RedisError, OSError, TimeoutError) as errors:
                _mind_cancellation()
                self._tell_once(errors.exceptions[0])
            await self._forget_pool()
            await asyncio.sleep(AGAIN)

    def _tell_once(self, error: BaseException) -> None:
        """One line for each time that the queue goes away, however often it is tried."""
        if self._connected_once:
            self._connected_once = False
            log.warning("the queue is away; the sweep carries on", error=str(error))

    async def close(self) -> None:
        await self._forget_pool()

    async def _connected(self) -> ArqRedis:
        if self._pool is None:
            self._pool = await create_pool(self._settings)
        return self._pool

    async def _forget_pool(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            with suppress(RedisError, OSError):
                await pool.aclose()

    async def _subscribe(self) -> None:
        pool = await create_pool(self._settings)
        try:
            channel = pool.pubsub()
            await channel.subscribe(CHANNEL)
            self._connected_once = True
            async for message in channel.listen():
                if message["type"] == "message":
                    self._poked.set()
                    await super().call_agents()
        finally:
            await pool.aclose()

    async def _work(self) -> None:
        worker = _EventWorker(self._poked, self._reconcile, await create_pool(self._settings))
        try:
            await worker.main()
        finally:
            with suppress(RedisError, OSError):
                await worker.close()


def _mind_cancellation() -> None:
    """A task group that fails while it is being cancelled raises its failures and not the cancellation: that is
    made good here."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


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
