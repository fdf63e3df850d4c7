"""What the tests of early stopping share: a sweep with rules, and trials whose metrics come as real frames."""

from __future__ import annotations

from contextlib import asynccontextmanager

import sweep_harness
from sweep_harness import Book, children, tables

from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.hookspecs import OptimizerProvider, hookimpl
from trainyard_core.lifecycle import FINAL
from trainyard_core.registry import Registry
from trainyard_core.testing.background import until
from trainyard_core.testing.frames import metric
from trainyard_core.testing.server import BASE, serving

W = "1" * 32
FAILURES = "{kind: failure_early_stopping, percent: 50}"
REACHED = "{kind: metric_early_stopping, metric: loss, optimization: minimize, value: 0.1}"


class Plugin:
    """Offers the book as `random`, and as `tpe`, which has a metric."""

    def __init__(self, book: Book) -> None:
        self.book = book

    @hookimpl
    def register_optimizers(self):
        return [OptimizerProvider(name=name, build=lambda context: self.book) for name in ("random", "tpe")]


@asynccontextmanager
async def served(url, data, *, ahead=0, plugins=(), foreign=None):
    """The API with the book, or with the optimizers of plugins; and with foreign plugins, by name."""
    registry = Registry.load(["sweeps", "tracker_folder", *plugins])
    if not plugins:
        registry.add("book", Plugin(Book(ahead=ahead)))
    for name, plugin in (foreign or {}).items():
        registry.add(name, plugin)
    async with serving(url, data, registry) as web:
        yield web


def policy(text, **more):
    """A rule on single trials."""
    rest = "".join(f", {name}: {value}" for name, value in more.items())
    return f"{{kind: metric_early_stopping, metric: loss, optimization: minimize, policy: {{kind: {text}{rest}}}}}"


async def begin(web, *rules, trials=4, parallel=2, kind="random", matrix="", head=""):
    """A sweep whose first trials run."""
    lines = [*([matrix] if matrix else []), *([f"earlyStopping: [{', '.join(rules)}]"] if rules else [])]
    sweep = await sweep_harness.begin(web, trials=trials, parallel=parallel, kind=kind, matrix=lines, head=head)
    await until(lambda: children(web, sweep.id))
    return sweep.id, await running(web)


async def running(web):
    """What waited runs now, by number of the trial."""
    refs = await web.arrange.assign()
    for ref in refs:
        await web.arrange.report(ref, Phase.RUNNING)
    rows = await tables(web).read(lambda tx: tx.all("SELECT run, number FROM sweeps_trial WHERE phase = 'open'"))
    numbers = {row["run"]: row["number"] for row in rows}
    return sorted(refs, key=lambda ref: numbers[ref.run])


async def next_running(web):
    """The trial that takes a slot, as soon as it waits for an agent."""
    found = []

    async def assigned():
        found.extend(await running(web))
        return found

    await until(assigned)
    return found


async def send(web, ref, body):
    answer = await web.ask("POST", f"{BASE}/{ref.run}/frames", content=body)
    assert answer.status_code < 300, answer.text


async def logged(web, ref, *values, seq=1, name="loss"):
    """The trial logs these from step 1 on, in one frame."""
    await send(web, ref, metric(W, seq, {name: [*values]}, first=1))


async def ends(web, ref, code=0, **more):
    await web.arrange.report(ref, Phase.EXITED, exit=Exit(code=code, **more))


async def told_to_stop(web, ref):
    """The reason and the words with which it is told."""

    async def told():
        row = await web.arrange.row(ref.run)
        return row["intent"] == "stop" and row

    row = await until(told)
    return row["intent_reason"], row["intent_message"]


async def ended(web, sweep):
    """The sweep once it is over."""

    async def over():
        row = await web.arrange.row(sweep)
        return row["status"] in FINAL and row

    return await until(over)


async def phases(web, sweep):
    return {row["number"]: row["phase"] for row in await children(web, sweep)}


async def phase_is(web, sweep, number, phase):
    async def so():
        return (await phases(web, sweep)).get(number) == phase

    await until(so)


async def looked(web, sweep):
    """The director has looked at all that was written until now, and found nothing more to do."""
    parent = web.runtime.directors._parent(sweep)
    async with parent.lock:
        await parent.cycle.plan()


async def wanted(web, sweep):
    """Which trials are to stop."""
    return [row["number"] for row in await children(web, sweep) if row["intent"] == "stop"]
