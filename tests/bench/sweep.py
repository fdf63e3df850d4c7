"""What a sweep's director costs for each trial, on SQLite: everything between the end of a trial and the next one being
queued and written down - the views, the suggestion, compiling the trial, the transactions - and nothing of the trial.

Trials are put to their end through the functions that agents use, one before each look, so nothing is shared between
trials; `sweep.together` ends 64 before each look. What the agent does is not counted. The floor creates the same runs
one by one, as a program would that plans its own trials. Memory has no part in it: each size has a database of its own.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import uvloop

from bench.measure import Result, Scale, say
from trainyard.client.models import CreateRun
from trainyard.compile.reference import Library, Reference
from trainyard.track.frames import Summary
from trainyard_core.agent.model import Registration
from trainyard_core.auth import Actor
from trainyard_core.clock import SystemClock
from trainyard_core.contracts.capacity import Capacity
from trainyard_core.contracts.workload import Exit, Observation, Phase
from trainyard_core.db import agents, directors, migrations, projects, queues, tracking
from trainyard_core.db.connect import connect
from trainyard_core.db.engine import Database, Tx
from trainyard_core.db.migrate import migrate, migrations_in
from trainyard_core.directing.cycle import Dependencies, PlanCycle
from trainyard_core.directing.kinds import DirectorKinds, InstalledDirector
from trainyard_core.jobs.queue import JobQueue
from trainyard_core.optimizers import InstalledOptimizers
from trainyard_core.plugin_host.migrations import migrate_plugins
from trainyard_core.policy import Policy
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings
from trainyard_core.testing.platform import FakePlatform
from trainyard_core.work import assignment
from trainyard_core.work.creation import create_run
from trainyard_sweeps.director import SweepDirector
from trainyard_sweeps.installed_policies import InstalledPolicies
from trainyard_sweeps.plugin import POLICIES

__all__ = ["measure"]

T = TypeVar("T")
SIZES, PARALLEL, TOGETHER, AIM = (100, 1_000, 10_000), 8, 64, 3.0
AGENT, POLICY, ACTOR = "bench", Policy(silence=1e6), Actor(name="bench")
NO_PLUGINS = Registry()
COMPONENT = {
    "kind": "component",
    "inputs": [{"name": "rate", "type": "float"}, {"name": "layers", "type": "int"}],
    "run": {"kind": "job", "container": {"command": ["train", "--rate={{ rate }}", "--layers={{ layers }}"]}},
}
OPERATION = {"version": 1.1, "kind": "operation", "name": "bench", "component": COMPONENT}
SPACE = {
    "rate": {"kind": "loguniform", "value": {"low": 1e-5, "high": 1e-1}},
    "layers": {"kind": "choice", "value": [1, 2, 3, 4]},
}
METRIC = Summary(name="loss", last_step=1, last=0.5, min=0.5, max=0.5, total=1, finite=1)


class Spent(NamedTuple):
    """Seconds of wall time that came to so many trials, those of the processor, and in which transactions."""

    trials: int
    seconds: float
    cpu: float
    parts: dict[str, float]

    @property
    def each(self) -> float:
        """Milliseconds for each trial."""
        return 1000 * self.seconds / self.trials

    def told(self) -> dict[str, float]:
        """Milliseconds for each trial, by transaction; `none` is outside of all: thinking and compiling. `cpu` is the
        processor's part in all of it; the remainder is the disk, and other work of the machine."""
        parts = self.parts | {"none": self.seconds - sum(self.parts.values()), "cpu": self.cpu}
        return {name: round(1000 * seconds / self.trials, 3) for name, seconds in parts.items()}


_Pair = tuple[Spent, Spent]
"""Of a sweep, and of its floor."""


class Yard(NamedTuple):
    """A platform in process, as much of it as a director needs."""

    database: Timed
    given: Dependencies

    async def create(self, operation: dict[str, Any], params: dict[str, Any]) -> str:
        """A new run."""
        at, kinds = self.given.clock.now(), self.given.kinds
        body = CreateRun(operation=operation, params=params)
        row, _ = await create_run(
            self.database,
            "default",
            body,
            key="",
            actor=ACTOR,
            policy=POLICY,
            at=at,
            kinds=kinds,
            lookup=_NoReferences(),
            amendments=NO_PLUGINS.requests,
        )
        return str(row["id"])


