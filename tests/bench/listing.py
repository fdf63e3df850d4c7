"""How long a page of 50 runs takes among 100,000 runs on SQLite and 1,000,000 on PostgreSQL: the newest, filtered,
sorted by a metric, deep inside; by the database function, and through HTTP. Each round is the 95th percentile of its
requests. The floor reads 50 runs by their ids, and through HTTP asks for the version.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from bench.generate_runs import EXPERIMENTS, FIRST, generate, spacing
from bench.load import Plan, request
from bench.load import generate as send
from bench.measure import Result, Scale, percentile, say
from bench.postgres import postgres
from bench.servers import PROJECT, Server, yard_up
from trainyard.query import parse, parse_sort
from trainyard_core.api import pagination
from trainyard_core.db import search
from trainyard_core.db.connect import connect
from trainyard_core.db.engine import Database, Tx
from trainyard_core.search import cursor
from trainyard_core.search.order import RunCursor

__all__ = ["measure"]

AIM = 20.0
SIZES = {"SQLite": 100_000, "PostgreSQL": 1_000_000}
REQUESTS = 60
DEFAULT = frozenset({"default"})
MIDDLE = "00000000-0000-7000-8000-000000000000"


class Case(NamedTuple):
    """One way to ask; `{n}` is another number in each request. A deep page begins after such a run."""

    name: str
    q: str = ""
    sort: str = ""
    after: RunCursor | None = None

    def text(self, n: int) -> str:
        return self.q.replace("{n}", str(n * 37 % EXPERIMENTS))


def _cases(count: int) -> list[Case]:
    middle = FIRST + count // 2 * spacing(count)
    return [
        Case("newest"),
        Case("status and rare tag", "status:failed, tags:exp-{n}"),
        Case("status and common tag", "status:failed, tags:nlp"),
        Case("param", "params.optimizer:adam, params.batch:64"),
        Case("param, rare", "params.seed:{n}"),
        Case("sorted by a metric", sort="-metrics.accuracy"),
        Case("status, sorted by a metric", "status:succeeded", "metrics.loss"),
        Case("range of a metric, sorted by start", "metrics.loss:<0.1", "-started_at"),
        Case("narrow range of a metric, sorted by name", "metrics.loss:0.5..0.501", "name"),
        Case("deep page", after=RunCursor((), _id_at(middle))),
        Case("deep page, sorted by a metric", "", "metrics.loss", RunCursor((0.4,), MIDDLE)),
    ]


def _id_at(at: int) -> str:
    digits = f"{at // 1000:012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"


def measure(scale: Scale, folder: Path) -> list[Result]:
    """On both databases."""
    results = []
    for name, size in SIZES.items():
        count = scale.of(size)
        if name == "SQLite":
            results += _on(f"sqlite:///{folder / 'runs.db'}", name, count, scale, folder)
        else:
            with postgres(folder) as url:
                results += _on(url, name, count, scale, folder)
    return results


def _on(url: str, name: str, count: int, scale: Scale, folder: Path) -> list[Result]:
    started = time.monotonic()
    generate(url, count)
    say(f"listing: {count:,} runs on {name} made in {time.monotonic() - started:.0f} s")
    results = asyncio.run(_by_function(url, name, count, scale))
    with yard_up(folder, {"database": url}) as server:
        return [*results, *_by_http(server, name, count, scale)]


async def _by_function(url: str, name: str, count: int, scale: Scale) -> list[Result]:
    database = await connect(url)
    try:
        results = []
        for case in _cases(count):
            times, floors = [], []
            requests = scale.of(REQUESTS, least=8)
            for _ in range(scale.rounds):
                times.append(await _times(requests, lambda n, case=case: _page(database, case, n)))
                floors.append(await _times(requests, lambda n: _floor(database, count, n)))
            results.append(_result(f"{case.name}, {name}", f"list.{name}.{case.name}", count, times, floors))
        return results
    finally:
        await database.close()


async def _times(requests: int, ask: Callable[[int], Awaitable[object]]) -> list[float]:
    times = []
    for n in range(requests):
        began = time.perf_counter()
        await ask(n)
        times.append(time.perf_counter() - began)
    return times


async def _page(database: Database, case: Case, n: int) -> None:
    query, sort, after = parse(case.text(n)), parse_sort(case.sort), case.after
    await database.read(lambda tx: search.page(tx, DEFAULT, query, sort, limit=50, at=FIRST, after=after))


async def _floor(database: Database, count: int, n: int) -> None:
    start = _id_at(FIRST + n * 997 % count * spacing(count))

    async def work(tx: Tx) -> None:
        await tx.all("SELECT * FROM run WHERE id >= ? ORDER BY id LIMIT 50", start)

    await database.read(work)


def _by_http(server: Server, name: str, count: int, scale: Scale) -> list[Result]:
    requests = scale.of(REQUESTS, least=8)
    cheapest = [request("GET", "/api/v1/version", server.headers)] * requests
    results = []
    for case in _cases(count):
        asked = [request("GET", _path(case, n), server.headers) for n in range(requests)]
        times, floors = [], []
        for _ in range(scale.rounds):
            times.append(_sent(server, asked))
            floors.append(_sent(server, cheapest))
        results.append(_result(f"{case.name}, {name}, HTTP", f"list.{name}.http.{case.name}", count, times, floors))
    return results


def _path(case: Case, n: int) -> str:
    asked = {"q": case.text(n), "sort": case.sort, "limit": "50"}
    if case.after is not None:
        mark = cursor.fingerprint(asked["q"], case.sort, *DEFAULT)
        asked["cursor"] = pagination.encode(*cursor.pack(case.after, FIRST, mark))
    return f"{PROJECT}/runs?{urlencode(asked)}"


def _sent(server: Server, asked: list[bytes]) -> list[float]:
    host, port = server.address
    report = send(Plan(host=host, port=port, lanes=[asked]))
    if report.errors:
        raise RuntimeError(f"{server.url}: {report.statuses}, {report.broken} connections broken")
    return report.latencies


def _result(what: str, name: str, count: int, times: list[list[float]], floors: list[list[float]]) -> Result:
    every = [each for one in times for each in one]
    return Result(
        name.replace(" ", "_").replace(",", ""),
        f"page of 50 among {count:,} runs, {what}, p95",
        "ms",
        [1000 * percentile(one, 0.95) for one in times],
        [1000 * percentile(one, 0.95) for one in floors],
        AIM,
        detail={f"p{share}_ms": round(1000 * percentile(every, share / 100), 2) for share in (50, 95, 99)},
    )
