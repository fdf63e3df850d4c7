"""Directors: what a plan may say, what a view has, and who plans when there are several; on both databases."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
import pytest_asyncio
from relay import Relay, _leg, race, relaying

from trainyard.client.errors import NotFound
from trainyard_core.clock import SECOND
from trainyard_core.contracts.director import MOST_CHILDREN, ChildStop, End, Status, Write
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.db import directors
from trainyard_core.directing.cycle import PlanCycle
from trainyard_core.directing.view import load
from trainyard_core.errors import Invalid
from trainyard_core.lifecycle import FINAL
from trainyard_core.testing.background import until
from trainyard_core.testing.factories import HandClock
from trainyard_core.testing.frames import metric
from trainyard_core.work.idempotency import Claim


@pytest_asyncio.fixture
async def relay():
    return Relay()


@pytest_asyncio.fixture
async def web(relay, database_url, tmp_path):
    async with relaying(database_url, tmp_path, relay) as served:
        yield served


async def legs(web, run):
    """The children of a race, the oldest first."""
    return await web.runtime.database.read(
        lambda tx: tx.all("SELECT * FROM run WHERE parent = ? ORDER BY id", run.id if hasattr(run, "id") else run)
    )


async def end_leg(web, *, code=0):
    """The leg that waits runs and ends."""
    (ref,) = await until(web.arrange.assign)
    await web.arrange.report(ref, Phase.RUNNING)
    await web.arrange.report(ref, Phase.EXITED, exit=Exit(code=code))
    return ref.run


async def over(web, run):
    """The race once it is over."""

    async def final():
        row = await web.arrange.row(run.id)
        return row if row["status"] in FINAL else None

    return await until(final)


async def explained(web, run, words):
    """Wait until the race says why it stands still."""

    async def said():
        return words in (await web.arrange.row(run.id))["message"]

    await until(said)


async def quiet(web, run):
    """Wait until nothing is left to plan."""

    async def rests():
        return (await web.arrange.row(run.id))["wake_at"] is None

    await until(rests)


async def replanned(web, run):
    """Have it planned again, without the wait after a failure."""
    web.runtime.directors.wake(run.id)


def altered(**changes):
    """The same plan with these fields."""
    return lambda plan: msgspec.structs.replace(plan, **changes)


async def done(web, run):
    """What the director's own table says."""
    row = await web.runtime.platforms.of("relay").database.read(
        lambda tx: tx.one("SELECT done FROM relay_race WHERE run = ?", run.id)
    )
    return None if row is None else row["done"]


async def test_children_are_created_when_they_are_ready_and_end_their_parent(web):
    run = await race(web, 3)
    assert (run.kind, run.status) == ("relay", "running")
    for _ in range(3):
        await end_leg(web)
    row = await over(web, run)
    assert (row["status"], row["message"], row["progress"]) == ("succeeded", "3 legs", 1.0)
    assert [leg["key"] for leg in await legs(web, run)] == ["1", "2", "3"]
    assert {leg["created_by"] for leg in await legs(web, run)} == {row["created_by"]}
    assert await done(web, run) == 3


async def test_a_view_has_what_goes_on_and_what_has_just_ended_and_counts_the_rest(web, relay):
    run = await race(web, 6)
    for _ in range(5):
        await end_leg(web)
    await until(lambda: _waiting(web))
    web.runtime.directors.wake(run.id)

    async def seen():
        return list(relay.views[-1].children) == ["6"]

    await until(seen)
    counts = relay.views[-1].parent.counts
    assert (counts.created, counts.succeeded) == (6, 5)
    assert max(len(view.children) for view in relay.views) == 1


async def _waiting(web):
    return await web.runtime.database.read(lambda tx: tx.all("SELECT id FROM run WHERE status = 'queued'"))


async def test_why_tells_the_progress_and_what_the_first_child_waits_for(web):
    run = await race(web, 2)
    await until(lambda: legs(web, run))
    why = await web.admin.runs.why(run.id)
    assert why.summary.startswith("0 of 2 legs have ended, 0 run, 1 wait; the first of them, ")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (altered(create=[_leg(1), _leg(1)]), "it creates the child '1' twice"),
        (altered(create=[_leg(n) for n in range(MOST_CHILDREN + 1)]), "the most are 1,000"),
        (altered(create=[_leg(1)], finish=End(Status.SUCCEEDED)), "it ends the run and creates children"),
        (altered(finish=End(Status.RUNNING), create=()), "it ends the run as running"),
        (altered(stop=[ChildStop("9")]), "the child '9', which does not run"),
        (altered(writes=[Write("UPDATE relay_race SET done = 7", changes=2)]), "changed 1 rows instead of 2"),
        (altered(writes=[Write("UPDATE run SET name = 'x'")]), "run"),
    ],
    ids=["twice", "too many", "both", "no end", "unknown", "rows", "foreign table"],
)
async def test_a_plan_that_cannot_be_carried_out_changes_nothing_and_is_told(web, relay, wrong, said):
    relay.alter = wrong
    run = await race(web, 1)
    await explained(web, run, said)
    assert (await legs(web, run), await done(web, run)) == ([], 0)
    await replanned(web, run)
    await end_leg(web)
    assert (await over(web, run))["status"] == "succeeded"


