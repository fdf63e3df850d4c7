"""Agents' side: leases, reports and orders, with attempts fenced by their number."""

from __future__ import annotations

import asyncio
import json

import pytest

from trainyard_core.clock import SECOND
from trainyard_core.contracts.workload import AttemptRef, Exit, Phase
from trainyard_core.db import activities
from trainyard_core.db.connect import connect
from trainyard_core.lifecycle import Reason, Status
from trainyard_core.policy import Policy
from trainyard_core.testing.factories import Arrange


async def orders_of(arrange, agent=""):
    return {order.ref: order.todo for order in await arrange.orders(agent) or []}


async def kinds(arrange, run):
    rows = await arrange.database.read(lambda tx: activities.of_run(tx, run))
    return [row["kind"] for row in rows]


async def test_an_agent_that_is_not_known_must_register(arrange):
    assert await arrange.orders("stranger") is None
    assert await arrange.assign("stranger") == []


async def test_orders_follow_an_attempt_through_its_life(arrange):
    run = await arrange.run(Status.SCHEDULED)
    ref = await arrange.current(run)
    assert await orders_of(arrange) == {ref: "submit"}
    await arrange.report(ref, Phase.SUBMITTED)
    assert await orders_of(arrange) == {ref: "observe"}
    await arrange.report(ref, Phase.RUNNING)
    assert await orders_of(arrange) == {ref: "observe"}
    await arrange.stop(run)
    assert await orders_of(arrange) == {ref: "stop"}
    await arrange.report(ref, Phase.EXITED, exit=Exit(signal=15))
    assert await arrange.status(run) is Status.STOPPED
    assert await orders_of(arrange) == {ref: "release"}


async def test_an_end_that_still_drains_is_not_released(arrange):
    run = await arrange.run(Status.RUNNING)
    ref = await arrange.current(run)
    await arrange.report(ref, Phase.EXITED, exit=Exit(code=0, writers={"0" * 32: 1}))
    assert await orders_of(arrange) == {ref: "observe"}


async def test_an_end_without_its_frames_is_kept_for_a_week_after_the_run(arrange):
    run = await arrange.run(Status.RUNNING)
    ref = await arrange.current(run)
    await arrange.report(ref, Phase.EXITED, exit=Exit(code=0, writers={"0" * 32: 1}))
    await arrange.listen(arrange.policy.drain + 1)
    await arrange.reconcile(run)
    assert await arrange.status(run) is Status.SUCCEEDED
    assert await orders_of(arrange) == {ref: "observe"}
    arrange.clock.turn(8 * 24 * 3600)
    assert await orders_of(arrange) == {ref: "observe"}, "nobody has listened: it had no time to come"
    await arrange.listen()
    assert await orders_of(arrange) == {ref: "release"}


async def test_the_same_report_twice_changes_nothing(arrange):
    run = await arrange.run(Status.RUNNING)
    ref = await arrange.current(run)
    await arrange.report(ref, Phase.EXITED, exit=Exit(code=3, message="first"))
    before, seen = dict((await arrange.attempts(run))[0]), await kinds(arrange, run)
    await arrange.report(ref, Phase.EXITED, exit=Exit(code=4, message="second"))
    await arrange.report(ref, Phase.RUNNING)
    assert dict((await arrange.attempts(run))[0]) == before
    assert await kinds(arrange, run) == seen
    assert (await arrange.row(run))["user_failures"] == 1


async def test_reports_of_another_agent_and_of_no_attempt_change_nothing(arrange):
    run = await arrange.run(Status.RUNNING)
    ref = await arrange.current(run)
    await arrange.register("thief")
    await arrange.report(ref, Phase.EXITED, agent="thief", exit=Exit(code=0))
    await arrange.report(AttemptRef(run, 7), Phase.EXITED, exit=Exit(code=0))
    await arrange.report(AttemptRef("nobody", 1), Phase.GONE)
    assert await arrange.status(run) is Status.RUNNING


