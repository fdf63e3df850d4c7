"""How long the series of 50 runs take, 100,000 points of each reduced to 500: in one request through HTTP as the client
reads it, and in one call of the folder tracker, with the columns in memory and by a tracker that has just been opened.
The floor takes columns that are in memory and finds the lowest and highest value of as many buckets, with NumPy.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from array import array
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.measure import Result, Scale, alternate, say
from bench.servers import yard_up
from trainyard.client import Client
from trainyard.client.models import CreateRun
from trainyard.track import frames
from trainyard_core.contracts.tracker import RunRef, SeriesSource
from trainyard_tracker_folder.tracker import FolderTracker

__all__ = ["measure"]

AIM = 50.0
RUNS, ROWS, POINTS = 50, 100_000, 500
CACHE = 512
"""MiB of columns that the tracker may keep: of all these runs."""
NAME = "loss"
Column = npt.NDArray[np.float64]


def measure(scale: Scale, folder: Path) -> list[Result]:
    """Through HTTP, and by the tracker alone."""
    count, rows = scale.of(RUNS, least=2), scale.of(ROWS, least=1000)
    columns = [np.sin(np.arange(rows) * (number + 1) / 100) for number in range(count)]
    told = f"{count} runs' series of {rows:,} points to {POINTS}"
    floor = partial(_floor, columns)
    environ = {"TRAINYARD_TRACKER_FOLDER__CACHE_MB": str(CACHE)}
    with yard_up(folder, {}, environ=environ) as server, Client(server.url, token=server.token) as client:
        ids = [_recorded(client, column) for column in columns]
        say(f"series: {count} runs of {rows:,} points")
        request = partial(_milliseconds, lambda: client.runs.many_series(ids, [NAME], points=POINTS))
        request()
        times = alternate("series.http", scale.rounds, request, floor)
    results = [Result("series.http", f"{told}, one request", "ms", *times, AIM)]
    sources = asyncio.run(_filled(folder / "tracker", columns))
    warm, cold = (partial(_read, folder / "tracker", sources, is_warm) for is_warm in (True, False))
    times = alternate("series.warm", scale.rounds, lambda: asyncio.run(warm()), floor)
    results.append(Result("series.warm", f"{told}, one call of the tracker", "ms", *times, AIM))
    times = alternate("series.cold", scale.rounds, lambda: asyncio.run(cold()), floor)
    return [*results, Result("series.cold", f"{told}, by a tracker that has just been opened", "ms", *times)]


def _frame(column: Column, writer: str) -> bytes:
    steps = array("q", range(len(column)))
    block = frames.Block((NAME,), steps, steps, [array("d", column.tolist())])
    return frames.encode(frames.Kind.METRICS, writer, 1, frames.pack_metrics([block]))


def _recorded(client: Client, column: Column) -> str:
    """A run on the server with these values."""
    run = client.runs.create(CreateRun(managed=False)).id
    client.runs.append(run, _frame(column, uuid.uuid4().hex))
    return run


async def _filled(root: Path, columns: Sequence[Column]) -> list[SeriesSource]:
    """As many runs in a tracker alone."""
    tracker = FolderTracker(root)
    runs = [RunRef("default", uuid.uuid4().hex) for _ in columns]
    for run, column in zip(runs, columns, strict=True):
        await tracker.append(run, frames.split(_frame(column, uuid.uuid4().hex)))
    await tracker.aclose()
    return [SeriesSource(run) for run in runs]


async def _read(root: Path, sources: Sequence[SeriesSource], is_warm: bool) -> float:
    tracker = FolderTracker(root, cache_mb=CACHE)
    if is_warm:
        await tracker.read_many(sources, [NAME], points=POINTS)
    took = await _milliseconds_of(lambda: tracker.read_many(sources, [NAME], points=POINTS))
    await tracker.aclose()
    return took


def _floor(columns: Sequence[Column]) -> float:
    starts = np.arange(POINTS) * len(columns[0]) // POINTS

    def work() -> list[tuple[list[float], list[float]]]:
        return [
            (np.minimum.reduceat(column, starts).tolist(), np.maximum.reduceat(column, starts).tolist())
            for column in columns
        ]

    return _milliseconds(work)


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


async def _milliseconds_of(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000
