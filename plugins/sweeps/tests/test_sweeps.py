"""Sweeps: each trial is run once and counted once, whoever dies and whoever else plans, and each ends with a word."""

from __future__ import annotations

import pytest
import pytest_asyncio
from sweep_harness import Book, begin, book_of, children, finish, play, sweeping, tables

from trainyard_core.contracts.optimizer import Suggestion, Suggestions
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.db import directors
from trainyard_core.directing.cycle import PlanCycle
from trainyard_core.directing.view import load
from trainyard_core.testing.background import until
from trainyard_sweeps import suggest


@pytest_asyncio.fixture
async def web(database_url, tmp_path):
    async with sweeping(database_url, tmp_path / "data", Book()) as served:
        yield served


async def test_a_sweep_runs_its_trials_and_ends(web):
    sweep = await begin(web, trials=5, parallel=2)
    assert (sweep.kind, sweep.status, sweep.queue) == ("sweep", "running", "")
    assert await play(web, sweep.id, float) == 5
    ended = await web.admin.runs.get(sweep.id)
    assert (ended.status, ended.message, ended.progress) == ("succeeded", "5 of 5 trials succeeded", 1.0)
    found = await children(web, sweep.id)
    assert [row["number"] for row in found] == [1, 2, 3, 4, 5]
    assert [row["name"] for row in found] == [f"search-{n}" for n in range(1, 6)]
    assert {row["parent"] for row in found} == {sweep.id}
    assert (await web.admin.runs.get(found[3]["id"])).params == {"x": 3}


async def test_no_more_go_on_at_once_than_it_says(web):
    sweep = await begin(web, trials=9, parallel=3)
    rows = await until(lambda: children(web, sweep.id))
    assert [row["status"] for row in rows] == ["queued"] * 3
    most = 0
    while not (await web.admin.runs.get(sweep.id)).finished_at:
        going = [row for row in await children(web, sweep.id) if row["phase"] == "open"]
        most = max(most, len(going))
        await play(web, sweep.id, float, most=1)
    assert most <= 3
    assert len(await children(web, sweep.id)) == 9


async def test_a_director_that_looks_twice_makes_nothing_twice(web):
    sweep = await begin(web, trials=6, parallel=2)
    await until(lambda: children(web, sweep.id))
    others = [PlanCycle(sweep.id, web.runtime.directors.dependencies()) for _ in range(3)]
    for other in others:
        await other.plan()
    assert len(await children(web, sweep.id)) == 2
    assert await play(web, sweep.id, float) == 6
    assert len(await children(web, sweep.id)) == 6
    told = [each for each in (await book_of(web, sweep.id))["told"] if each[1] == "succeeded"]
    assert len(told) == len({each[0] for each in told})


async def test_nothing_runs_twice_after_the_process_that_planned_is_gone(database_url, tmp_path):
    async with sweeping(database_url, tmp_path / "data", Book()) as web:
        sweep = await begin(web, trials=6, parallel=2)
        await until(lambda: children(web, sweep.id))
        ran = await play(web, sweep.id, float, most=3)
    async with sweeping(database_url, tmp_path / "data", Book()) as web:
        web.arrange.clock.turn(60)
        await web.runtime.maintainer().once()
        assert await play(web, sweep.id, float) == 6 - ran
        assert len(await children(web, sweep.id)) == 6


async def test_a_stopped_sweep_stops_its_trials_and_begins_no_more(web):
    sweep = await begin(web, trials=9, parallel=3)
    await until(lambda: children(web, sweep.id))
    (ref, *_) = await web.arrange.assign(most=1)
    await web.arrange.report(ref, Phase.RUNNING)
    await web.admin.runs.stop(sweep.id)

    async def asked():
        return [row["intent"] for row in await children(web, sweep.id)] == ["stop"] * 3

    await until(asked)
    assert (await web.admin.runs.get(sweep.id)).status == "stopping"
    await web.arrange.report(ref, Phase.EXITED, exit=Exit(signal=15))

    async def ended():
        return (await web.admin.runs.get(sweep.id)).finished_at

    await until(ended)
    assert (await web.admin.runs.get(sweep.id)).status == "stopped"
    assert [row["phase"] for row in await children(web, sweep.id)] == ["stopped"] * 3