async def test_a_late_report_of_an_old_attempt_is_recorded_and_does_not_touch_the_new_one(database):
    arrange = await Arrange(database, policy=Policy(lost_after=100)).ground()
    run = await arrange.run(Status.RUNNING)
    old = await arrange.current(run)
    await arrange.listen(200)
    assert await arrange.reconcile(run) is Status.RETRYING
    arrange.clock.turn(60)
    assert await arrange.reconcile(run) is Status.QUEUED
    await arrange.register("second")
    (new,) = await arrange.assign("second")
    assert new.attempt == 2
    assert await orders_of(arrange) == {old: "stop"}, "the agent that came back must end what was given up"
    await arrange.report(old, Phase.EXITED, exit=Exit(code=0))
    assert await arrange.status(run) is Status.SCHEDULED
    assert "late_report" in await kinds(arrange, run)
    assert await orders_of(arrange) == {old: "release"}
    assert await orders_of(arrange, "second") == {new: "submit"}


async def test_what_was_given_up_for_good_is_stopped_before_it_is_released(database):
    """The agent of a lost run comes back: its program may well be running still."""
    arrange = await Arrange(database, policy=Policy(lost_after=100, platform_retries=0)).ground()
    run = await arrange.run(Status.RUNNING)
    ref = await arrange.current(run)
    await arrange.listen(200)
    assert await arrange.reconcile(run) is Status.FAILED
    assert await orders_of(arrange) == {ref: "stop"}
    await arrange.report(ref, Phase.EXITED, exit=Exit(signal=9))
    assert await orders_of(arrange) == {ref: "release"}
    row = await arrange.row(run)
    assert (row["status"], row["reason"]) == ("failed", Reason.LOST)


async def test_a_stop_while_a_lost_run_waits_for_its_retry_still_ends_its_old_attempt(database):
    arrange = await Arrange(database, policy=Policy(lost_after=100)).ground()
    run = await arrange.run(Status.RUNNING)
    old = await arrange.current(run)
    await arrange.listen(200)
    assert await arrange.reconcile(run) is Status.RETRYING
    await arrange.stop(run)
    assert await arrange.status(run) is Status.STOPPED
    assert await orders_of(arrange) == {old: "stop"}


async def test_gone_before_it_started_is_the_platforms_failure(arrange):
    run = await arrange.run(Status.SCHEDULED)
    await arrange.report(await arrange.current(run), Phase.GONE, message="the node left")
    row = await arrange.row(run)
    assert (row["status"], row["platform_failures"], row["user_failures"]) == ("retrying", 1, 0)
    assert "the node left" in row["message"]


async def test_an_end_without_a_word_of_its_start_has_run_in_between(arrange):
    run = await arrange.run(Status.SCHEDULED)
    arrange.clock.turn(10)
    end = Exit(code=0, started_at=1.5, finished_at=2.5)
    await arrange.report(await arrange.current(run), Phase.EXITED, exit=end)
    rows = await arrange.database.read(lambda tx: activities.of_run(tx, run, kind="status"))
    statuses = [json.loads(row["data"])["status"] for row in rows]
    assert statuses[-2:] == ["running", "succeeded"]
    (attempt,), row, now = await arrange.attempts(run), await arrange.row(run), arrange.clock.now()
    assert (attempt["started_at"], attempt["finished_at"]) == (now - SECOND, now)
    assert (row["started_at"], row["finished_at"]) == (now - SECOND, now)


@pytest.mark.parametrize("ahead", [0, -86400, 3600], ids=["right", "behind", "ahead"])
async def test_an_agents_clock_moves_neither_times_nor_timeouts(arrange, ahead):
    run = await arrange.run(Status.STARTING, timeout_us=600 * SECOND)
    ref, began = await arrange.current(run), arrange.clock.now()
    theirs = began / SECOND + ahead
    await arrange.report(ref, Phase.RUNNING, started_at=theirs)
    arrange.clock.turn(599)
    assert await arrange.reconcile(run) is Status.RUNNING
    arrange.clock.turn(1)
    assert await arrange.reconcile(run) is Status.STOPPING
    end = Exit(signal=15, reason="user", started_at=theirs, finished_at=theirs + 600)
    arrange.clock.turn(5)
    await arrange.report(ref, Phase.EXITED, exit=end)
    row, (attempt,) = await arrange.row(run), await arrange.attempts(run)
    assert (row["status"], row["reason"]) == ("stopped", "timeout")
    assert (attempt["started_at"], attempt["finished_at"]) == (began, began + 600 * SECOND)


