"""From `yard up` to an answer, and the memory of all its processes after five idle seconds, as one process on SQLite
and as four around PostgreSQL, which is not counted. The floor is a bare Litestar under the same uvicorn.

Memory is the sum of proportional set sizes (PSS): a page that several processes share is counted once. The sum of
resident set sizes stands beside it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from bench.measure import Result, Scale, say
from bench.postgres import postgres
from bench.servers import Server, bare, yard_up

__all__ = ["measure"]

IDLE = 5.0
AIM_READY, AIM_MEMORY = 2.0, 150.0
SPLIT = ("--split", "--processes", "2")


class Idle(NamedTuple):
    """One start: seconds to an answer, MB of all processes together, and how many there were."""

    ready: float
    pss: float
    rss: float
    processes: int


def measure(scale: Scale, folder: Path) -> list[Result]:
    """Seconds to ready and megabytes idle, of both layouts."""
    alone, split, floor = [], [], []
    for number in range(1, scale.rounds + 1):
        alone.append(_idle(yard_up(folder, {}), IDLE * scale.share))
        place = folder / str(number)
        place.mkdir()
        with postgres(place) as url:
            split.append(_idle(yard_up(folder, {"database": url}, *SPLIT), IDLE * scale.share))
        floor.append(_idle(bare(), 1.0 * scale.share))
        say(f"up: round {number} of {scale.rounds}: {alone[-1]}, split {split[-1]}, floor {floor[-1]}")
    return [
        *_results("up", "yard up", alone, floor, (AIM_READY, AIM_MEMORY)),
        *_results("up.split", f"yard up {' '.join(SPLIT)}", split, floor, (None, None)),
    ]


def _results(
    name: str, what: str, subject: list[Idle], floor: list[Idle], aims: tuple[float | None, float | None]
) -> list[Result]:
    detail = {"rss": [round(each.rss, 1) for each in subject], "processes": [each.processes for each in subject]}
    ready = [each.ready for each in subject], [each.ready for each in floor]
    memory = [each.pss for each in subject], [each.pss for each in floor]
    return [
        Result(f"{name}.ready", f"{what} until it answers, new data directory", "s", *ready, aims[0]),
        Result(f"{name}.memory", f"{what}: idle memory of all processes (PSS)", "MB", *memory, aims[1], detail=detail),
    ]


def _idle(start: AbstractContextManager[Server], seconds: float) -> Idle:
    with start as server, server.client() as client:
        client.get("/api/v1/health").raise_for_status()
        time.sleep(seconds)
        family = [server.pid, *_descendants(server.pid)]
        return Idle(server.ready, _sum(family, "Pss:"), _sum(family, "Rss:"), len(family))


def _descendants(pid: int) -> Iterator[int]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            yield child
            yield from _descendants(child)


def _sum(family: list[int], key: str) -> float:
    """Megabytes (10^6 bytes) over all these processes."""
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() for pid in family]
    return sum(int(line.split()[1]) * 1024 / 1e6 for lines in rollups for line in lines if line.startswith(key))
