"""Lives a second: runs created through the API by eight connections, until the last of them has succeeded.

Of `/bin/true` and of a Python program that logs one metric, both with the process scheduler and its default slots, one
for each core; and of runs that end as soon as they are submitted, which shows what the platform itself costs. The
floors start the same programs from here, as many at once as there are cores; and post as many requests to a Litestar
handler that does nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from bench.load import Plan, generate
from bench.measure import Result, Scale, alternate
from bench.operations import creation, job
from bench.servers import PROJECT, Server, bare, yard_up

__all__ = ["measure"]

LANES = 8
PATIENCE = 120.0
PROGRAM = (sys.executable, "-c", "import trainyard; trainyard.log({'loss': 0.5}); trainyard.finish()")
BARE_PROGRAM = (sys.executable, "-c", "pass")
LIVE = ("created", "compiled", "queued", "scheduled", "starting", "running", "retrying", "stopping")


def measure(scale: Scale, folder: Path) -> list[Result]:
    """Three kinds of lives."""
    with yard_up(folder, {}) as yard:
        results = [
            _programs("lives.true", "lives of /bin/true", 60.0, yard, ("/bin/true",), ("/bin/true",), 60, scale),
            _programs(
                "lives.python", "lives of a Python program that logs", None, yard, PROGRAM, BARE_PROGRAM, 20, scale
            ),
        ]
    return [*results, _instant(folder, scale)]


def _programs(
    name: str,
    what: str,
    aim: float | None,
    yard: Server,
    command: tuple[str, ...],
    bare: tuple[str, ...],
    count: int,
    scale: Scale,
) -> Result:
    count = scale.of(count, least=4)
    rounds = alternate(name, scale.rounds, _lives(yard, job(*command), count), lambda: _spawn(bare, count))
    return Result(name, what, "lives/s", *rounds, aim, more=True, detail={"lives_a_round": count})


def _instant(folder: Path, scale: Scale) -> Result:
    count = scale.of(1000)
    with ExitStack() as stack:
        yard = stack.enter_context(yard_up(folder, {"scheduler": "instant"}))
        floor = stack.enter_context(bare())
        rounds = alternate(
            "lives.instant",
            scale.rounds,
            _lives(yard, job("/bin/true"), count),
            lambda: _create(floor, job("/bin/true"), count),
        )
    what = "lives of runs that end when they are submitted, SQLite"
    return Result("lives.instant", what, "lives/s", *rounds, 500.0, more=True, detail={"lives_a_round": count})


def _lives(yard: Server, operation: dict[str, Any], count: int) -> Callable[[], float]:
    def live() -> float:
        started = time.time()
        _create(yard, operation, count)
        with yard.client() as client:
            _await_all(client)
            return count / (_last_end(client, count) - started)

    return live


def _create(server: Server, operation: dict[str, Any], count: int) -> float:
    """Create that many; the rate."""
    once, (host, port) = creation(server, operation), server.address
    lanes = [[once] * (count // LANES + (lane < count % LANES)) for lane in range(min(LANES, count))]
    report = generate(Plan(host=host, port=port, lanes=lanes, salt=time.monotonic_ns()))
    if report.errors:
        raise RuntimeError(f"{server.url}: {report.statuses}, {report.broken} connections broken")
    return report.rate


def _await_all(client: httpx.Client) -> None:
    """Until no run is in a status that is not final. Asks for one status at a time, rarely, so as not to disturb."""
    deadline = time.monotonic() + PATIENCE
    while any(_has(client, status) for status in LIVE):
        for status in LIVE:
            while _has(client, status):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"runs are still {status} after {PATIENCE:.0f} s")
                time.sleep(0.05)


def _has(client: httpx.Client, status: str) -> bool:
    answer = client.get(f"{PROJECT}/runs", params={"q": f"status:{status}", "limit": 1})
    return bool(answer.raise_for_status().json()["items"])


def _last_end(client: httpx.Client, count: int) -> float:
    """When the last of the newest runs ended, by the server's clock, which is this machine's. Raises RuntimeError when
    one did not succeed."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while len(items) < count:
        page = client.get(f"{PROJECT}/runs", params={"limit": min(500, count - len(items)), "cursor": cursor})
        found = page.raise_for_status().json()
        items += found["items"]
        cursor = found["next"] or ""
    failed = [(item["id"], item["status"], item["message"]) for item in items if item["status"] != "succeeded"]
    if failed:
        raise RuntimeError(f"{len(failed)} of {count} runs did not succeed, the first: {failed[0]}")
    return max(datetime.fromisoformat(item["finished_at"]).timestamp() for item in items)


def _spawn(command: tuple[str, ...], count: int) -> float:
    """Programs started and awaited a second, as many at once as there are cores."""
    started = time.perf_counter()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for done in pool.map(lambda _: subprocess.run(command), range(count)):
            done.check_returncode()
    return count / (time.perf_counter() - started)