async def test_what_was_not_delivered_is_kept_from_when_the_end_was_heard_of(arrange):
    run = await arrange.run(Status.RUNNING)
    ref, week = await arrange.current(run), 7 * 24 * 3600
    end = Exit(code=0, started_at=1.0, finished_at=2.0, writers={"a" * 32: 1})
    arrange.clock.turn(2 * week)
    await arrange.report(ref, Phase.EXITED, exit=end)
    await arrange.listen(week)
    assert await arrange.reconcile(run) is Status.SUCCEEDED
    assert await orders_of(arrange) == {ref: "observe"}
    await arrange.listen(3600)
    assert await orders_of(arrange) == {ref: "release"}


async def test_slots_are_free_again_with_the_end_and_devices_are_not_shared(arrange):
    await arrange.register("box", serves=("q",), cpu=2, gpu=2)
    await arrange.queue("q")
    first, second = await arrange.run(queue="q", gpu=1), await arrange.run(queue="q", gpu=1)
    third = await arrange.run(queue="q", gpu=1)
    assigned = await arrange.assign("box")
    assert [ref.run for ref in assigned] == [first, second]
    gpus = [json.loads((await arrange.attempts(run))[0]["gpus"]) for run in (first, second)]
    assert sorted(gpus) == [[0], [1]]
    assert await arrange.assign("box") == []
    await arrange.report(assigned[1], Phase.EXITED, agent="box", exit=Exit(code=0))
    assert [ref.run for ref in await arrange.assign("box")] == [third]
    assert json.loads((await arrange.attempts(third))[0]["gpus"]) == gpus[1]


async def test_agents_that_lease_at_once_share_no_run_and_keep_the_limit(database_url, database):
    arrange = await Arrange(database).ground()
    await arrange.queue("q", concurrency=7)
    ids = {await arrange.run(queue="q") for _ in range(12)}
    others = [await connect(database_url) for _ in range(3)] if database.dialect == "postgresql" else [database] * 3
    racers = [Arrange(other) for other in others]
    assigned = await asyncio.gather(
        *(racer.assign(most=4) for racer in racers), *(racer.assign(most=4) for racer in racers)
    )
    granted = [ref.run for refs in assigned for ref in refs]
    assert len(granted) == len(set(granted)) == 7
    assert set(granted) <= ids
    for other in {*others} - {database}:
        await other.close()


async def test_one_agent_that_leases_twice_at_once_is_not_overbooked(database_url, database):
    arrange = await Arrange(database).ground()
    await arrange.register("box", serves=("q",), cpu=3)
    await arrange.queue("q")
    for _ in range(8):
        await arrange.run(queue="q")
    others = [await connect(database_url) for _ in range(2)] if database.dialect == "postgresql" else [database] * 2
    assigned = await asyncio.gather(*(Arrange(other).assign("box") for other in others))
    assert sum(map(len, assigned)) == 3
    for other in {*others} - {database}:
        await other.close()


async def test_a_timeout_stops_the_attempt_and_says_so(arrange):
    run = await arrange.run(Status.RUNNING, timeout_us=10 * SECOND)
    await arrange.orders()
    arrange.clock.turn(11)
    assert await arrange.reconcile(run) is Status.STOPPING
    ref = await arrange.current(run)
    assert await orders_of(arrange) == {ref: "stop"}
    await arrange.report(ref, Phase.EXITED, exit=Exit(signal=15))
    row = await arrange.row(run)
    assert (row["status"], row["reason"]) == ("stopped", Reason.TIMEOUT)
