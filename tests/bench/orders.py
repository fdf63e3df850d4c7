"""What a heartbeat of an agent costs that holds 10,000 attempts which simply go on, on both databases through HTTP: the
bytes of request and answer, of which there is one a second, and the time of the server. The floor is the heartbeat of
an agent that holds nothing. `whole_bytes` in the document is the answer with an order for each attempt.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from bench.admission import INSERT
from bench.measure import Result, Scale, alternate, say
from bench.postgres import postgres
from bench.servers import yard_up
from trainyard_core.admission import Grant, WaitingRun
from trainyard_core.agent.model import Registration
from trainyard_core.clock import SystemClock
from trainyard_core.db import agents, migrations, projects, queues
from trainyard_core.db.connect import connect
from trainyard_core.db.engine import Tx
from trainyard_core.db.migrate import migrate, migrations_in
from trainyard_core.ids import new_id
from trainyard_core.work import assignment

__all__ = ["measure"]

HELD = 10_000
AIM = 1024.0
"""Bytes a second: near to nothing."""
BEATS = 20


class Beats(NamedTuple):
    """Bytes of one heartbeat, there and back, and its milliseconds."""

    bytes: float
    milliseconds: float


def measure(scale: Scale, folder: Path) -> list[Result]:
    """On both databases."""
    results = _on(f"sqlite:///{folder / 'orders.db'}", "SQLite", scale, folder)
    with postgres(folder) as url:
        return results + _on(url, "PostgreSQL", scale, folder)


def _on(url: str, name: str, scale: Scale, folder: Path) -> list[Result]:
    count = scale.of(HELD, least=100)
    asyncio.run(_fill(url, count))
    say(f"orders: {count:,} live attempts on {name}")
    with yard_up(folder, {"database": url}) as server, server.client() as client:
        busy, idle = _beating(client, "busy", count), _beating(client, "idle", 0)
        whole = len(_orders(client, "busy", _epoch(client, "busy")).content)
        busy, idle = _beating(client, "busy", count), _beating(client, "idle", 0)
        subjects, floors = alternate(f"orders.{name}", scale.rounds, busy, idle)
    what = f"a heartbeat of an agent with {count:,} attempts that go on, {name}"
    detail = {"whole_bytes": whole}
    both = [[each.bytes for each in rounds] for rounds in (subjects, floors)]
    times = [[each.milliseconds for each in rounds] for rounds in (subjects, floors)]
    return [
        Result(f"orders.{name}.bytes", f"{what}: there and back", "bytes/s", *both, AIM, detail=detail),
        Result(f"orders.{name}.time", f"{what}: until the answer", "ms", *times),
    ]


async def _fill(url: str, count: int) -> None:
    database, clock = await connect(url), SystemClock()
    await migrate(database, migrations_in("core", migrations), clock)
    await database.write(lambda tx: _hold(tx, count, clock.now()))
    await database.close()


async def _hold(tx: Tx, count: int, at: int) -> None:
    await projects.ensure(tx, projects.DEFAULT, at=at)
    await queues.put(tx, "held", concurrency=None, paused=False, at=at)
    for name in ("busy", "idle"):
        await agents.register(tx, Registration(name=name, scheduler="bench", queues=("held",)), at=at)
    ids = [new_id() for _ in range(count)]
    await tx.many(INSERT, [(run, "default", "held", 0, 0) for run in ids])
    for run in ids:
        need = WaitingRun(run=run, queue="held", project="default")
        await assignment.grant(tx, "busy", Grant(run), need, at)
    await tx.run("UPDATE attempt SET state = 'running', started_at = ? WHERE agent = 'busy'", at)
    await tx.run("UPDATE run SET status = 'running', started_at = ? WHERE queue = 'held'", at)


def _epoch(client: httpx.Client, agent: str) -> int:
    answer = client.post(f"/api/v1/agents/{agent}/sessions", json={"scheduler": "bench", "queues": ["held"]})
    epoch: int = answer.raise_for_status().json()["epoch"]
    return epoch


def _orders(client: httpx.Client, agent: str, epoch: int, **more: Any) -> httpx.Response:
    return client.post(f"/api/v1/agents/{agent}/orders", json={"epoch": epoch, **more}).raise_for_status()


def _beating(client: httpx.Client, agent: str, held: int) -> Callable[[], Beats]:
    epoch = _epoch(client, agent)

    def beats() -> Beats:
        times, size = [], 0
        for _ in range(BEATS):
            began = time.perf_counter()
            answer = _orders(client, agent, epoch, known={"count": held})
            times.append((time.perf_counter() - began) * 1000)
            assert answer.json() == {"items": [], "whole": False}, answer.text[:200]
            size = len(answer.content) + len(answer.request.content)
            size += sum(len(a) + len(b) + 4 for a, b in [*answer.headers.raw, *answer.request.headers.raw])
        return Beats(size, sorted(times)[len(times) // 2])

    return beats
