"""How long a slot that became free waits for its next trial: from the exit of one trial's program to the first
instruction of the next one's, by their own clocks, on a real `yard up` with the process scheduler, two at a time.

In between lie the runner that sees the exit, the agent that hears of it, its report, the sweep that is woken, its plan,
the lease, and the start of the next program. The floor has the same programs as plain runs that wait in a queue of two
at a time: there the next run is there before the slot is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.load import Plan, generate
from bench.measure import Result, Scale, alternate, percentile
from bench.operations import creation
from bench.servers import PROJECT, Server, yard_up

__all__ = ["measure"]

TRIALS, PARALLEL, AIM, PATIENCE = 60, 2, 100.0, 180.0
SECONDS = 0.05
FINAL = ("succeeded", "failed", "stopped", "skipped")


class Life(NamedTuple):
    """One program, from its first instruction to its last, in seconds since 1970."""

    began: float
    ended: float


def measure(scale: Scale, folder: Path) -> list[Result]:
    """Median and 95th percentile."""
    count = scale.of(TRIALS, least=8)
    with yard_up(folder, {}) as yard:
        with yard.client() as client:
            put = {"concurrency": PARALLEL, "paused": False}
            client.put("/api/v1/queues/bench", json=put).raise_for_status()
        subject, floor = alternate(
            "slot", scale.rounds, lambda: _swept(yard, folder, count), lambda: _queued(yard, folder, count)
        )
    return [
        _result("slot", "a free slot waits for its next trial, median", subject, floor, 0.5, AIM),
        _result("slot.p95", "a free slot waits for its next trial, 95th percentile", subject, floor, 0.95, None),
    ]


def _result(
    name: str, what: str, subject: list[list[float]], floor: list[list[float]], share: float, aim: float | None
) -> Result:
    rounds = ([percentile(waits, share) for waits in each] for each in (subject, floor))
    detail = {"waits": sum(map(len, subject)), "shortest": round(min(map(min, subject)), 1)}
    return Result(name, what, "ms", *rounds, aim, detail=detail)


def _swept(yard: Server, folder: Path, count: int) -> list[float]:
    """Milliseconds that each slot waited in a sweep."""
    book = _book(folder)
    params = {"n": {"kind": "uniform", "value": {"low": 0, "high": 1}}}
    matrix = {"kind": "random", "numRuns": count, "concurrency": PARALLEL, "seed": 7, "params": params}
    inputs = [{"name": "n", "type": "float"}]
    operation = _operation(book, "default", inputs=inputs) | {"matrix": matrix}
    with yard.client() as client:
        made = client.post(f"{PROJECT}/runs", json={"operation": operation}).raise_for_status().json()
        _await(lambda: client.get(f"{PROJECT}/runs/{made['id']}").raise_for_status().json()["status"] in FINAL)
    return _waits(book, count)


def _queued(yard: Server, folder: Path, count: int) -> list[float]:
    """The same of as many runs that wait in a queue."""
    book = _book(folder)
    host, port = yard.address
    once = creation(yard, _operation(book, "bench"))
    report = generate(Plan(host=host, port=port, lanes=[[once] * count], salt=time.monotonic_ns()))
    assert not report.errors, report.statuses
    _await(lambda: len(book.read_text().splitlines()) == 2 * count)
    return _waits(book, count)


def _book(folder: Path) -> Path:
    """Where programs write when they begin and end."""
    book = folder / f"book-{time.monotonic_ns()}"
    book.touch()
    book.chmod(0o666)
    return book


def _operation(book: Path, queue: str, *, inputs: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A program that writes the time, sleeps, and writes the time. A line is short, so appended as a whole."""
    script = f"date +'%s.%N b '$$ >> {book}; sleep {SECONDS}; date +'%s.%N e '$$ >> {book}"
    run = {"kind": "job", "container": {"command": ["sh", "-c", script]}}
    component = {"kind": "component", "run": run, **({"inputs": inputs} if inputs else {})}
    return {"version": 1.1, "kind": "operation", "name": "bench", "queue": queue, "component": component}


def _await(done: Any) -> None:
    """Asks rarely, so as not to disturb."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"trials go on after {PATIENCE:.0f} s")
        time.sleep(0.25)


def _waits(book: Path, count: int) -> list[float]:
    """Each program but the first ones took the slot of the one that had ended first of those that were not followed
    yet. Their own last instruction stands for the exit, which is a millisecond later."""
    lives = sorted(_lives(book))
    if len(lives) != count:
        raise RuntimeError(f"{len(lives)} of {count} trials ran")
    ends = sorted(life.ended for life in lives)
    return [1000 * (life.began - end) for life, end in zip(lives[PARALLEL:], ends, strict=False)]


def _lives(book: Path) -> Iterator[Life]:
    began: dict[str, float] = {}
    for line in book.read_text().splitlines():
        at, what, program = line.split()
        if what == "b":
            began[program] = float(at)
        else:
            yield Life(began.pop(program), float(at))