async def test_an_algorithm_that_fails_says_so_and_is_asked_again(web):
    book = web.runtime.optimizers.get("random")
    book.fails = 1
    sweep = await begin(web, trials=1)

    async def said():
        return (await web.admin.runs.get(sweep.id)).reason == "unplanned"

    await until(said)
    message = (await web.admin.runs.get(sweep.id)).message
    assert "has no mind today" in message
    assert "swordfish" not in message
    assert await play(web, sweep.id, float) == 1
    assert (await web.admin.runs.get(sweep.id)).reason == ""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Suggestions(suggestions=(Suggestion(params={"x": 77}),)), "param 'x' may not be 77"),
        (Suggestions(suggestions=(Suggestion(params={}),)), "param 'x' is missing"),
        (Suggestions(suggestions=(Suggestion(params={"x": 1}, key="a"),) * 2), "the key 'a' is taken"),
        (Suggestions(failure="the tuner wrote no list", exhausted=True), "the tuner wrote no list"),
    ],
)
async def test_what_an_algorithm_may_not_suggest_ends_the_sweep_with_a_word(web, answer, said):
    web.runtime.optimizers.get("random").answers = [answer]
    sweep = await begin(web)

    async def ended():
        return (await web.admin.runs.get(sweep.id)).finished_at

    await until(ended)
    found = await web.admin.runs.get(sweep.id)
    assert (found.status, found.reason) == ("failed", "optimizer")
    assert said in found.message
    assert not await children(web, sweep.id)


async def test_failed_trials_are_told_and_the_sweep_goes_on(web):
    sweep = await begin(web, trials=4)
    assert await play(web, sweep.id, lambda x: None if x == 1 else float(x)) == 4
    assert (await web.admin.runs.get(sweep.id)).message == "3 of 4 trials succeeded"
    told = {each[0]: each for each in (await book_of(web, sweep.id))["told"]}
    assert told["2"][1:] == ["failed", {}, "exit_code"]


async def test_a_sweep_without_any_success_fails_with_the_last_reason(web):
    sweep = await begin(web, trials=2)
    await play(web, sweep.id, lambda x: None)
    found = await web.admin.runs.get(sweep.id)
    assert (found.status, found.reason) == ("failed", "no_success")
    assert "none of 2 trials succeeded; the last one: exit code 1" in found.message


async def test_a_deleted_trial_counts_as_failed(web):
    sweep = await begin(web, trials=2, parallel=1)
    await until(lambda: children(web, sweep.id))
    web.runtime.directors._closing = True
    for parent in web.runtime.directors._active.values():
        parent.task.cancel()
    web.runtime.directors._active.clear()
    (ref,) = await web.arrange.assign(most=1)
    await finish(web, ref, float)
    await web.admin.runs.delete(ref.run)
    web.runtime.directors._closing = False
    web.runtime.directors.wake(sweep.id)
    assert await play(web, sweep.id, float) == 1
    assert (await web.admin.runs.get(sweep.id)).message == "1 of 2 trials succeeded"


async def test_a_director_that_is_here_needs_no_queue_to_be_woken(web, monkeypatch):
    sweep = await begin(web, trials=4)
    await until(lambda: children(web, sweep.id))
    rung = []

    async def nobody_answers(runs):
        rung.extend(run for run, _ in runs)

    monkeypatch.setattr(web.runtime.notifier, "notify", nobody_answers)
    assert await play(web, sweep.id, float) == 4
    assert sweep.id not in rung


async def test_what_is_suggested_ahead_waits_without_a_run_and_takes_the_next_slot(database_url, tmp_path):
    async with sweeping(database_url, tmp_path / "data", Book(ahead=2)) as web:
        sweep = await begin(web, trials=5, parallel=1)

        async def phases():
            rows = await tables(web).read(
                lambda tx: tx.all("SELECT phase FROM sweeps_trial WHERE sweep = ? ORDER BY number", sweep.id)
            )
            return [row["phase"] for row in rows] == ["open", "prepared", "prepared"]

        await until(phases)
        assert await play(web, sweep.id, float) == 5
        assert (await web.admin.runs.get(sweep.id)).message == "5 of 5 trials succeeded"


