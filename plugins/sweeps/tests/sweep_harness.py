"""What the tests of sweeps share: an optimizer that keeps a book of what it was told, a sweep over it, and trials that
are played by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from trainyard.client.models import CreateRun, RunRecord
from trainyard.track.frames import Summary
from trainyard_core.contracts.database import PluginDatabase
from trainyard_core.contracts.optimizer import Optimizer, Outline, Suggestion, Suggestions
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.db import tracking
from trainyard_core.hookspecs import OptimizerProvider, hookimpl
from trainyard_core.lifecycle import FINAL
from trainyard_core.registry import Registry
from trainyard_core.testing.server import Web, serving

PATIENCE = 20.0
SWEEP = """\
version: 1.1
kind: operation
name: search
{head}
matrix:
  kind: {kind}
  numRuns: {trials}
  concurrency: {parallel}
  seed: 7
{matrix}
  params:
    x: {{kind: choice, value: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}}
component:
  inputs:
  - {{name: x, type: int}}
  run:
    kind: job
    container:
      command: [sh, -c, "{command}"]
"""


class Book(Optimizer):
    """Suggests x = 0, 1, 2 ... ; its state is everything that it was told."""

    name = "random"

    def __init__(self, *, ahead: int = 0) -> None:
        self.ahead = ahead
        self.fails = 0
        self.answers: list[Suggestions] = []

    def check(self, study):
        return []

    def outline(self, study):
        return Outline(trials=study.options["numRuns"], concurrency=2, prefetch=self.ahead)

    async def suggest(self, study, *, changed, count, seed, state):
        if self.fails:
            self.fails -= 1
            raise RuntimeError("the model at http://me:swordfish@far.example has no mind today")
        if self.answers:
            return self.answers.pop(0)
        book = msgspec.json.decode(state) if state else {"told": [], "made": 0}
        book["told"] += [[t.key, t.phase, t.values, t.reason] for t in changed]
        found = tuple(Suggestion(params={"x": book["made"] + n}) for n in range(count))
        book["made"] += count
        return Suggestions(suggestions=found, state=msgspec.json.encode(book))

    async def aclose(self):
        """Nothing is held."""


class Plugin:
    """The plugin that offers it."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer

    @hookimpl
    def register_optimizers(self):
        return [OptimizerProvider(name="random", build=lambda context: self.optimizer)]


@asynccontextmanager
async def sweeping(url: str, data: Path, optimizer: Optimizer) -> AsyncIterator[Web]:
    """The API with an optimizer of the test's own."""
    registry = Registry.load(["sweeps", "tracker_folder"])
    registry.add("book", Plugin(optimizer))
    async with serving(url, data, registry) as web:
        yield web


async def begin(web: Web, **given: Any) -> RunRecord:
    """A sweep that goes on; `given` as `written` takes it."""
    return await web.admin.runs.create(CreateRun(content=written(**given)))


def written(
    *,
    trials: int = 4,
    parallel: int = 2,
    kind: str = "random",
    matrix: Sequence[str] = (),
    head: str = "",
    command: str = "exit 0",
) -> str:
    """The file of a sweep over x. `matrix` has lines for its matrix, `head` one for the operation."""
    lines = "\n".join(f"  {line}" for line in matrix)
    return SWEEP.format(trials=trials, parallel=parallel, kind=kind, matrix=lines, head=head, command=command)


def tables(web: Web) -> PluginDatabase:
    """The tables of sweeps."""
    return web.runtime.platforms.of("sweeps").database


async def children(web: Web, sweep: str) -> list[dict[str, Any]]:
    """The runs of its trials, by number."""
    runs = await web.runtime.database.read(lambda tx: tx.all("SELECT * FROM run WHERE parent = ?", sweep))
    known = {run["id"]: dict(run) for run in runs}
    found = await tables(web).read(
        lambda tx: tx.all(
            "SELECT run, key AS trial, number, phase FROM sweeps_trial WHERE sweep = ? ORDER BY number", sweep
        )
    )
    return [known[row["run"]] | dict(row) for row in found if row["run"] in known]


async def play(web: Web, sweep: str, value: Callable[[int], float | None], *, most: int = 10**6) -> int:
    """Run whatever waits until the sweep is over; a trial logs `score` for its x, and fails for None. How many ran."""
    count, deadline = 0, time.monotonic() + PATIENCE
    while count < most:
        assert time.monotonic() < deadline, f"the sweep does not end: {dict(await web.arrange.row(sweep))}"
        refs = await web.arrange.assign()
        for ref in refs:
            await finish(web, ref, value)
            count += 1
        if not refs and (await web.arrange.status(sweep)) in FINAL:
            return count
        await asyncio.sleep(0.002)
    return count


async def finish(web: Web, ref, value: Callable[[int], float | None]) -> None:
    """One attempt runs and ends."""
    run = await web.admin.runs.get(ref.run)
    found = value(run.params["x"])
    await web.arrange.report(ref, Phase.RUNNING)
    if found is not None:
        await log(web, ref.run, found)
    await web.arrange.report(ref, Phase.EXITED, exit=Exit(code=1 if found is None else 0))


async def log(web: Web, run: str, value: float, *, name: str = "score", step: int = 1) -> None:
    """The aggregate that frames would leave."""
    finite = int(value == value)
    summary = Summary(name=name, last_step=step, last=value, min=value, max=value, total=1, finite=finite)
    await web.runtime.database.write(lambda tx: tracking.merge_metrics(tx, run, [summary]))


async def book_of(web: Web, sweep: str) -> dict:
    """The optimizer's state."""
    row = await web.runtime.database.read(lambda tx: tx.one("SELECT state FROM director WHERE run = ?", sweep))
    return msgspec.json.decode(bytes(row["state"]))
