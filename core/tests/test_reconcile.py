"""Reconcile on both databases: every arranged state comes to rest and stays there, and writers that race neither
reopen nor double-finish a run."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from functools import partial
from pathlib import Path

import pytest

from trainyard_core.clock import SECOND
from trainyard_core.contracts.tracker import Upload
from trainyard_core.contracts.workload import Exit, Observation, Phase
from trainyard_core.db import activities, runs, tracking, uploads, uptime
from trainyard_core.db.artifacts import ArtifactActor
from trainyard_core.db.connect import connect
from trainyard_core.ids import new_id
from trainyard_core.lifecycle import FINAL, Intent, Reason, Status
from trainyard_core.policy import Policy
from trainyard_core.testing.factories import Arrange, HandClock
from trainyard_core.work import assignment
from trainyard_core.work.view import load

ENDS = {
    "none": None,
    "ok": Exit(code=0),
    "failed": Exit(code=3),
    "lost": Exit(reason=Reason.LOST, retryable=True),
    "undrained": Exit(code=0, writers={"0" * 32: 4}),
}
RACER = Path(__file__).with_name("concurrent_writer.py")
AGENTS = {"heard": 0.0, "silent": 20.0, "expired": 400.0}


async def told(arrange: Arrange, run: str) -> list[str]:
    rows = await arrange.database.read(lambda tx: activities.of_run(tx, run, kind="status"))
    return [json.loads(row["data"])["status"] for row in rows]


@pytest.mark.parametrize("intent", Intent)
@pytest.mark.parametrize("status", Status)
async def test_every_intent_phase_attempt_and_lease_comes_to_rest_and_an_end_stays(database, status, intent):
    """The attempt's phase is the run's own by arrangement; what differs is its end and how long its agent is silent."""
    for end, (agent, silence) in itertools.product(ENDS, AGENTS.items()):
        arrange = await Arrange(database, policy=Policy(lost_after=300.0)).ground()
        run = await arrange.run(status, timeout_us=100 * SECOND)
        if intent is Intent.STOP:
            at = arrange.clock.now()
            body = {"actor": "t", "reason": Reason.USER, "message": "", "at": at}
            await database.write(lambda tx, run=run, body=body: runs.want_stop(tx, run, **body))
        row = await arrange.row(run)
        if ENDS[end] is not None and row["attempt"]:
            await arrange.report(await arrange.current(run), Phase.EXITED, exit=ENDS[end])
        await arrange.listen(silence)
        first = await arrange.reconcile(run)
        seen = await told(arrange, run)
        assert first is not None
        assert await arrange.reconcile(run) is first, f"{status} {intent} {end} {agent}: a second look moved it"
        assert await told(arrange, run) == seen
        assert sum(each in FINAL for each in seen) <= 1
        if status in FINAL:
            assert first is status
        elif intent is Intent.STOP and row["attempt"] == 0:
            assert first is Status.STOPPED
        await database.write(lambda tx, run=run: tx.run("UPDATE run SET queue = 'away' WHERE id = ?", run))


@pytest.mark.parametrize("round_", range(5))
async def test_three_racing_writers_never_reopen_or_double_finish(database_url, database, round_):
    arrange = await Arrange(database).ground()
    ids = [await arrange.run(Status.RUNNING) for _ in range(5)]
    others = [await connect(database_url) for _ in range(3)] if database.dialect == "postgresql" else [database] * 3

    async def exits(one: Arrange) -> None:
        for run in ids:
            await one.report(await one.current(run), Phase.EXITED, exit=Exit(code=round_ % 2))

    async def stops(one: Arrange) -> None:
        for run in reversed(ids):
            await one.stop(run)

    async def moves(one: Arrange) -> None:
        for run in ids:
            await one.move(run, Status.FAILED, reason="race")
            await one.reconcile(run)

    racers = [Arrange(other) for other in others]
    await asyncio.gather(*(work(one) for work, one in zip((exits, stops, moves), racers, strict=True)))
    for other in {*others} - {database}:
        await other.close()
    for run in ids:
        seen = await told(arrange, run)
        assert sum(status in FINAL for status in seen) == 1, seen
        assert seen[-1] in FINAL, "nothing comes after the end"
        assert (await arrange.row(run))["status"] == seen[-1]


async def test_three_racing_processes_finish_each_run_once(postgres_url):
    database = await connect(postgres_url)
    arrange = await Arrange(database).ground()
    ids = [await arrange.run(Status.RUNNING) for _ in range(15)]
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    racers = [
        await asyncio.create_subprocess_exec(sys.executable, RACER, postgres_url, kind, *ids, **pipes)
        for kind in ("exit", "stop", "fail")
    ]
    async with asyncio.timeout(60):
        for racer in racers:
            assert await racer.stdout.readline() == b"ready\n"
        for racer in racers:
            racer.stdin.write(b"go\n")
        outcomes = [(await racer.communicate(), racer.returncode) for racer in racers]
    assert [code for _, code in outcomes] == [0, 0, 0]
    for run in ids:
        seen = await told(arrange, run)
        assert sum(status in FINAL for status in seen) == 1, seen
        assert seen[-1] in FINAL
    await database.close()


async def test_a_look_that_had_to_wait_decides_on_what_it_waited_for(postgres_url):
    """The exit of an attempt commits while another look waits for the run: that look must see it, and must not wipe
    the time until which frames are waited for."""
    database, other = await connect(postgres_url), await connect(postgres_url)
    arrange, second = await Arrange(database).ground(), Arrange(other)
    run = await arrange.run(Status.RUNNING)
    ref = await arrange.current(run)
    reported, looking = asyncio.Event(), asyncio.Event()
    end = Exit(code=0, writers={"0" * 32: 4})

    async def slow(tx: object) -> None:
        seen = [Observation(ref=ref, phase=Phase.EXITED, exit=end)]
        await assignment.report(tx, arrange.agent, seen, policy=arrange.policy, at=arrange.clock.now())
        reported.set()
        await looking.wait()

    async def waits_for_a_lock() -> None:
        async def waiting(tx):
            return await tx.one("SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'")

        while (await database.read(waiting))["n"] == 0:
            await asyncio.sleep(0.005)
        looking.set()

    writing = asyncio.create_task(database.write(slow))
    await reported.wait()
    look = asyncio.create_task(second.reconcile(run))
    async with asyncio.timeout(30):
        await waits_for_a_lock()
        await writing
        assert await look is Status.RUNNING
    row = await arrange.row(run)
    assert (row["reason"], row["wake_at"]) == (Reason.DRAINING, arrange.clock.now() + 60 * SECOND)
    await database.close()
    await other.close()


async def test_retries_wait_for_their_time_and_count_by_class(arrange):
    run = await arrange.run(Status.RUNNING, max_retries=1)
    await arrange.report(await arrange.current(run), Phase.EXITED, exit=Exit(code=3))
    row = await arrange.row(run)
    assert (row["status"], row["user_failures"], row["platform_failures"]) == ("retrying", 1, 0)
    assert await arrange.reconcile(run) is Status.RETRYING
    arrange.clock.turn(2)
    assert await arrange.reconcile(run) is Status.QUEUED
    (ref,) = await arrange.assign()
    assert ref.attempt == 2
    await arrange.report(ref, Phase.EXITED, exit=Exit(code=3, started_at=1.0))
    assert await arrange.status(run) is Status.FAILED
    assert (await arrange.row(run))["user_failures"] == 2


async def test_a_clock_that_jumps_back_and_forth_neither_loses_nor_doubles_a_retry(arrange):
    run = await arrange.run(Status.RETRYING)
    for jump in (-86_400, 3, -10):
        arrange.clock.turn(jump)
        assert await arrange.reconcile(run) is Status.RETRYING
    arrange.clock.turn(86_420)
    assert await arrange.reconcile(run) is Status.QUEUED
    assert (await told(arrange, run)).count("retrying") == 1


async def test_what_drains_ends_with_its_last_frame_or_at_the_deadline(arrange):
    run = await arrange.run(Status.RUNNING)
    await arrange.report(await arrange.current(run), Phase.EXITED, exit=ENDS["undrained"])
    row = await arrange.row(run)
    assert (row["status"], row["reason"]) == ("running", "draining")
    await arrange.listen(61)
    assert await arrange.reconcile(run) is Status.SUCCEEDED
    assert (await arrange.row(run))["reason"] == Reason.INCOMPLETE


@pytest.mark.parametrize("what", ["frames", "parts of a file"])
async def test_what_goes_on_to_come_of_an_ended_attempt_is_waited_for(arrange, what):
    """A large checkpoint takes longer than `drain`; the next attempt begins when it is here."""
    run, size = await arrange.run(Status.RUNNING), 1 << 40
    ref = await arrange.current(run)
    upload = Upload(id=new_id(), name="checkpoint", size=size, digest=f"sha256:{'0' * 64}")
    await arrange.report(ref, Phase.EXITED, exit=ENDS["undrained"])
    for number in range(3):
        at = arrange.clock.now()
        told = ArtifactActor(project="default", run=run, actor="it", at=at, attempt=ref.attempt)
        if what == "frames":
            more = {"attempt": ref.attempt, "final": False, "dropped": 0, "late": 0, "at": at}
            send = partial(tracking.move_mark, run=run, writer="0" * 32, seen=number, to=number + 1, **more)
        else:
            send = partial(uploads.open_one, told=told, upload=upload, kind="file", is_done=False)
        await arrange.database.write(send)
        await arrange.listen(50)
        assert await arrange.reconcile(run) is Status.RUNNING, number
    assert (await arrange.row(run))["wake_at"] == at + 60 * SECOND
    await arrange.listen(11)
    assert await arrange.reconcile(run) is Status.SUCCEEDED


async def test_last_frames_that_nobody_could_take_have_their_whole_time_again(arrange):
    run = await arrange.run(Status.RUNNING)
    await arrange.report(await arrange.current(run), Phase.EXITED, exit=ENDS["undrained"])
    at = arrange.clock.turn(3600)
    assert await arrange.reconcile(run) is Status.RUNNING, "nobody has listened, and nobody says so yet"
    await arrange.database.write(lambda tx: uptime.confirm(tx, at=at, anew=True))
    assert await arrange.reconcile(run) is Status.RUNNING
    assert (await arrange.row(run))["wake_at"] == at + 60 * SECOND
    await arrange.listen(60)
    assert await arrange.reconcile(run) is Status.SUCCEEDED


async def test_a_silent_agent_makes_a_run_unreachable_and_not_dead(arrange):
    run = await arrange.run(Status.RUNNING)
    await arrange.listen(10_000)
    assert await arrange.reconcile(run) is Status.RUNNING
    assert (await arrange.row(run))["reason"] == Reason.UNREACHABLE
    await arrange.orders()
    await arrange.reconcile(run)
    assert (await arrange.row(run))["reason"] == ""


async def test_reconciling_no_run_is_an_answer(database):
    assert await Arrange(database, clock=HandClock()).reconcile("nobody") is None


async def test_a_view_has_the_agent_of_the_attempt_and_not_that_of_the_run(arrange):
    waits, goes = await arrange.run(Status.QUEUED), await arrange.run(Status.RUNNING)
    seen = {run: await arrange.database.write(partial(load, run=run)) for run in (waits, goes)}
    assert seen[waits].attempt is None
    (attempt,) = await arrange.attempts(goes)
    assert seen[goes].attempt.agent == attempt["agent"] != ""
