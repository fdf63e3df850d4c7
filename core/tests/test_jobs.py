"""Background jobs, on both databases: enqueued in the caller's transaction, done at least once, held by one worker at a
time, retried, and dead where somebody sees it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from job_harness import Bench, Calls, benching, plugin
from web import serving

from trainyard_core.clock import SECOND
from trainyard_core.contracts.job import JobLost, RetryLater
from trainyard_core.db import jobs as rows
from trainyard_core.errors import Invalid
from trainyard_core.jobs import runner as runners
from trainyard_core.registry import Registry
from trainyard_core.testing.background import until, working

LATER = 4_000_000_000 * SECOND


@pytest.fixture
async def bench(database_url, tmp_path):
    async with benching(database_url, tmp_path) as served:
        yield served


@pytest.fixture
async def works(bench):
    """A worker that is woken by what this process commits."""
    async with working(bench.runtime.run_jobs()):
        yield bench.runtime.job_runner


async def test_a_job_is_called_once_with_what_it_was_enqueued_with(bench, works):
    await bench.enqueue("print", "a", args={"copies": 2, "of": ["x"]})
    await bench.gone()
    (call,) = bench.calls
    assert (call.key, call.args, call.attempt, call.epoch) == ("a", {"copies": 2, "of": ["x"]}, 1, 1)


async def test_a_job_is_there_when_and_only_if_its_transaction_is_committed(bench, works):
    async def undone(tx):
        await tx.enqueue("print", "never")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await bench.platform.database.write(undone)
    await bench.platform.database.write(lambda tx: tx.enqueue("print", "done"))
    await bench.gone()
    assert [call.key for call in bench.calls] == ["done"]


async def test_enqueueing_a_job_that_waits_changes_what_it_is_given_and_has_it_no_later(bench):
    at = bench.runtime.clock.now()
    await bench.enqueue("print", "a", args={"n": 1}, at=at + 60 * SECOND)
    await bench.enqueue("print", "a", args={"n": 2}, at=at + 90 * SECOND)
    (row,) = await bench.rows()
    assert (row["args"], row["due_at"] - row["created_at"]) == ('{"n":2}', 60 * SECOND)
    async with working(bench.runner().run()):
        await bench.enqueue("print", "a", args={"n": 3})
        await bench.gone()
    assert [call.args for call in bench.calls] == [{"n": 3}]


async def test_enqueueing_a_job_that_runs_has_it_run_once_more(bench, works):
    begun, go = asyncio.Event(), asyncio.Event()

    async def wait(platform, call):
        begun.set()
        await go.wait()

    bench.calls.what["a"] = wait
    await bench.enqueue("print", "a", args={"n": 1})
    await begun.wait()
    for n in (2, 3):
        await bench.enqueue("print", "a", args={"n": n})
    go.set()
    await bench.gone()
    assert [call.args["n"] for call in bench.calls] == [1, 3]


async def test_a_job_that_fails_is_tried_again_and_is_dead_in_the_end(bench, works):
    async def fail(platform, call):
        raise RuntimeError("no paper; the token is Bearer abcdef1234567890")

    bench.calls.what["a"] = fail
    await bench.enqueue("twice", "a")
    await until(lambda: _true(len(bench.calls) == 1))
    row = await bench.in_state("waiting")
    assert row["error"].startswith("RuntimeError: no paper")
    assert "abcdef1234567890" not in row["error"]
    bench.runtime.clock.turn(2)
    works.wake()
    dead = await bench.in_state("dead")
    assert ([call.attempt for call in bench.calls], dead["attempt"]) == ([1, 2], 2)
    del bench.calls.what["a"]
    assert await bench.runtime.database.write(lambda tx: rows.retry(tx, dead["id"], now=0))
    await bench.gone()
    assert [call.attempt for call in bench.calls] == [1, 2, 1]


@pytest.mark.parametrize(("delay", "obeyed"), [(90.0, 90), (86_400.0, 3600), (-5.0, 0)])
async def test_a_call_that_says_when_it_wants_to_be_made_again_waits_so_long(bench, delay, obeyed):
    async def busy(platform, call):
        raise RetryLater("ask again", delay=delay)

    bench.calls.what["a"] = busy
    await bench.enqueue("twice", "a")
    async with working(bench.runner().run()):
        await until(lambda: _true(len(bench.calls) == (1 if obeyed else 2)))
        row = await bench.in_state("waiting" if obeyed else "dead")
    assert row["error"] == "RetryLater: ask again"
    if obeyed:
        assert obeyed <= (row["due_at"] - row["started_at"]) / SECOND < obeyed + 30


async def test_a_call_that_takes_too_long_is_cancelled(bench, works):
    ended = asyncio.Event()

    async def sleep(platform, call):
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    bench.calls.what["a"] = sleep
    await bench.enqueue("short", "a")
    row = await bench.in_state("dead")
    assert (row["error"], ended.is_set()) == ("it took longer than 0.05 s", True)


async def test_a_call_that_does_not_heed_its_end_holds_up_nobody(bench, works, monkeypatch):
    monkeypatch.setattr(runners, "GRACE", 0.01)
    go = asyncio.Event()

    async def stubborn(platform, call):
        while not go.is_set():
            with suppress(asyncio.CancelledError):
                await go.wait()

    bench.calls.what["a"] = stubborn
    await bench.enqueue("short", "a")
    await bench.in_state("dead")
    await bench.enqueue("print", "b")
    await until(lambda: _true(len(bench.calls) == 2))
    go.set()


async def test_two_workers_share_the_jobs_and_call_each_once(bench):
    for n in range(60):
        await bench.enqueue("print", str(n))
    async with working(bench.runner().run()), working(bench.runner().run()):
        await bench.gone()
    assert sorted(call.key for call in bench.calls) == sorted(map(str, range(60)))


async def test_a_job_whose_worker_is_gone_is_done_by_another(bench):
    await bench.enqueue("print", "a")
    (taken,) = await bench.take("lost worker")
    await bench.lapse(taken["id"])
    async with working(bench.runner().run()):
        await bench.gone()
    assert [(call.key, call.epoch, call.attempt) for call in bench.calls] == [("a", 2, 2)]


async def test_a_worker_that_was_frozen_writes_nothing_about_a_job_that_it_has_lost(bench):
    begun, go, late = asyncio.Event(), asyncio.Event(), []

    async def frozen(platform, call):
        if call.epoch > 1:
            return
        begun.set()
        await go.wait()
        try:
            await platform.jobs.write(call, _nothing)
        except JobLost as error:
            late.append(error)

    bench.calls.what["a"] = frozen
    await bench.enqueue("print", "a")
    async with working(bench.runner().run()):
        await begun.wait()
        (row,) = await bench.rows()
        await bench.lapse(row["id"])
        async with working(bench.runner().run()):
            await bench.gone()
        await bench.enqueue("print", "a", at=LATER)
        go.set()
        await until(lambda: _true(late))
    (row,) = await bench.rows()
    assert (row["state"], row["epoch"], row["error"]) == ("waiting", 0, "")


async def test_what_is_written_for_a_call_is_there_while_its_worker_has_the_job(bench, works):
    async def enqueue_more(platform, call):
        await platform.jobs.write(call, lambda tx: tx.enqueue("print", "b"))

    bench.calls.what["a"] = enqueue_more
    await bench.enqueue("print", "a")
    await until(lambda: _true(len(bench.calls) == 2))
    await bench.gone()
    assert [call.key for call in bench.calls] == ["a", "b"]


async def test_a_job_that_kills_its_worker_each_time_is_dead_in_the_end(bench):
    await bench.enqueue("twice", "a")
    for _ in range(2):
        (taken,) = await bench.take("a worker that dies")
        await bench.lapse(taken["id"])
    async with working(bench.runner().run()):
        row = await bench.in_state("dead")
    assert (row["error"], bench.calls) == ("it was begun 2 times, and each time its worker ended before it did", [])


async def test_jobs_under_way_are_due_at_once_when_their_worker_is_shut_down(bench):
    begun = asyncio.Event()

    async def wait(platform, call):
        if call.epoch == 1:
            begun.set()
            await asyncio.Event().wait()

    bench.calls.what["a"] = wait
    await bench.enqueue("print", "a")
    async with working(bench.runner().run()):
        await begun.wait()
    (row,) = await bench.rows()
    assert (row["state"], row["error"], row["attempt"]) == ("waiting", "the worker was shut down", 0)
    async with working(bench.runner().run()):
        await bench.gone()


async def test_a_periodic_job_keeps_one_row(bench):
    async with working(bench.runner().run()), working(bench.runner().run()):
        await until(bench.nightly)
        (row,) = await bench.nightly()
        assert (row["name"], row["key"], row["state"]) == ("nightly", "", "waiting")
        await bench.enqueue("nightly")
        await until(lambda: _true(bench.calls))
        await until(bench.succeeded)
        (row,) = await bench.nightly()
    assert (row["state"], row["attempt"], row["error"]) == ("waiting", 0, "")
    assert row["due_at"] > row["succeeded_at"]


async def test_a_job_whose_function_is_gone_stays_until_it_is_back(database_url, tmp_path):
    calls, registry = Calls(), Registry()
    registry.add("press", plugin(calls))
    async with serving(database_url, tmp_path, registry=registry) as web:
        await Bench(web, calls).enqueue("print", "a")
    async with serving(database_url, tmp_path, registry=Registry()) as web:
        bench = Bench(web, calls)
        async with working(bench.runner().run()):
            await bench.runtime.database.write(rows.count)
        assert [row["state"] for row in await bench.rows()] == ["waiting"]
    registry = Registry()
    registry.add("press", plugin(calls))
    async with serving(database_url, tmp_path, registry=registry) as web:
        bench = Bench(web, calls)
        async with working(bench.runner().run()):
            await bench.gone()
    assert [call.key for call in calls] == ["a"]


@pytest.mark.parametrize(
    ("job", "key", "args", "at", "said"),
    [
        ("prnt", "", {}, 0, "plugin 'press': no job 'prnt'.*print"),
        ("print", "x" * 201, {}, 0, "`key`: it has 201 characters"),
        ("print", "", {"when": {1, 2}, "x": object()}, 0, "`args`: they are no JSON"),
        ("print", "", {"x": "y" * 70_000}, 0, "`args`: they have 70008 bytes"),
        ("print", "", {}, -1, "`at`: -1 is no time"),
        ("nightly", "monday", {}, 0, "`key`: the job 'nightly' is periodic"),
    ],
)
async def test_a_job_that_cannot_be_stored_is_refused(bench, job, key, args, at, said):
    with pytest.raises(Invalid, match=said):
        await bench.enqueue(job, key, args=args, at=at)


async def test_jobs_go_on_after_the_clock_was_set_back(bench):
    if not bench.runtime.database.exclusive:
        pytest.skip("PostgreSQL's own clock decides")
    async with working(bench.runtime.run_jobs()):
        await until(bench.nightly)
        clock = bench.runtime.clock
        await bench.enqueue("print", "a", at=clock.now() + 5 * SECOND)
        clock.turn(-30 * 24 * 3600)
        await bench.enqueue("print", "b")
        await until(lambda: _true(bench.calls))
        clock.turn(6)
        await bench.enqueue("print", "c")
        await bench.gone()
        (row,) = await bench.nightly()
        assert row["due_at"] < clock.now() + 25 * 3600 * SECOND
    assert [call.key for call in bench.calls] == ["b", "a", "c"]


async def test_a_process_that_works_alone_does_at_once_what_the_one_before_it_had_taken(bench):
    if not bench.runtime.database.exclusive:
        pytest.skip("others may work on it")
    await bench.enqueue("print", "a")
    await bench.take("the process before")
    async with working(bench.runner().run()):
        await bench.gone()


async def _true(value):
    return value


async def _nothing(tx):
    """Nothing is written."""