async def test_a_key_is_never_used_again(web, relay):
    run = await race(web, 3)
    await end_leg(web)
    await until(lambda: _second(web, run))
    relay.alter = altered(create=[_leg(1)])
    await end_leg(web)
    await explained(web, run, "it creates the child '1', which there is already")
    assert len(await legs(web, run)) == 2


async def test_a_child_that_cannot_be_compiled_is_there_and_has_failed(web, relay):
    relay.alter = altered(create=[msgspec.structs.replace(_leg(1), params={"arm": 1})])
    run = await race(web, 1)
    row = await over(web, run)
    assert (row["status"], row["reason"], row["message"]) == ("failed", "invalid", "leg 1 fell")
    (leg,) = await legs(web, run)
    assert (leg["status"], leg["reason"]) == ("failed", "invalid")


async def test_children_may_run_outside_and_use_the_results_of_others(web, relay):
    outside = msgspec.structs.replace(_leg(1), managed=False, operation=None)
    relay.alter = altered(create=[outside])
    run = await race(web, 2)
    (leg,) = await until(lambda: legs(web, run))
    assert (leg["kind"], leg["status"], leg["managed"]) == ("tracked", "running", 0)
    actor = await web.runtime.platforms.of("relay").actor("user:admin")
    parents = web.runtime.platforms.of("relay").parents
    relay.alter = lambda plan: altered(create=[msgspec.structs.replace(plan.create[0], upstreams=("1",))])(plan)
    told = await parents.end_child(actor, "default", run.id, leg["id"], status="succeeded", outputs={"time": 9.5})
    assert (told.status, told.outputs) == ("succeeded", {"time": 9.5})
    second = await until(lambda: _second(web, run))
    edges = await web.runtime.database.read(lambda tx: tx.all("SELECT * FROM edge WHERE run = ?", second["id"]))
    assert [(edge["source"], edge["kind"]) for edge in edges] == [(leg["id"], "upstream")]


async def _second(web, run):
    found = await legs(web, run)
    return found[1] if len(found) > 1 else None


async def test_a_stopped_parent_ends_after_its_children(web):
    run = await race(web, 3)
    (ref,) = await until(web.arrange.assign)
    await web.arrange.report(ref, Phase.RUNNING)
    await web.admin.runs.stop(run.id)

    async def asked():
        return (await web.arrange.row(ref.run))["intent"] == "stop"

    await until(asked)
    await web.arrange.report(ref, Phase.EXITED, exit=Exit(signal=15))
    assert (await over(web, run))["status"] == "stopped"


async def test_a_parent_is_deleted_with_its_children_and_with_what_its_plugin_keeps(web):
    run = await race(web, 1)
    leg = await end_leg(web)
    await over(web, run)
    await web.admin.runs.delete(run.id)
    for gone in (run.id, leg):
        with pytest.raises(NotFound):
            await web.admin.runs.get(gone)
    assert await done(web, run) is None
    assert await web.runtime.database.read(lambda tx: tx.all("SELECT run FROM director")) == []


@pytest.mark.parametrize(("name", "wakes"), [("pace", True), ("other", False)])
async def test_a_metric_that_is_watched_wakes_the_parent(web, relay, name, wakes):
    relay.watches = frozenset({"pace"})
    run = await race(web, 1)
    (ref,) = await until(web.arrange.assign)
    await web.arrange.report(ref, Phase.RUNNING)
    await quiet(web, run)
    before = (await web.arrange.row(run.id))["wake_seq"]
    await web.admin.runs.append(ref.run, metric("a" * 32, 1, {name: [1.0]}))
    assert ((await web.arrange.row(run.id))["wake_seq"] > before) is wakes


async def test_without_its_plugin_a_parent_says_so_can_be_stopped_and_goes_on_when_it_is_back(database_url, tmp_path):
    async with relaying(database_url, tmp_path, Relay()) as web:
        first, second = await race(web, 1), await race(web, 2)
        await until(lambda: legs(web, first))
        await until(lambda: legs(web, second))
    async with relaying(database_url, tmp_path, None) as web:
        for _ in range(2):
            web.runtime.directors.wake(first.id)
        await explained(web, first, "nothing here plans runs of kind 'relay'")
        await web.admin.runs.stop(first.id)
        assert (await over(web, first))["status"] == "stopped"
        await web.admin.runs.delete(first.id)
    async with relaying(database_url, tmp_path, Relay()) as web:
        web.runtime.directors.wake(second.id)
        for _ in range(2):
            await end_leg(web)
        assert (await over(web, second))["message"] == "2 legs"


