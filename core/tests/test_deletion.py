"""Deleting runs, on both databases: whole or not at all, what the tracker holds, and what agents hold."""

from __future__ import annotations

import asyncio

import pytest
from run_factory import end, ended, let_go, started
from web import BASE

from trainyard.client.errors import Conflict, NotFound
from trainyard.client.models import CreateRun
from trainyard_core import errors
from trainyard_core.clock import SECOND
from trainyard_core.contracts.tracker import RunRef
from trainyard_core.contracts.workload import Phase
from trainyard_core.db import deletions, jobs, runs
from trainyard_core.lifecycle import FINAL, Status
from trainyard_core.testing.background import until, working
from trainyard_core.testing.factories import operation
from trainyard_core.testing.frames import lines, metric
from trainyard_core.work import assignment
from trainyard_core.work.deletion import AGAIN, Purger
from trainyard_core.work.stored_operation import stored

W = "1" * 32
TABLES = ("run", "operation", "attempt", "writer", "metric", "artifact", "edge", "run_tag", "run_value")


async def rows_left(web, run):
    async def count(tx):
        found = {}
        for table in TABLES:
            column = "id" if table == "run" else "run"
            row = await tx.one(f"SELECT COUNT(*) AS n FROM {table} WHERE {column} = ?", run)
            if row["n"]:
                found[table] = row["n"]
        return found

    return await web.runtime.database.read(count)


def purger(web, tracker=None):
    return Purger(web.runtime.database, tracker or web.runtime.tracker, web.runtime.clock)


async def test_nothing_of_a_deleted_run_is_left_but_what_happened(web):
    run = await ended(web, metric(W, 1, {"loss": [1.0]}), lines(W, 2, "hello", final=True), tags=["t"])
    await web.admin.runs.upload(run.id, "a", b"1")
    await web.admin.runs.delete(run.id)
    assert await rows_left(web, run.id) == {}
    with pytest.raises(NotFound):
        await web.admin.runs.get(run.id)
    told = (await web.ask("GET", "projects/default/activities?kind=deleted")).json()["items"]
    assert [(each["run"], each["actor"], each["data"]["status"]) for each in told] == [
        (run.id, "user:admin", "succeeded")
    ]
    ref = RunRef("default", run.id)
    assert await web.runtime.tracker.series_names(ref) == ["loss"]
    await purger(web).once()
    assert await web.runtime.tracker.series_names(ref) == []
    assert (await web.runtime.tracker.read_logs(ref)).lines == []


@pytest.mark.parametrize("status", Status)
async def test_only_what_has_ended_can_be_deleted(web, status):
    run = await web.arrange.run(status)
    if status in FINAL:
        await web.admin.runs.delete(run)
        assert await rows_left(web, run) == {}
    else:
        with pytest.raises(Conflict, match="cannot be deleted") as refused:
            await web.admin.runs.delete(run)
        assert f"yard stop {run[-8:]}" in str(refused.value)
        assert await web.arrange.status(run) is status


async def test_a_delete_that_comes_again_gets_the_same_answer_by_its_key(web):
    run = await ended(web)
    await web.admin.runs.delete(run.id, key="k")
    await web.admin.runs.delete(run.id, key="k")
    with pytest.raises(NotFound):
        await web.admin.runs.delete(run.id)


async def test_a_tracker_in_trouble_is_asked_until_it_has_forgotten_the_run(web):
    class Trouble:
        calls = 0

        async def delete_run(self, run):
            self.calls += 1
            if self.calls < 3:
                raise OSError("no network")
            await web.runtime.tracker.delete_run(run)

    run, tracker = await ended(web, metric(W, 1, {"loss": [1.0]})), Trouble()
    await web.admin.runs.delete(run.id)
    purge = purger(web, tracker)
    for calls, seconds in ((1, 0), (1, 0.5), (2, 0.6), (2, 1.0), (3, 1.1), (3, 1.0)):
        web.arrange.clock.turn(seconds)
        await purge.once()
        assert tracker.calls == calls
    assert await web.runtime.tracker.series_names(RunRef("default", run.id)) == []


async def test_what_was_on_its_way_when_the_run_was_deleted_goes_in_a_second_pass(web):
    run = await ended(web, metric(W, 1, {"loss": [1.0]}))
    await web.admin.runs.delete(run.id)
    purge, ref = purger(web), RunRef("default", run.id)
    await purge.once()
    with pytest.raises(NotFound):
        await web.admin.runs.append(run.id, metric(W, 2, {"late": [1.0]}))
    web.arrange.clock.turn(AGAIN / 1e6 + 1)
    await purge.once()
    assert await web.runtime.tracker.series_names(ref) == []
    assert await web.runtime.database.read(lambda tx: deletions.due(tx, at=1 << 62, limit=5)) == []


async def test_a_run_that_others_continue_or_took_from_stays_until_they_are_gone(web):
    first = await started(web)
    await web.admin.runs.upload(first.id, "a", b"1")
    first = await end(web, first)
    resumed, copy = await web.admin.runs.resume(first.id), await web.admin.runs.copy(first.id)
    again = await web.admin.runs.restart(first.id)
    for heir in (resumed, copy):
        with pytest.raises(Conflict, match="other runs") as refused:
            await web.admin.runs.delete(first.id)
        assert heir.short_id in str(refused.value)
        await web.admin.runs.stop(heir.id)
        await web.admin.runs.delete(heir.id)
    await web.admin.runs.delete(first.id)
    original = (await web.admin.runs.lineage(again.id)).original
    assert (original.id, original.status) == (first.id, "deleted")


