"""How long the notifier takes across processes: `yard up --split` on PostgreSQL with the scheduler that ends everything
at once, from the answer to a POST until the agent's process has committed the run as scheduled, seen by a query each
half millisecond. The floor is one row inserted, one word through Valkey to another process, and that process's update
of the row, seen by the same query.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import uvloop
from redis.asyncio import Redis

from bench import hop
from bench.measure import Result, Scale, percentile, say
from bench.operations import job
from bench.postgres import postgres
from bench.servers import PROJECT, program, yard_up
from trainyard_core.valkey import EmbeddedValkey

__all__ = ["measure"]

RUNS = 40
POLL = 0.0005
PATIENCE = 10.0
AIM = 20.0
Wake = Callable[[], Coroutine[Any, Any, float]]


def measure(scale: Scale, folder: Path) -> list[Result]:
    """The median of each round."""
    return uvloop.run(_measure(scale, folder))


async def _measure(scale: Scale, folder: Path) -> list[Result]:
    async with AsyncExitStack() as stack:
        valkey = EmbeddedValkey(folder)
        stack.callback(valkey.close)
        await valkey.start()
        url = stack.enter_context(postgres(folder))
        settings = {"database": url, "valkey": f"unix://{valkey.socket}", "scheduler": "instant"}
        yard = stack.enter_context(yard_up(folder, settings, "--split"))
        database = await asyncpg.connect(url)
        stack.push_async_callback(database.close)
        await database.execute(hop.SCHEMA)
        command = [sys.executable, str(Path(hop.__file__)), url, str(valkey.socket)]
        stack.enter_context(program(command, folder / "hop.log"))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=yard.url, headers=yard.headers))
        redis = Redis(unix_socket_path=str(valkey.socket))
        stack.push_async_callback(redis.aclose)
        return await _rounds(scale, _Notifier(client, database), _Hop(redis, database))


async def _rounds(scale: Scale, notifier: _Notifier, hops: _Hop) -> list[Result]:
    count = scale.of(RUNS, least=5)
    await _round(notifier.wake, 5)
    subject, floor = [], []
    for number in range(1, scale.rounds + 1):
        subject.append(await _round(notifier.wake, count))
        floor.append(await _round(hops.wake, count))
        say(f"notifier: round {number} of {scale.rounds}: {percentile(subject[-1], 0.5):.1f} ms")
    every = [latency for latencies in subject for latency in latencies]
    return [
        Result(
            "notifier",
            "from the answer to a POST to the run being scheduled by another process, PostgreSQL",
            "ms",
            [percentile(latencies, 0.5) for latencies in subject],
            [percentile(latencies, 0.5) for latencies in floor],
            AIM,
            detail={"p95_ms": round(percentile(every, 0.95), 1), "longest_ms": round(max(every), 1)},
        )
    ]


async def _round(wake: Wake, count: int) -> list[float]:
    """Milliseconds of each, one after the other."""
    return [1000 * await wake() for _ in range(count)]


class _Notifier:
    """The subject."""

    def __init__(self, client: httpx.AsyncClient, database: asyncpg.Connection) -> None:
        self._client, self._database = client, database

    async def wake(self) -> float:
        """Create a run; seconds from the answer until it is scheduled."""
        answer = await self._client.post(f"{PROJECT}/runs", json={"operation": job("/bin/true")})
        answered = time.perf_counter()
        run = answer.raise_for_status().json()["id"]
        return await _until(self._database, "SELECT attempt > 0 FROM run WHERE id = $1", run) - answered


class _Hop:
    """The floor."""

    def __init__(self, redis: Redis, database: asyncpg.Connection) -> None:
        self._redis, self._database, self._last = redis, database, 0

    async def wake(self) -> float:
        """Insert a row and say so; seconds until the other process has answered."""
        self._last += 1
        started = time.perf_counter()
        await self._database.execute("INSERT INTO hop (id) VALUES ($1)", self._last)
        await self._redis.publish(hop.CHANNEL, str(self._last))
        return await _until(self._database, "SELECT answered FROM hop WHERE id = $1", self._last) - started


async def _until(database: asyncpg.Connection, question: str, row: object) -> float:
    """When the answer was first true."""
    async with asyncio.timeout(PATIENCE):
        while not await database.fetchval(question, row):
            await asyncio.sleep(POLL)
    return time.perf_counter()