@pytest.mark.parametrize(("ahead", "quick", "plans"), [(0, 0.0, 9), (1, 60.0, 16), (4, 0.0, 12), (4, 60.0, 9)])
async def test_a_trial_that_ends_costs_one_plan_and_half_of_what_is_ahead_is_thought_of_at_once(
    database_url, tmp_path, monkeypatch, ahead, quick, plans
):
    monkeypatch.setattr(suggest, "QUICK", quick)
    async with sweeping(database_url, tmp_path / "data", Book(ahead=ahead)) as web:
        sweep = await begin(web, trials=8, parallel=1)
        for _ in range(8):
            (ref,) = await until(lambda: web.arrange.assign(most=1))
            await finish(web, ref, float)

        async def rests():
            row = await web.arrange.row(sweep.id)
            return row["wake_at"] is None and row["finished_at"]

        await until(rests)
        row = await web.runtime.database.read(lambda tx: directors.get(tx, sweep.id))
        assert row["version"] == plans
        assert [each[1] for each in (await book_of(web, sweep.id))["told"]].count("succeeded") == 8


async def test_a_look_reads_no_trial_that_is_over(web):
    sweep, asked = await begin(web), []
    await until(lambda: children(web, sweep.id))
    database = web.runtime.database

    class Noting:
        def __init__(self, tx):
            self._tx, self.dialect = tx, tx.dialect

        async def confine(self, plugin):
            await self._tx.confine(plugin)

        async def all(self, sql, *args):
            asked.append((sql, args))
            return await self._tx.all(sql, *args)

        async def one(self, sql, *args):
            asked.append((sql, args))
            return await self._tx.one(sql, *args)

    planner = web.runtime.kinds.planner(sweep.id, "sweep")
    assert await database.read(lambda tx: load(Noting(tx), sweep.id, planner, web.runtime.job_queue.enqueue))
    if database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses by what is in the tables")
    for sql, args in asked:
        rows = await database.read(lambda tx, sql=sql, args=args: tx.all(f"EXPLAIN QUERY PLAN {sql}", *args))
        plan = [row["detail"] for row in rows]
        assert not [step for step in plan if step.startswith("SCAN") or "sweeps_trial_number" in step], (sql, plan)


async def test_params_that_the_operation_refuses_make_a_trial_that_says_so(web):
    wrong = Suggestion(params={"x": 1, "y": 2})
    web.runtime.optimizers.get("random").answers = [Suggestions(suggestions=(wrong,), exhausted=True)]
    sweep = await begin(web)
    await play(web, sweep.id, float)
    assert "the component has no such input" in (await web.admin.runs.get(sweep.id)).message
    (row,) = await children(web, sweep.id)
    assert (row["phase"], row["reason"], row["params"]) == ("failed", "invalid", '{"x":1,"y":2}')


async def test_a_trial_that_is_started_again_is_no_sweep(web):
    sweep = await begin(web, trials=3)
    await play(web, sweep.id, float)
    trial = (await children(web, sweep.id))[2]
    again = await web.admin.runs.restart(trial["id"])
    assert (again.kind, again.status, again.params, again.parent) == ("job", "queued", {"x": 2}, None)


async def resolved(web, run, words):
    """Whether the operation of a run has these words, once its templates are filled in."""
    row = await web.runtime.database.read(lambda tx: tx.one("SELECT resolved FROM operation WHERE run = ?", run))
    return words in row["resolved"]


async def test_a_trial_that_is_started_again_has_the_number_that_its_templates_read(web):
    sweep = await begin(web, trials=2, command="echo {{ globals.iteration }}")
    await play(web, sweep.id, float)
    trial = (await children(web, sweep.id))[1]
    again = await web.admin.runs.restart(trial["id"])
    twice = await web.admin.runs.restart(again.id)
    assert (again.meta, twice.meta) == ({"trial": {"number": 2}},) * 2
    for run in (again.id, twice.id):
        assert await resolved(web, run, "echo 2")
