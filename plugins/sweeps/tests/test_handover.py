"""What core kept before sweeps were a plugin is taken over when the plugin is first there, and outlives its absence."""

from __future__ import annotations

import pytest
from earlier import make
from sweep_harness import Book, Plugin, children, tables

from trainyard.client.errors import Invalid
from trainyard.client.models import CreateRun
from trainyard_core.db import directors
from trainyard_core.db.connect import connect
from trainyard_core.ids import new_id
from trainyard_core.registry import Registry
from trainyard_core.testing.background import until
from trainyard_core.testing.server import serving

STUDY = """{"algorithm": "random", "space": {}, "objectives": [{"name": "score", "goal": "maximize"}],
  "rules": [{"rule": "metric", "metric": "loss", "goal": "minimize", "value": 0.1}], "seed": 7}"""
RUN = (
    "INSERT INTO run (id, project, kind, status, managed, parent, key, meta, finished_at, created_by, created_at,"
    " updated_at) VALUES (?, 'default', ?, ?, 0, ?, ?, ?, ?, 'user:ada', 1, 1)"
)
SWEEP = (
    "INSERT INTO sweep (run, study, seed, max_trials, concurrency, external, watches_metrics, version, state, created,"
    " succeeded) VALUES (?, ?, 7, 9, 2, 1, 1, 5, ?, 2, 1)"
)
TRIAL = (
    "INSERT INTO trial (sweep, key, number, run, phase, synced, params, value, created_at) VALUES (?, ?, ?, ?, ?, 1,"
    " '{}', ?, 1)"
)
MATRIX = "version: 1.1\nkind: operation\nmatrix: {kind: random, numRuns: 1, params: {x: {kind: choice, value: [1]}}}\n"
COMPONENT = "component: {inputs: [{name: x, type: int}], run: {kind: job, container: {command: [run]}}}\n"


@pytest.fixture
def serve(empty_url, tmp_path):
    """A server with these plugins."""

    def of(*plugins):
        registry = Registry.load(["tracker_folder", *plugins])
        registry.add("book", Plugin(Book()))
        return serving(empty_url, tmp_path / "data", registry=registry)

    return of


async def kept_by_core(url):
    """A database of the time when core kept sweeps: one that goes on, with a trial that has ended and an open one; the
    ids of its run and of those of the trials."""
    sweep, first, second = new_id(), new_id(), new_id()

    async def fill(tx):
        await tx.run("INSERT INTO project (name, created_at, updated_at) VALUES ('default', 1, 1)")
        await tx.run(RUN, sweep, "sweep", "running", None, None, "{}", None)
        await tx.run(RUN, first, "tracked", "succeeded", sweep, "1", "{}", 1)
        await tx.run(RUN, second, "tracked", "running", sweep, "2", '{"trial": {"asker": "me"}}', None)
        await tx.run(SWEEP, sweep, STUDY, b'{"told": [], "made": 2}')
        await tx.run(TRIAL, sweep, "1", 1, first, "succeeded", 0.5)
        await tx.run(TRIAL, sweep, "2", 2, second, "open", None)

    await make(url, "m0018_references")
    database = await connect(url)
    await database.write(fill)
    await database.close()
    return sweep, first, second


async def test_a_sweep_of_core_goes_on_in_the_plugin(empty_url, serve):
    sweep, first, second = await kept_by_core(empty_url)
    async with serve("sweeps") as web:
        found = await web.admin.sweeps.get(sweep)
        assert (found.created, found.succeeded, found.running, found.best.value) == (2, 1, 1, 0.5)
        assert [row["id"] for row in await children(web, sweep)] == [first, second]
        askers = await tables(web).read(lambda tx: tx.all("SELECT asker FROM sweeps_trial ORDER BY number"))
        assert [row["asker"] for row in askers] == ["", "me"]
        row = await web.runtime.database.read(lambda tx: directors.get(tx, sweep))
        assert (row["plugin"], row["version"], row["watches"]) == ("sweeps", 5, '["loss", "score"]')
        unplanned = await web.runtime.database.read(lambda tx: directors.unplanned(tx, sweep))
        assert [each["id"] for each in unplanned] == [second]


async def test_what_core_kept_waits_for_the_plugin(empty_url, serve):
    sweep, _, second = await kept_by_core(empty_url)
    async with serve() as web:
        assert (await web.admin.runs.get(sweep)).kind == "sweep"
        with pytest.raises(Invalid, match="no kind of run 'sweep'; existing: job"):
            await web.admin.runs.create(CreateRun(content=MATRIX + COMPONENT))
        await web.admin.runs.stop(second)
    async with serve("sweeps") as web:
        assert (await web.admin.sweeps.get(sweep)).created == 2


async def test_a_database_without_sweeps_has_no_tables_of_them_without_the_plugin(serve):
    async with serve() as web:
        where = {
            "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
            "postgresql": "SELECT table_name AS name FROM information_schema.tables",
        }
        rows = await web.runtime.database.read(lambda tx: tx.all(where[tx.dialect]))
        names = {row["name"] for row in rows}
        assert not {name for name in names if "sweep" in name or "trial" in name}


async def test_a_sweep_is_deleted_also_where_the_plugin_has_never_been(empty_url, serve):
    sweep, _, second = await kept_by_core(empty_url)
    async with serve() as web:
        for run in (second, sweep):
            await web.admin.runs.stop(run)
        web.runtime.directors.wake(sweep)

        async def final():
            return (await web.admin.runs.get(sweep)).is_final

        await until(final)
        await web.admin.runs.delete(sweep)
