"""Admission with 10,000 runs that wait in 50 queues, from 7 projects, on SQLite: what 128 decisions a transaction cost
with all that is read for them, what the same cost once they are written, and how long `why` takes. The floors read as
many runs, write as many without deciding anything, and read one run.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

import uvloop

from bench.measure import Result, Scale, percentile, say
from trainyard_core.admission import Grant, WaitingRun
from trainyard_core.agent.model import Registration
from trainyard_core.clock import SystemClock
from trainyard_core.contracts.capacity import Capacity
from trainyard_core.db import admission, agents, migrations, projects, queues, runs
from trainyard_core.db.connect import connect
from trainyard_core.db.engine import Database, Tx
from trainyard_core.db.migrate import migrate, migrations_in
from trainyard_core.ids import new_id
from trainyard_core.policy import Policy
from trainyard_core.work import assignment
from trainyard_core.work.why import why

__all__ = ["measure"]

T = TypeVar("T")
RUNS, QUEUES, PROJECTS = 10_000, 50, 7
AGENT = "bench"
POLICY = Policy(silence=1e6)
INSERT = (
    "INSERT INTO run (id, project, kind, status, queue, priority, compiled, cpu, memory, created_at, updated_at)"
    " VALUES (?, ?, 'job', 'queued', ?, ?, 1, 1, ?, 0, 0)"
)
EVERYTHING, FULL = 1e9, 8.0
Decided = list[tuple[Grant, WaitingRun]]


class Spent(NamedTuple):
    """Seconds spent with deciding, and with all of it, for so many runs."""

    runs: int
    deciding: float
    all: float


def measure(scale: Scale, folder: Path) -> list[Result]:
    """Leases on an agent that takes everything, and `why` on one that is full."""
    return uvloop.run(_measure(scale, folder))


async def _measure(scale: Scale, folder: Path) -> list[Result]:
    leases, floors, whys, reads = list[Spent](), list[Spent](), list[float](), list[list[float]]()
    told: list[list[float]] = []
    for count in range(1, scale.rounds + 1):
        started, place = time.monotonic(), folder / str(count)
        leases.append(await _in_fresh(place / "lease", EVERYTHING, lambda db: _spend(db, scale, _decide)))
        floors.append(await _in_fresh(place / "floor", EVERYTHING, lambda db: _spend(db, scale, _take)))
        told.append(await _in_fresh(place / "why", FULL, lambda db: _times(db, scale, _why)))
        reads.append(await _in_fresh(place / "read", FULL, lambda db: _times(db, scale, runs.get)))
        whys += told[-1]
        say(f"admission: round {count} of {scale.rounds} took {time.monotonic() - started:.1f} s")
    what = f"{RUNS:,} runs waiting in {QUEUES} queues, SQLite"
    return [
        _rate("admission", f"decisions, {what}", leases, floors, lambda spent: spent.deciding, 5000.0),
        _rate("admission.leases", f"runs leased, {what}", leases, floors, lambda spent: spent.all, None),
        Result(
            "why",
            f"`why` at the median, {what}",
            "ms",
            [statistics.median(each) for each in told],
            [statistics.median(each) for each in reads],
            5.0,
            detail={f"p{share}_ms": round(percentile(whys, share / 100), 2) for share in (50, 95, 99)},
        ),
    ]


def _rate(
    name: str, what: str, subject: list[Spent], floor: list[Spent], seconds: Callable[[Spent], float], aim: float | None
) -> Result:
    rates = [[spent.runs / seconds(spent) for spent in each] for each in (subject, floor)]
    return Result(name, what, "runs/s", *rates, aim, more=True)


async def _in_fresh(folder: Path, cpu: float, work: Callable[[Database], Awaitable[T]]) -> T:
    """Do something with a database of its own that has everything in it, and an agent of so many cores."""
    folder.mkdir(parents=True)
    database = await connect(f"sqlite:///{folder / 'bench.db'}")
    try:
        await migrate(database, migrations_in("core", migrations), SystemClock())
        await database.write(lambda tx: _fill(tx, cpu))
        return await work(database)
    finally:
        await database.close()


async def _fill(tx: Tx, cpu: float) -> None:
    for number in range(PROJECTS):
        await projects.ensure(tx, f"project-{number}", at=0)
    for number in range(QUEUES):
        await queues.put(tx, f"queue-{number}", concurrency=None, paused=False, at=0, quota={"cpu": 1e6})
    rows = [
        (new_id(), f"project-{number % PROJECTS}", f"queue-{number % QUEUES}", number % 3, number % 5 << 30)
        for number in range(RUNS)
    ]
    await tx.many(INSERT, rows)
    who = Registration(name=AGENT, scheduler="bench", queues=("*",), capacity=Capacity(cpu=cpu, memory=1 << 60, gpu=0))
    await agents.register(tx, who, at=0)
    if cpu == FULL:
        await assignment.assign(tx, AGENT, policy=POLICY, at=1)


async def _spend(database: Database, scale: Scale, decide: Callable[[Tx], Awaitable[Decided]]) -> Spent:
    """Give runs to the agent until all or enough of them are given."""
    wanted, given, deciding, started = scale.of(RUNS, least=assignment.BATCH), 0, 0.0, time.perf_counter()

    async def step(tx: Tx) -> tuple[int, float]:
        began = time.perf_counter()
        decided = await decide(tx)
        spent = time.perf_counter() - began
        for granted, need in decided:
            await assignment.grant(tx, AGENT, granted, need, 1)
        return len(decided), spent

    while given < wanted:
        count, spent = await database.write(step)
        given, deciding = given + count, deciding + spent
    return Spent(given, deciding, time.perf_counter() - started)


async def _decide(tx: Tx) -> Decided:
    return await assignment.decide(tx, AGENT, policy=POLICY, at=1)


async def _take(tx: Tx) -> Decided:
    """Whatever comes first."""
    found = await tx.all("SELECT * FROM run WHERE status = 'queued' LIMIT ?", assignment.BATCH)
    needs = [admission.waiting_run(row) for row in found]
    return [(Grant(need.run, ()), need) for need in needs]


async def _why(tx: Tx, run: str) -> object:
    row = await runs.get(tx, run)
    assert row is not None
    return await why(tx, row, at=1, silence=POLICY.silence, schedulers=("bench",))


async def _times(database: Database, scale: Scale, ask: Callable[[Tx, str], Awaitable[object]]) -> list[float]:
    """Milliseconds of each question, about runs from everywhere, on an agent that is full."""
    rows = await database.read(lambda tx: tx.all("SELECT id FROM run WHERE status = 'queued' ORDER BY id"))
    chosen = [row["id"] for row in rows][:: max(1, len(rows) // scale.of(200, least=10))]
    times = []
    for run in chosen:
        started = time.perf_counter()
        await database.read(lambda tx, run=run: ask(tx, run))  # type: ignore[misc]
        times.append(1000 * (time.perf_counter() - started))
    return times
