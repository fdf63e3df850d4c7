"""An observer while five hundred activities a second are written: the lag from each activity's own time, which the
server reads before it commits, to the call of the handler. A writer tags ten runs in each request. The floor is the lag
of the same server when activities come one at a time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from bench.measure import Result, Scale, percentile, say
from bench.servers import PROJECT, yard_up
from trainyard_core.testing.distributions import install

__all__ = ["measure"]

RATE, TOGETHER, SECONDS, ALONE, THREADS = 500, 10, 10.0, 20, 8
AIM = 250.0
WAIT = 30.0
PLUGIN = """
import os, time
from trainyard_core.contracts.observer import Observer
from trainyard_core.hookspecs import hookimpl

LAGS = os.open({book!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

async def handle(platform, event):
    os.write(LAGS, f"{{event.id}} {{time.time() * 1000 - event.at / 1000}}\\n".encode())

@hookimpl
def register_observers():
    return [Observer(name="lags", handle=handle, kinds=("tagged",), start="beginning")]
"""


class Load(NamedTuple):
    """Of one round: lags in ms, activities that never came, and activities a second."""

    lags: list[float]
    missed: int
    rate: float


def measure(scale: Scale, folder: Path) -> list[Result]:
    """The lag."""
    subject, floor = [], []
    for number in range(1, max(2, scale.rounds - 2) + 1):
        with _server(folder / f"round-{number}") as (client, lags):
            floor.append(_round(client, lags, ALONE, 1, 1 / 10))
            subject.append(_round(client, lags, scale.of(int(RATE * SECONDS)), TOGETHER, TOGETHER / RATE))
        say(f"observers: round {number}: p99 {percentile(subject[-1].lags, 0.99):.1f} ms")
    detail = {
        "activities_a_second": [round(load.rate, 1) for load in subject],
        "activities_missed": [load.missed for load in subject],
        "longest_ms": round(max(lag for load in subject for lag in load.lags), 1),
    }

    def result(name: str, share: float, aim: float | None, detail: dict[str, Any]) -> Result:
        values, least = ([percentile(load.lags, share) for load in loads] for loads in (subject, floor))
        what = f"from activity to observer, {RATE} activities/s, p{share * 100:.0f}"
        return Result(name, what, "ms", values, least, aim, detail=detail)

    return [result("observers.lag", 0.5, None, detail), result("observers.lag.p99", 0.99, AIM, {})]


@contextmanager
def _server(folder: Path) -> Iterator[tuple[httpx.Client, Path]]:
    """A server with the plugin, and the file to which it writes each lag."""
    lags = folder / "lags"
    install(folder / "site", "lags", PLUGIN.format(book=str(lags)))
    path = os.pathsep.join([str(folder / "site"), *filter(None, [os.environ.get("PYTHONPATH")])])
    with yard_up(folder, {}, environ={"PYTHONPATH": path}) as yard, yard.client() as client:
        yield client, lags


def _round(client: httpx.Client, book: Path, amount: int, together: int, period: float) -> Load:
    """Write so many activities, some together every `period` seconds, and wait until all have come."""
    before = len(_read(book))
    runs = [
        client.post(f"{PROJECT}/runs", json={"managed": False}).raise_for_status().json()["id"] for _ in range(together)
    ]

    def tag(number: int) -> None:
        body = {"action": "tag", "refs": runs, "add": [f"t{number}"]}
        client.post(f"{PROJECT}/runs/bulk", json=body).raise_for_status()

    requests, started = amount // together, time.monotonic()
    with ThreadPoolExecutor(THREADS) as threads:
        sent = []
        for number in range(requests):
            time.sleep(max(0.0, started + number * period - time.monotonic()))
            sent.append(threads.submit(tag, number))
        for each in sent:
            each.result()
    took = time.monotonic() - started
    wanted, deadline = requests * together, time.monotonic() + WAIT
    while len(_read(book)) - before < wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    lags = _read(book)[before:]
    return Load(lags, wanted - len(lags), wanted / took)


def _read(book: Path) -> list[float]:
    """The lags of whole lines."""
    lines = book.read_text().splitlines(keepends=True) if book.exists() else []
    return [float(line.split()[1]) for line in lines if line.endswith("\n")]
