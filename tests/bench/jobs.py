"""Background jobs on `yard up`, measured by a plugin from inside: from the call that enqueues a job to the first line
of its function, one at a time; and how many jobs that were enqueued together are done a second. The floor is as many
rows inserted and deleted in the plugin's own table: two transactions one after the other, and thirty-two such pairs at
a time.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.measure import Result, Scale, percentile, say
from bench.servers import yard_up
from trainyard_core.testing.distributions import install

__all__ = ["measure"]

CHAIN, MANY = 300, 3000
LATENCY_AIM, RATE_AIM = 5.0, 1000.0
WAIT = 120.0
PLUGIN = """
import asyncio, json, os, sys, time
from pathlib import Path
from types import ModuleType
from trainyard_core.contracts.job import Job
from trainyard_core.contracts.plugin import Migrations
from trainyard_core.hookspecs import hookimpl

FOLDER = Path({folder!r})
STEPS = ModuleType("bench_steps")
STEPS.__path__ = [str(FOLDER / "site" / "bench_steps")]
sys.modules["bench_steps"] = STEPS
done, lags, begun = [], [], []


async def order(platform, call):
    '''Do what the benchmark has left in a file, if anything.'''
    file = FOLDER / "order"
    if not file.exists():
        return
    what, count = json.loads(file.read_text())
    file.unlink()
    done.clear(), lags.clear(), begun.clear()
    await globals()[what](platform, count)


async def chain(platform, count):
    await platform.jobs.enqueue("link", str(count), dict(sent=time.perf_counter(), left=count))


async def link(platform, call):
    lags.append((time.perf_counter() - call.args["sent"]) * 1000)
    if (left := call.args["left"] - 1):
        await platform.jobs.enqueue("link", str(left), dict(sent=time.perf_counter(), left=left))
    else:
        report(lags)


async def many(platform, count):
    async def work(tx):
        for number in range(count):
            await tx.enqueue("unit", str(number), dict(count=count))
    await platform.database.write(work)
    begun.append(time.perf_counter())


async def unit(platform, call):
    done.append(call.key)
    if len(done) == call.args["count"]:
        report([len(done) / (time.perf_counter() - begun[0])])


async def pairs(platform, count):
    report([await pair(platform, n) for n in range(count)])


async def pairs_together(platform, count):
    started, room = time.perf_counter(), asyncio.Semaphore(32)
    async def one(n):
        async with room:
            await pair(platform, n)
    await asyncio.gather(*map(one, range(count)))
    report([count / (time.perf_counter() - started)])


async def pair(platform, n):
    started = time.perf_counter()
    await platform.database.write(lambda tx: tx.run("INSERT INTO bench_row (n) VALUES (?)", n))
    await platform.database.write(lambda tx: tx.run("DELETE FROM bench_row WHERE n = ?", n))
    return (time.perf_counter() - started) * 1000


def report(values):
    (FOLDER / "answer.part").write_text(json.dumps(values))
    (FOLDER / "answer.part").rename(FOLDER / "answer")


@hookimpl
def register_migrations():
    return [Migrations(STEPS)]


@hookimpl
def register_jobs():
    return [Job(name="order", run=order, every=1, timeout=100), Job(name="link", run=link), Job(name="unit", run=unit)]
"""
STEP = """
async def forwards(tx):
    await tx.run("CREATE TABLE bench_row (n BIGINT PRIMARY KEY)")
"""


def measure(scale: Scale, folder: Path) -> list[Result]:
    """Latency and rate."""
    chain, many = scale.of(CHAIN), scale.of(MANY)
    figures: dict[str, list[float]] = {name: [] for name in ("p50", "p99", "pair", "rate", "pairs")}
    with _server(folder):
        for number in range(1, scale.rounds + 1):
            lags = _ask(folder, "chain", chain)
            figures["p50"].append(percentile(lags, 0.5))
            figures["p99"].append(percentile(lags, 0.99))
            figures["pair"].append(percentile(_ask(folder, "pairs", chain), 0.5))
            figures["rate"] += _ask(folder, "many", many)
            figures["pairs"] += _ask(folder, "pairs_together", many)
            say(f"jobs: round {number}: p50 {figures['p50'][-1]:.2f} ms, {figures['rate'][-1]:.0f} jobs/s")
    detail: dict[str, Any] = {"p99_ms": [round(value, 2) for value in figures["p99"]]}
    latency = Result(
        "jobs.latency",
        "job enqueued to started, p50",
        "ms",
        figures["p50"],
        figures["pair"],
        LATENCY_AIM,
        detail=detail,
    )
    what = f"jobs done, {many} enqueued together"
    return [latency, Result("jobs.rate", what, "jobs/s", figures["rate"], figures["pairs"], RATE_AIM, more=True)]


@contextmanager
def _server(folder: Path) -> Iterator[None]:
    """A server with the plugin, which works in this folder."""
    install(folder / "site", "bench", PLUGIN.format(folder=str(folder)))
    (folder / "site" / "bench_steps").mkdir()
    (folder / "site" / "bench_steps" / "m0001_row.py").write_text(STEP)
    path = os.pathsep.join([str(folder / "site"), *filter(None, [os.environ.get("PYTHONPATH")])])
    with yard_up(folder, {}, environ={"PYTHONPATH": path}):
        yield


def _ask(folder: Path, what: str, count: int) -> list[float]:
    """Have the plugin do something; its figures."""
    answer, part = folder / "answer", folder / "order.part"
    part.write_text(json.dumps([what, count]))
    part.rename(folder / "order")
    deadline = time.monotonic() + WAIT
    while not answer.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} has not ended within {WAIT:g} s")
        time.sleep(0.05)
    values: list[float] = json.loads(answer.read_text())
    answer.unlink()
    return values