async def test_a_resume_and_a_delete_at_once_leave_no_run_without_its_past(web):
    for _ in range(4):
        first = await ended(web)
        results = await asyncio.gather(
            web.admin.runs.resume(first.id), web.admin.runs.delete(first.id), return_exceptions=True
        )
        resumed, deleted = results
        if deleted is None:
            assert isinstance(resumed, NotFound), resumed
        else:
            assert isinstance(deleted, Conflict), deleted
            await web.admin.runs.stop(resumed.id)
            assert (await web.admin.runs.lineage(resumed.id)).original.status == "succeeded"


async def test_a_run_that_was_deleted_a_moment_ago_is_not_found_by_who_would_run_it_again(web):
    run = await ended(web)
    await web.admin.runs.delete(run.id)
    with pytest.raises(errors.NotFound, match="it has been deleted"):
        await web.runtime.database.read(lambda tx: stored(tx, run.id))


async def test_the_agent_lets_go_of_what_it_held_of_a_deleted_run(web):
    run = await ended(web)
    ref = await web.arrange.current(run.id)
    await web.admin.runs.delete(run.id)
    (order,) = await web.arrange.orders()
    assert (order.ref, order.todo) == (ref, "release")
    await web.runtime.database.write(lambda tx: assignment.released(tx, [ref]))
    assert await web.arrange.orders() == []


async def test_an_attempt_that_may_still_run_is_stopped_before_it_is_let_go(web):
    run = await started(web)
    ref = await web.arrange.current(run.id)
    await web.arrange.move(run.id, Status.FAILED, reason="lost")
    await web.admin.runs.delete(run.id)
    assert [(order.ref, order.todo) for order in await web.arrange.orders()] == [(ref, "stop")]
    await web.arrange.report(ref, Phase.GONE)
    assert [(order.ref, order.todo) for order in await web.arrange.orders()] == [(ref, "release")]


async def test_a_run_whose_attempt_was_let_go_leaves_no_order(web):
    run = await ended(web)
    await let_go(web, run)
    await web.admin.runs.delete(run.id)
    assert await web.arrange.orders() == []


@pytest.mark.parametrize("again", [{"managed": False}, {"content": operation()}], ids=["tracked", "managed"])
@pytest.mark.parametrize("project", ["default", "other"])
async def test_the_id_of_a_deleted_run_is_never_used_again(web, project, again):
    await web.ask("POST", "projects", json={"name": "other"})
    run = await ended(web, metric(W, 1, {"loss": [1.0]}, final=True))
    await web.admin.runs.delete(run.id)
    with pytest.raises(Conflict, match="has been deleted"):
        await web.admin.runs.create(CreateRun(id=run.id, **again), project=project)
    assert await rows_left(web, run.id) == {}


async def test_the_id_of_a_deleted_trial_is_never_used_again(web):
    sweep = await web.arrange.run(Status.SUCCEEDED)
    trial = await web.arrange.run(Status.SUCCEEDED, parent=sweep, key="1")
    parent = await web.runtime.database.read(lambda tx: runs.get(tx, sweep))
    await web.runtime.database.write(lambda tx: deletions.remove_children(tx, parent, at=1))
    with pytest.raises(Conflict, match="has been deleted"):
        await web.run(id=trial)


async def test_an_id_whose_run_is_just_being_deleted_is_refused(web):
    if web.runtime.database.dialect == "sqlite":
        pytest.skip("SQLite has one writer")
    run = await ended(web)
    row = await web.runtime.database.read(lambda tx: runs.get(tx, run.id))
    gone = asyncio.Event()

    async def delete(tx):
        await deletions.remove(tx, row, at=1)
        gone.set()
        while await tx.one("SELECT 1 FROM pg_locks WHERE NOT granted") is None:
            continue  # until the other transaction waits for this one

    deleting = asyncio.create_task(web.runtime.database.write(delete))
    await gone.wait()
    with pytest.raises(Conflict, match="has been deleted"):
        await web.run(id=run.id)
    await deleting


async def test_a_job_has_the_tracker_forget_deleted_runs(web):
    run = await ended(web, metric(W, 1, {"loss": [1.0]}))
    await web.admin.runs.delete(run.id)

    async def is_forgotten():
        return await web.runtime.tracker.series_names(RunRef("default", run.id)) == []

    assert not await is_forgotten()
    async with working(web.runtime.run_jobs()):
        await until(is_forgotten)
        await until(lambda: _is_due_again(web))


async def _is_due_again(web):
    """Whether the job is due for the second pass, long after the first one."""
    rows = await web.runtime.database.read(lambda tx: jobs.page(tx, after=0, limit=10, plugin=jobs.CORE))
    (row,) = [row for row in rows if row["name"] == deletions.PURGE]
    deletion = await web.runtime.database.read(lambda tx: tx.one("SELECT next_at FROM deletion"))
    wait = min(AGAIN, 600 * SECOND)
    return row["state"] == "waiting" and deletion["next_at"] and row["due_at"] - row["succeeded_at"] == wait


async def test_deleting_is_for_those_who_may_write(web):
    run = await ended(web)
    for token in (await web.role("viewer"), web.of_run(run.id)):
        assert (await web.ask("DELETE", f"{BASE}/{run.id}", token=token)).status_code == 403