class _NoReferences:
    """Is never asked: the operations of this bench refer to nothing."""

    async def find(self, project: str, actor: Actor, references: Sequence[Reference]) -> Library:
        raise AssertionError(references)


class Timed(Database):
    """A database that adds up how long its transactions took, by name, from the call to the answer."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.dialect, self.exclusive = inner.dialect, inner.exclusive
        self.spent: Counter[str] = Counter()

    async def write(self, work: Callable[[Tx], Awaitable[T]], *, name: str = "write") -> T:
        return await self._timed(name, self._inner.write(work, name=name))

    async def read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        return await self._timed("read", self._inner.read(work))

    def connections(self) -> int:
        return self._inner.connections()

    async def close(self) -> None:
        await self._inner.close()

    async def _timed(self, name: str, answer: Awaitable[T]) -> T:
        started = time.perf_counter()
        try:
            return await answer
        finally:
            self.spent[name] += time.perf_counter() - started  # type: ignore[assignment] # seconds, counted


class Watch:
    """Adds up the time in its blocks."""

    def __init__(self, database: Timed) -> None:
        self._database, self._wall, self._cpu = database, 0.0, 0.0
        self._parts: Counter[str] = Counter()

    def __enter__(self) -> None:
        self._database.spent.clear()
        self._wall -= time.perf_counter()
        self._cpu -= time.process_time()

    def __exit__(self, *error: object) -> None:
        self._wall += time.perf_counter()
        self._cpu += time.process_time()
        self._parts.update(self._database.spent)

    def spent(self, trials: int) -> Spent:
        """What came to so many trials."""
        return Spent(trials, self._wall, self._cpu, dict(self._parts))


def measure(scale: Scale, folder: Path) -> list[Result]:
    """A sweep of each size, how flat that is, and many trials that end together."""
    sizes = {named: scale.of(named, least=20) for named in SIZES}
    spent: dict[int, list[_Pair]] = {named: [] for named in SIZES}
    flat = []
    for count in range(1, scale.rounds + 1):
        first = len(spent[SIZES[0]])
        for named in _turns(count, scale):
            spent[named].append(_pair(folder, f"sweep.{named}", sizes[named], PARALLEL, 1))
        if spent[SIZES[-1]][count - 1 :]:
            flat.append(_flat(spent[SIZES[0]][first:], spent[SIZES[-1]][-1]))
    results = [
        _result(f"sweep.{named}", f"director's work for each of {sizes[named]:,} trials, SQLite", pairs, AIM)
        for named, pairs in spent.items()
    ]
    middle = sizes[SIZES[1]]
    together = [_pair(folder, "sweep.together", middle, TOGETHER, TOGETHER) for _ in range(scale.rounds)]
    what = f"director's work for each of {middle:,} trials of which {TOGETHER} end together, SQLite"
    said = f"the same for {SIZES[-1]:,} trials, times that for {SIZES[0]:,}"
    return [
        *results,
        Result("sweep.flat", said, "times", [ours for ours, _ in flat], [theirs for _, theirs in flat], 1.25),
        _result("sweep.together", what, together, None),
    ]


def _turns(count: int, scale: Scale) -> tuple[int, ...]:
    """The sizes of one round. The largest takes as long as all the others, so it has fewer rounds; the smallest comes
    before and after it, so that a machine that becomes slower does not make the large ones look so."""
    if count <= max(1, scale.rounds // 2):
        return (*SIZES[:-1], SIZES[0], SIZES[-1], SIZES[0], SIZES[0])
    return SIZES[:-1]


def _flat(smallest: list[_Pair], largest: _Pair) -> tuple[float, float]:
    """How many times as much a trial of the largest sweep costs as one of the smallest in the same round."""
    ours = largest[0].each / statistics.median(subject.each for subject, _ in smallest)
    return ours, largest[1].each / statistics.median(floor.each for _, floor in smallest)


def _result(name: str, what: str, spent: list[_Pair], aim: float | None) -> Result:
    subject, floor = [each.each for each, _ in spent], [each.each for _, each in spent]
    return Result(name, what, "ms", subject, floor, aim, detail={"parts_ms": [each.told() for each, _ in spent]})


def _pair(folder: Path, name: str, size: int, parallel: int, together: int) -> _Pair:
    """A sweep, and the same runs created one by one."""
    place = Path(tempfile.mkdtemp(dir=folder))
    subject = uvloop.run(_swept(place / "sweep", size, parallel, together))
    floor = uvloop.run(_created(place / "floor", size))
    say(f"{name}: {subject.each:.2f} ms, floor {floor.each:.2f} ms")
    return subject, floor


async def _swept(folder: Path, size: int, parallel: int, together: int) -> Spent:
    """A whole sweep, of which only the planning is counted."""
    matrix = {"kind": "random", "numRuns": size, "concurrency": parallel, "seed": 7, "params": SPACE}
    async with _yard(folder) as yard:
        sweep = await yard.create(OPERATION | {"matrix": matrix}, {})
        cycle, watch, over = PlanCycle(sweep, yard.given), Watch(yard.database), False
        while not over:
            with watch:
                over = (await cycle.plan()).over
            await yard.database.write(lambda tx: _end(tx, together))
        row = await yard.database.read(lambda tx: directors.get(tx, sweep))
        assert row is not None and (row["status"], row["succeeded"]) == ("succeeded", size)
        return watch.spent(size)


async def _created(folder: Path, size: int) -> Spent:
    """As many runs of the same operation, one by one."""
    async with _yard(folder) as yard:
        watch = Watch(yard.database)
        with watch:
            for number in range(size):
                await yard.create(OPERATION, {"rate": 0.1 / (1 + number), "layers": 1 + number % 4})
        return watch.spent(size)


async def _end(tx: Tx, most: int) -> None:
    """Put trials that wait to their end, as an agent does: assigned, their metric in, reported and released."""
    at = SystemClock().now()
    refs = await assignment.assign(tx, AGENT, policy=POLICY, at=at, most=most)
    for ref in refs:
        await tracking.merge_metrics(tx, ref.run, [METRIC])
    end = Exit(code=0, started_at=at / 1e6, finished_at=at / 1e6)
    seen = [Observation(ref=ref, phase=Phase.EXITED, exit=end) for ref in refs]
    await assignment.report(tx, AGENT, seen, policy=POLICY, at=at)
    await assignment.released(tx, refs)


@asynccontextmanager
async def _yard(folder: Path) -> AsyncIterator[Yard]:
    """A new database, with an agent that has room for everything."""
    folder.mkdir(parents=True)
    database, clock = Timed(await connect(f"sqlite:///{folder / 'bench.db'}")), SystemClock()
    registry = Registry.load(["optimizer_search", "sweeps"])
    optimizers = InstalledOptimizers(registry, Settings(data=folder))
    try:
        await migrate(database, migrations_in("core", migrations), clock)
        with redirect_stdout(sys.stderr):  # it tells what it did, and this prints one document
            await migrate_plugins(database, registry, clock)
        await database.write(_found)
        policies = InstalledPolicies(registry.collected("sweeps", POLICIES), FakePlatform("sweeps").call_blocking)
        director = SweepDirector(optimizers.get, policies)
        kinds = DirectorKinds(lambda: {"sweep": InstalledDirector("sweeps", lambda: director)})
        enqueue = JobQueue(clock).enqueue
        given = Dependencies(database, None, clock, POLICY, kinds, lambda: None, enqueue, "bench")
        yield Yard(database, given)
    finally:
        await optimizers.aclose()
        await database.close()


async def _found(tx: Tx) -> None:
    await projects.ensure(tx, projects.DEFAULT, at=0)
    await queues.ensure(tx, queues.DEFAULT, at=0)
    who = Registration(name=AGENT, scheduler="bench", queues=("*",), capacity=Capacity(cpu=1e9, memory=1 << 60, gpu=0))
    await agents.register(tx, who, at=SystemClock().now())