async def test_a_kind_that_nobody_plans_is_refused_by_name(database_url, tmp_path):
    async with relaying(database_url, tmp_path, None) as web:
        with pytest.raises(Invalid, match="no kind of run 'relay'; existing: job"):
            await race(web)


class OneRequest:
    """The `change` of a request with this key."""

    def __init__(self, actor, key):
        self._claim = Claim(actor, key=key, digest="d", at=1)

    async def claim(self):
        return self._claim


async def test_a_request_is_answered_with_the_children_that_its_plan_creates_once_for_its_key(web, relay):
    relay.alter = altered(create=(), state=None, progress=None)
    run = await race(web, 9)
    await quiet(web, run)
    platform = web.runtime.platforms.of("relay")
    actor = await platform.actor("user:admin")
    first = await platform.parents.ask(actor, "default", run.id, 2, change=OneRequest(actor, "k"))
    again = await platform.parents.ask(actor, "default", run.id, 2, change=OneRequest(actor, "k"))
    assert (len(first), again) == (2, [*first])
    assert [leg["id"] for leg in await legs(web, run)] == [*first]


async def test_a_parent_is_asked_for_by_what_it_is(web):
    actor = await web.runtime.platforms.of("relay").actor("user:admin")
    plain = await web.run()
    with pytest.raises(Exception, match="plans no runs: it is a job"):
        await web.runtime.platforms.of("relay").parents.get(actor, "default", plain.id)


@pytest_asyncio.fixture
async def workers(web, relay):
    """Two workers that could plan one race, whose plans are held; the first has begun to."""
    if web.runtime.database.exclusive:
        pytest.skip("one process has the whole database")
    run = await race(web, 3)
    await until(lambda: legs(web, run))
    await quiet(web, run)
    await web.runtime.directors.aclose()
    given = web.runtime.directors.dependencies()
    ahead = HandClock(web.arrange.clock.now() + 3600 * SECOND)
    one = PlanCycle(run.id, given._replace(holder="one"))
    two = PlanCycle(run.id, given._replace(holder="two", clock=ahead))
    await end_leg(web)
    relay.gate.clear()
    relay.planning.clear()
    frozen = asyncio.create_task(one.plan())
    await relay.planning.wait()
    yield run, frozen, two
    relay.gate.set()
    await asyncio.gather(frozen, return_exceptions=True)


async def test_workers_whose_clocks_differ_agree_on_who_plans(workers):
    _, _, two = workers
    assert (await two.plan()).busy


async def test_a_worker_that_was_frozen_writes_nothing_and_holds_nobody_up(web, relay, workers):
    run, frozen, two = workers
    held, relay.gate = relay.gate, asyncio.Event()  # the first worker still waits at its own
    relay.gate.set()
    await web.runtime.database.write(lambda tx: tx.run("UPDATE director SET lease_until = 0"))
    assert (await two.plan()).wrote
    held.set()
    await frozen
    assert [leg["key"] for leg in await legs(web, run)] == ["1", "2"]
    assert await done(web, run) == 1
    row = await web.runtime.database.read(lambda tx: directors.get(tx, run.id))
    assert row["succeeded"] == 1


async def test_a_plan_of_a_large_parent_reads_as_many_rows_as_that_of_a_small_one(web, relay):
    run = await race(web, 3)
    await until(lambda: legs(web, run))
    await quiet(web, run)
    few = await rows_read(web, run)
    await web.runtime.database.write(
        lambda tx: tx.run(
            "INSERT INTO run (id, project, kind, status, created_by, created_at, updated_at, finished_at, parent, key,"
            " end_planned) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
            " SELECT 'old-' || i, 'default', 'job', 'succeeded', 'user:ada', 1, 1, 1, CAST(? AS TEXT), 'old-' || i, 1"
            " FROM n",
            run.id,
        )
    )
    assert await rows_read(web, run) == few


async def rows_read(web, run):
    """How many rows a view of a race is made of."""
    counted = []

    class Counting:
        def __init__(self, tx):
            self._tx, self.dialect, self.confine = tx, tx.dialect, tx.confine

        async def all(self, sql, *args):
            rows = await self._tx.all(sql, *args)
            counted.extend(rows)
            return rows

        async def one(self, sql, *args):
            row = await self._tx.one(sql, *args)
            counted.append(row)
            return row

    runtime = web.runtime
    planner = runtime.kinds.planner(run.id, "relay")
    await runtime.database.read(lambda tx: load(Counting(tx), run.id, planner, runtime.job_queue.enqueue))
    return len(counted)
