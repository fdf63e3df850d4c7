"""A program outside asks for trials and tells how they went: each is given once and counts once, whoever dies."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio
from sweep_harness import Book, begin, book_of, children, sweeping

from trainyard.client import errors
from trainyard.client.models import AskTrials, NewSweep, TellTrial
from trainyard.client.requests import ask_trials, create_sweep, tell_trial
from trainyard.names import DESCRIPTION_CHARS, TAG_CHARS
from trainyard_core.clock import LATEST
from trainyard_core.directing.cycle import PlanCycle
from trainyard_core.plugin_host import parents
from trainyard_core.testing.background import until
from trainyard_core.testing.frames import events, metric

SCORE = {"name": "score", "optimization": "maximize"}
X = {"kind": "choice", "value": list(range(10))}


@pytest_asyncio.fixture
async def web(database_url, tmp_path):
    async with sweeping(database_url, tmp_path / "data", Book()) as served:
        yield served


class Program:
    """A program outside, as far as the API sees it."""

    def __init__(self, web, sweep="", name="me"):
        self.web, self.sweep, self.name = web, sweep, name

    async def opened(self, *, trials=4, **more):
        matrix = {"kind": "random", "numRuns": trials, "seed": 7, "params": {"x": X}, **more}
        made = await self.send(create_sweep("default", NewSweep(matrix=matrix, metric=SCORE, name="search")))
        self.sweep = made.id
        return self

    async def send(self, request):
        return await self.web.admin.send(request)

    async def ask(self, count=1, *, key="", gone=()):
        body = AskTrials(count=count, asker=self.name, gone=[*gone])
        return await self.send(ask_trials("default", self.sweep, body, key=key))

    async def tell(self, trial, score=None, *, status="succeeded", key=""):
        body = TellTrial(values={} if score is None else {"score": score}, status=status)
        return await self.send(tell_trial("default", self.sweep, trial, body, key=key))

    async def ended(self):
        async def final():
            found = await self.web.admin.sweeps.get(self.sweep)
            return found if found.is_final else None

        return await until(final)


@pytest_asyncio.fixture
async def program(web):
    return await Program(web).opened()


async def test_trials_are_asked_for_told_and_counted(program):
    keys = []
    while (given := await program.ask()).items:
        (trial,) = given.items
        keys.append(trial.key)
        run = await program.web.admin.runs.get(trial.run)
        assert (run.status, run.managed, run.kind, run.parent) == ("running", False, "tracked", program.sweep)
        assert (run.params, run.name) == (trial.params, f"search-{trial.number}")
        assert (await program.tell(trial.key, float(trial.params["x"]))).status == "succeeded"
    assert given.over
    assert keys == ["1", "2", "3", "4"]
    ended = await program.ended()
    assert (ended.status, ended.message, ended.best.value) == ("succeeded", "4 of 4 trials succeeded", 3.0)
    told = [each for each in (await book_of(program.web, program.sweep))["told"] if each[1] == "succeeded"]
    assert [each[2] for each in told] == [{"score": float(n)} for n in range(4)]


async def test_nothing_begins_that_nobody_has_asked_for(program):
    await PlanCycle(program.sweep, program.web.runtime.directors.dependencies()).plan()
    assert not await children(program.web, program.sweep)
    assert len((await program.ask(3)).items) == 3
    assert [each.key for each in (await program.ask(3)).items] == ["4"]
    last = await program.ask(3)
    assert (last.items, last.over, last.open) == ([], True, ["1", "2", "3", "4"])


async def test_no_more_go_on_at_once_than_concurrency_says(web):
    program = await Program(web).opened(trials=6, concurrency=2)
    assert len((await program.ask(5)).items) == 2
    waiting = await program.ask()
    assert (waiting.items, waiting.over, waiting.open) == ([], False, ["1", "2"])
    await program.tell("1", 1.0)
    assert [each.key for each in (await program.ask(5)).items] == ["3"]


async def test_the_same_request_is_given_the_same_trials(program):
    first = await program.ask(2, key="once")
    again = await program.ask(2, key="once")
    assert [each.run for each in first.items] == [each.run for each in again.items]
    assert len(await children(program.web, program.sweep)) == 2
    with pytest.raises(errors.Invalid, match="used with another request"):
        await program.ask(1, key="once")


async def test_requests_of_one_key_at_once_are_given_the_same_trials(program):
    found = await asyncio.gather(*(program.ask(2, key="once") for _ in range(4)))
    assert len({tuple(each.run for each in given.items) for given in found}) == 1
    assert len(await children(program.web, program.sweep)) == 2


async def test_many_who_ask_at_once_are_given_different_trials(web):
    program = await Program(web).opened(trials=10)
    found = await asyncio.gather(*(program.ask() for _ in range(14)))
    keys = [each.key for given in found for each in given.items]
    assert sorted(map(int, keys)) == list(range(1, 11))


async def test_a_trial_counts_once_however_often_it_is_told(program):
    await program.ask()
    await program.tell("1", 0.5, key="told")
    await program.tell("1", 0.5, key="told")
    for status in ("succeeded", "failed"):
        with pytest.raises(errors.Conflict, match="trial '1' has ended already: succeeded"):
            await program.tell("1", 9.0, status=status)
    assert (await program.web.admin.sweeps.get(program.sweep)).created == 1
    (row,) = await children(program.web, program.sweep)
    assert row["outputs"] == '{"score":0.5}'


@pytest.mark.parametrize("status", ["failed", "stopped"])
async def test_what_went_wrong_is_told_without_values(program, status):
    await program.ask()
    await program.tell("1", status=status)
    await program.ask()
    (row, _) = await children(program.web, program.sweep)
    assert row["phase"] == status


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "no value 'score'"),
        ({"scor": 1.0}, "no value 'score'; existing: scor; did you mean scor"),
        ({"score": "NaN"}, "`values.score` is NaN, which is not a finite number; send `status: failed` instead"),
    ],
)
async def test_what_cannot_be_judged_is_refused_and_may_be_told_again(program, values, said):
    await program.ask()
    with pytest.raises(errors.Invalid, match=said):
        await program.send(tell_trial("default", program.sweep, "1", TellTrial(values=values)))
    await program.tell("1", 1.0)


async def test_a_metric_under_the_name_of_the_objective_is_enough(program):
    (trial,) = (await program.ask()).items
    await program.web.admin.runs.append(trial.run, metric("a" * 32, 1, {"score": [1.0, 2.5]}))
    await program.web.admin.runs.append(
        trial.run, events("a" * 32, 2, {"type": "end", "status": "succeeded"}, final=True)
    )
    await program.ask()
    assert (await program.web.admin.sweeps.get(program.sweep)).best.values == {"score": 2.5}


async def test_a_rule_stops_a_trial_which_then_cannot_be_told(web):
    reached = {"kind": "metric_early_stopping", "metric": "score", "value": 50, "optimization": "maximize"}
    program = await Program(web).opened(earlyStopping=[reached])
    (trial, other) = (await program.ask(2)).items
    await web.admin.runs.append(trial.run, metric("a" * 32, 1, {"score": [99.0]}))

    async def stopped():
        return (await web.admin.runs.get(other.run)).is_final

    await until(stopped)
    assert (await web.admin.runs.get(other.run)).status == "stopped"
    with pytest.raises(errors.Conflict, match="has ended already: stopped"):
        await program.tell(other.key, 1.0)
    assert (await program.ask()).over


async def test_the_trials_of_a_program_that_died_are_given_up_and_others_go_on(web):
    dead = await Program(web, name="dead").opened()
    alive = Program(web, dead.sweep, name="alive")
    await dead.ask(2)
    (mine,) = (await alive.ask()).items
    again = Program(web, dead.sweep, name="again")
    (next_one,) = (await again.ask(gone=["dead"])).items
    rows = await children(web, dead.sweep)
    assert [(row["phase"], row["reason"]) for row in rows] == [("failed", "lost")] * 2 + [("open", "")] * 2
    for program, trial in ((alive, mine), (again, next_one)):
        await program.tell(trial.key, 1.0)
    assert (await alive.ended()).message == "2 of 4 trials succeeded"


async def test_a_sweep_goes_on_where_it_was_after_the_server_is_gone(database_url, tmp_path):
    async with sweeping(database_url, tmp_path / "data", Book()) as web:
        program = await Program(web).opened()
        first, token = await program.ask(2, key="once"), web.token
        await program.tell("1", 1.0)
    async with sweeping(database_url, tmp_path / "data", Book()) as web:
        web.admin = web.client(token)
        program = Program(web, program.sweep)
        again = await program.ask(2, key="once")
        assert [each.run for each in again.items] == [each.run for each in first.items]
        await program.tell("2", 2.0)
        for trial in (await program.ask(9)).items:
            await program.tell(trial.key, float(trial.key))
        assert (await program.ended()).message == "4 of 4 trials succeeded"
        assert len(await children(web, program.sweep)) == 4


async def test_an_algorithm_that_fails_is_told_and_nothing_is_lost(program):
    program.web.runtime.optimizers.get("random").fails = 1
    with pytest.raises(errors.Busy, match="has no mind today") as said:
        await program.ask(key="once")
    assert "swordfish" not in str(said.value)
    assert [each.key for each in (await program.ask(key="once")).items] == ["1"]


async def test_a_stopped_sweep_is_over_and_so_are_its_trials(program):
    await program.ask(2)
    await program.web.admin.runs.stop(program.sweep)
    assert (await program.ask()).over
    assert (await program.ended()).status == "stopped"
    assert [row["phase"] for row in await children(program.web, program.sweep)] == ["stopped"] * 2


async def test_only_sweeps_that_ask_are_asked(web):
    run = await web.tracked()
    managed = await begin(web)
    program = Program(web)
    for sweep, said in ((run.id, "is no sweep"), (managed.id, "the platform itself runs the trials")):
        program.sweep = sweep
        with pytest.raises(errors.Conflict, match=said):
            await program.ask()
        with pytest.raises(errors.Conflict, match=said):
            await program.tell("1", 1.0)
    program = await program.opened()
    with pytest.raises(errors.NotFound, match="has no trial '9'"):
        await program.tell("9", 1.0)
    with pytest.raises(errors.Invalid, match="ask for at most 1000 at once"):
        await program.ask(1001)


async def test_faults_of_a_matrix_are_told_at_their_places(web):
    matrix = {"kind": "random", "numRuns": 3, "params": {"x": {"kind": "uniform", "value": [3, 1]}}}
    with pytest.raises(errors.Invalid) as caught:
        await web.admin.send(create_sweep("default", NewSweep(matrix=matrix)))
    (problem,) = caught.value.problems
    assert (problem.field, problem.message) == ("matrix.params.x.value", "low 3 is not below high 1")


async def test_a_process_that_does_not_plan_answers_and_waits_for_the_one_that_thinks(program, monkeypatch):
    """As an API process of several does: it takes its turn by the database alone."""
    monkeypatch.setattr(parents, "AGAIN", 0.01)
    monkeypatch.setattr(parents, "PATIENCE", 0.05)
    if program.web.runtime.database.exclusive:
        pytest.skip("one process has the whole database")

    async def lease(until):
        await program.web.runtime.database.write(
            lambda tx: tx.run("UPDATE director SET lease_holder = 'other', lease_until = ?, epoch = epoch + 1", until)
        )

    await lease(LATEST)
    with pytest.raises(errors.Busy, match="another process is still planning"):
        await program.ask()
    await lease(0)
    assert len((await program.ask()).items) == 1


@pytest.mark.parametrize("more", [{"description": "x" * (DESCRIPTION_CHARS + 1)}, {"tags": ["x" * (TAG_CHARS + 1)]}])
async def test_what_a_person_sends_over_the_bounds_is_refused(web, more):
    body = {"matrix": {"kind": "random", "numRuns": 1, "params": {"x": X}}, "metric": SCORE, **more}
    answer = await web.ask("POST", "projects/default/sweeps", json=body)
    assert (answer.status_code, answer.json()["code"], len(answer.text) < 1000) == (422, "invalid", True)
