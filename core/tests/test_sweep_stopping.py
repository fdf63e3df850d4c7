"""Sweeps that end trials, or themselves, before their time: metrics come as real frames, and what comes of them is seen
in the runs."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest_asyncio
from places import events, metric
from sweeping import Book, book_of, children, until
from web import BASE, serving

from trainyard.client.models import CreateRun, EditProject
from trainyard_core.clock import SECOND
from trainyard_core.contracts.optimizer import Suggestion, Suggestions
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.db import queues
from trainyard_core.hookspecs import OptimizerProvider
from trainyard_core.lifecycle import FINAL
from trainyard_core.registry import Registry

W = "1" * 32
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
      command: [sh, -c, "exit 0"]
"""
FAILURES = "{kind: failure_early_stopping, percent: 50}"
REACHED = "{kind: metric_early_stopping, metric: loss, optimization: minimize, value: 0.1}"


class Plugin:
    """Offers the book as `random`, and as `tpe`, which has a metric."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def register_optimizers(self):
        return [OptimizerProvider(name=name, build=lambda context: self.book) for name in ("random", "tpe")]


@asynccontextmanager
async def sweeping(url, data, *, ahead=0, plugins=()):
    """The API with the book, or with the optimizers of plugins."""
    registry = Registry.load(["tracker_folder", *plugins])
    if not plugins:
        registry.add("book", Plugin(Book(ahead=ahead)))
    async with serving(url, data, registry) as web:
        yield web


@pytest_asyncio.fixture
async def web(database_url, tmp_path):
    async with sweeping(database_url, tmp_path / "data") as served:
        yield served


def policy(text, **more):
    """A rule on single trials."""
    rest = "".join(f", {name}: {value}" for name, value in more.items())
    return f"{{kind: metric_early_stopping, metric: loss, optimization: minimize, policy: {{kind: {text}{rest}}}}}"


async def begin(web, *rules, trials=4, parallel=2, kind="random", matrix="", head=""):
    """A sweep whose first trials run."""
    given = [matrix, f"earlyStopping: [{', '.join(rules)}]" if rules else ""]
    lines = "\n".join(f"  {line}" for line in given if line)
    content = SWEEP.format(trials=trials, parallel=parallel, kind=kind, matrix=lines, head=head)
    sweep = await web.admin.runs.create(CreateRun(content=content))
    await until(lambda: children(web, sweep.id))
    return sweep.id, await running(web)


async def running(web):
    """What waited runs now, by number of the trial."""
    refs = await web.arrange.lease()
    for ref in refs:
        await web.arrange.report(ref, Phase.RUNNING)
    rows = await web.platform.database.read(lambda tx: tx.all("SELECT run, number FROM trial WHERE phase = 'open'"))
    numbers = {row["run"]: row["number"] for row in rows}
    return sorted(refs, key=lambda ref: numbers[ref.run])


async def next_running(web):
    """The trial that takes a slot, as soon as it waits for an agent."""
    found = []

    async def leased():
        found.extend(await running(web))
        return found

    await until(leased)
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
    desk = web.platform.directors._desk(sweep)
    async with desk.turn:
        await desk.director.look()


async def wanted(web, sweep):
    """Which trials are to stop."""
    return [row["number"] for row in await children(web, sweep) if row["intent"] == "stop"]


async def test_a_trial_that_falls_behind_is_stopped_with_the_rule_and_its_slot_goes_to_the_next(web):
    sweep, (one, two) = await begin(web, policy("diff", percent=50, minInterval=2), trials=3)
    await logged(web, one, 3.0, 2.0, 1.0)
    await logged(web, two, 9.0)
    await looked(web, sweep)
    assert await wanted(web, sweep) == []
    await send(web, two, metric(W, 2, {"loss": [8.0, 5.0]}, first=2))
    assert await told_to_stop(web, two) == ("early_stopped", "diff 50 % of loss at step 3: 5 against 1")
    assert (await web.arrange.row(two.run))["status"] == "stopping"
    assert len(await children(web, sweep)) == 2, "its slot is taken until it has ended"
    await web.arrange.report(two, Phase.EXITED, exit=Exit(signal=15))
    (three,) = await next_running(web)
    assert (await web.admin.runs.get(three.run)).inputs == {"x": 2}
    rows = await children(web, sweep)
    assert [(row["status"], row["phase"]) for row in rows] == [
        ("running", "open"),
        ("stopped", "stopped"),
        ("running", "open"),
    ]
    assert (rows[1]["reason"], rows[1]["message"]) == ("early_stopped", "diff 50 % of loss at step 3: 5 against 1")
    await ends(web, one)
    await ends(web, three)
    over = await ended(web, sweep)
    assert (over["status"], over["message"]) == ("succeeded", "2 of 3 trials succeeded")
    told = {each[0]: each for each in (await book_of(web, sweep))["told"]}
    assert told["2"][1:] == ["stopped", {"loss": 5.0}, "early_stopped"]


async def test_a_difference_in_a_late_digit_is_seen_in_the_words(web):
    _, (one, two) = await begin(web, policy("truncation", percent=50))
    await logged(web, one, 0.12345678)
    await logged(web, two, 0.12345679)
    _, said = await told_to_stop(web, two)
    assert said == "truncation 50 % of loss at step 1: 0.12345679 against 0.12345678"


async def worst_goes(web, rule):
    """A sweep of three trials, of which the third has been stopped at step 1 and has ended, with 3 against 2."""
    sweep, (one, two, three) = await begin(web, rule, trials=3, parallel=3)
    await logged(web, three, 3.0)
    await logged(web, two, 2.0)
    await told_to_stop(web, three)
    await web.arrange.report(three, Phase.EXITED, exit=Exit(signal=15))
    await phase_is(web, sweep, 3, "stopped")
    return sweep, one, two


async def test_one_that_was_stopped_counts_at_its_step_and_as_stopped(web):
    """Were it taken for one that succeeded, it would not count here, and of the other two the worse would go."""
    sweep, one, _ = await worst_goes(web, policy("truncation", percent=50, includeSucceeded="false"))
    await logged(web, one, 1.0)
    await looked(web, sweep)
    assert await wanted(web, sweep) == [3]


async def test_a_platform_that_starts_again_decides_as_the_one_before(database_url, tmp_path):
    """What was stopped is read again: without it, the next worst would go at the same step."""
    async with sweeping(database_url, tmp_path / "data") as web:
        sweep, one, two = await worst_goes(web, policy("truncation", percent=50))
    async with sweeping(database_url, tmp_path / "data") as web:
        await logged(web, one, 1.0)
        await looked(web, sweep)
        assert await wanted(web, sweep) == [3]
        await send(web, two, metric(W, 2, {"loss": [9.0]}, first=2))
        await send(web, one, metric(W, 2, {"loss": [1.0]}, first=2))
        assert await told_to_stop(web, two) == ("early_stopped", "truncation 50 % of loss at step 2: 9 against 1")


async def test_after_a_restart_a_trial_is_held_against_those_that_succeeded_before(database_url, tmp_path):
    async with sweeping(database_url, tmp_path / "data") as web:
        sweep, (one,) = await begin(web, policy("median"), trials=2, parallel=1)
        await logged(web, one, 1.0, 1.0)
        await ends(web, one)
        (two,) = await next_running(web)
    async with sweeping(database_url, tmp_path / "data") as web:
        await logged(web, two, 2.0, 2.0, 2.0)
        await looked(web, sweep)
        assert await told_to_stop(web, two) == ("early_stopped", "median of loss at step 3: 2 against 1")


async def test_nothing_is_settled_or_stopped_while_the_last_frames_are_awaited(web):
    sweep, (one, two) = await begin(
        web, policy("diff", percent=50), trials=2, kind="tpe", matrix="metric: {name: loss, optimization: minimize}"
    )
    await logged(web, one, 9.0)
    await ends(web, one, writers={W: 2})
    await logged(web, two, 1.0)
    await looked(web, sweep)
    assert (await web.arrange.row(one.run))["reason"] == "draining"
    assert await phases(web, sweep) == {1: "open", 2: "open"}
    assert await wanted(web, sweep) == [], "its program has ended already"
    await send(web, one, metric(W, 2, {"loss": [0.5]}, first=2, final=True))
    await phase_is(web, sweep, 1, "succeeded")
    told = {each[0]: each for each in (await book_of(web, sweep))["told"]}
    assert told["1"][1:3] == ["succeeded", {"loss": 0.5}]


async def test_a_stop_that_crosses_a_success_leaves_the_success(web):
    sweep, (one, two) = await begin(web, policy("diff", percent=50), trials=2)
    done = web.arrange.clock.now() / SECOND
    web.arrange.clock.turn(5)
    await logged(web, one, 1.0)
    await logged(web, two, 9.0)
    await told_to_stop(web, two)
    await ends(web, two, finished_at=done)
    await ends(web, one)
    over = await ended(web, sweep)
    assert over["message"] == "2 of 2 trials succeeded"


async def test_late_frames_of_a_trial_that_has_ended_change_nothing(web):
    sweep, (one, _) = await begin(web, REACHED, trials=2)
    await logged(web, one, 1.0)
    await ends(web, one)
    await phase_is(web, sweep, 1, "succeeded")
    await send(web, one, metric(W, 2, {"loss": [0.01]}, first=2))
    await looked(web, sweep)
    assert (await web.arrange.row(sweep))["status"] == "running"


async def test_asha_of_the_installed_plugin_stops_what_falls_behind_at_a_rung(database_url, tmp_path):
    async with sweeping(database_url, tmp_path / "data", plugins=["optimizer_search"]) as web:
        sweep, (one, two) = await begin(
            web, trials=3, kind="asha", matrix="maxIterations: 9\n  metric: {name: loss, optimization: minimize}"
        )
        await logged(web, one, 1.0)
        await looked(web, sweep)
        await logged(web, two, 2.0)
        assert await told_to_stop(web, two) == ("early_stopped", "asha, rung at step 1: 2 against 1")
        await web.arrange.report(two, Phase.EXITED, exit=Exit(signal=15))
        (three,) = await next_running(web)
        await logged(web, three, 0.5)
        await looked(web, sweep)
        assert await wanted(web, sweep) == [2]


async def test_a_sweep_ends_after_three_trials_that_cannot_be_judged(web):
    sweep, refs = await begin(
        web, trials=9, parallel=3, kind="tpe", matrix="metric: {name: loss, optimization: minimize}"
    )
    for number, ref in enumerate(refs, 1):
        await logged(web, ref, 1.0, name="losses")
        await ends(web, ref)
        await phase_is(web, sweep, number, "failed")
    over = await ended(web, sweep)
    assert (over["status"], over["reason"]) == ("failed", "no_objective")
    assert "3 trials could not be judged: the metric 'loss' never came" in over["message"]
    assert "did you mean 'losses'?" in over["message"]


async def test_a_number_that_is_too_large_is_a_word_and_no_trouble(web):
    sweep, (one,) = await begin(
        web, trials=1, parallel=1, kind="tpe", matrix="metric: {name: loss, optimization: minimize}"
    )
    await send(web, one, events(W, 1, {"type": "outputs", "values": {"loss": 10**400}}))
    await ends(web, one)
    over = await ended(web, sweep)
    assert (over["status"], over["reason"]) == ("failed", "no_success")
    assert "the output 'loss' is not a finite number" in over["message"]


async def test_a_share_of_failures_ends_the_sweep_and_stops_what_runs(web):
    sweep, refs = await begin(web, FAILURES, trials=4, parallel=3)
    for ref in refs[:2]:
        await ends(web, ref, code=1)
    reason, said = await told_to_stop(web, refs[2])
    assert (reason, said) == ("early_stopped", "2 of 4 trials have failed; the sweep was to end at 50 %")
    await ends(web, refs[2], code=1)
    over = await ended(web, sweep)
    assert (over["status"], over["reason"], over["message"]) == ("failed", "early_stopped", said)
    assert (await phases(web, sweep))[3] == "stopped"


async def test_a_value_that_is_reached_ends_the_sweep_well(web):
    sweep, (one, two) = await begin(web, REACHED)
    await logged(web, one, 1.0, 0.1, 0.2)
    said = "trial 1 reached loss 0.1, and the sweep was to end at 0.1"
    assert await told_to_stop(web, two) == ("early_stopped", said)
    await web.arrange.report(two, Phase.EXITED, exit=Exit(signal=15))
    assert (await web.arrange.row(one.run))["intent"] == "run", "the one that reached it goes on to its own end"
    await ends(web, one)
    over = await ended(web, sweep)
    assert (over["status"], over["message"], over["progress"]) == ("succeeded", said, 0.5)
    assert sorted((await phases(web, sweep)).values()) == ["stopped", "succeeded"]


async def test_an_output_reaches_a_value_as_a_metric_does(web):
    sweep, (one, two) = await begin(web, REACHED)
    await send(web, one, events(W, 1, {"type": "outputs", "values": {"loss": 0.05}}))
    await ends(web, one)
    await told_to_stop(web, two)
    await web.arrange.report(two, Phase.EXITED, exit=Exit(signal=15))
    over = await ended(web, sweep)
    assert (over["status"], over["message"]) == (
        "succeeded",
        "trial 1 reached loss 0.05, and the sweep was to end at 0.1",
    )


async def test_what_is_prepared_never_runs_when_the_sweep_ends(database_url, tmp_path):
    async with sweeping(database_url, tmp_path / "data", ahead=3) as web:
        sweep, (one,) = await begin(web, REACHED, trials=9, parallel=1)
        await logged(web, one, 0.01)
        await ends(web, one)
        await ended(web, sweep)
        rows = await web.platform.database.read(lambda tx: tx.all("SELECT phase FROM trial WHERE sweep = ?", sweep))
        assert [row["phase"] for row in rows] == ["succeeded"]
        made = await web.platform.database.read(lambda tx: tx.one("SELECT made FROM sweep WHERE run = ?", sweep))
        assert made["made"] == 1
        assert await web.arrange.lease() == []


async def test_a_sweep_that_is_stopped_while_it_ends_ends_as_it_was_going_to(web):
    sweep, (one, two) = await begin(web, REACHED)
    await logged(web, one, 0.01)
    await told_to_stop(web, two)
    await web.admin.runs.stop(sweep)
    await ends(web, one, code=1)
    await ends(web, two, code=1)
    over = await ended(web, sweep)
    assert (over["status"], over["reason"]) == ("succeeded", "early_stopped")


async def stands(web, sweep, said):
    """It waits, and says why."""

    async def explained():
        row = await web.arrange.row(sweep)
        return row["reason"] == "optimizer" and said in row["message"] and row["status"] == "running"

    await until(explained)


async def test_a_sweep_whose_project_is_archived_says_so_and_goes_on_when_it_is_open_again(web):
    sweep, (one,) = await begin(web, trials=2, parallel=1)
    await web.admin.projects.edit("default", EditProject(archived=True))
    await ends(web, one)
    await stands(web, sweep, "no open project 'default'")
    await web.admin.projects.edit("default", EditProject(archived=False))
    (two,) = await next_running(web)
    await ends(web, two)
    over = await ended(web, sweep)
    assert (over["status"], over["reason"], over["message"]) == ("succeeded", "", "2 of 2 trials succeeded")


async def test_a_sweep_whose_queue_is_gone_says_so_and_can_be_stopped(web):
    await web.admin.queues.set("gpu")
    sweep, (one,) = await begin(web, trials=2, parallel=1, head="queue: gpu")
    await web.platform.database.write(lambda tx: queues.delete(tx, "gpu"))
    await ends(web, one)
    await stands(web, sweep, "gpu")
    await web.admin.runs.stop(sweep)
    over = await ended(web, sweep)
    assert over["status"] == "stopped"
    assert await phases(web, sweep) == {1: "succeeded"}


async def test_a_sweep_whose_algorithm_is_gone_says_so_and_goes_on_when_it_is_back(database_url, tmp_path):
    async with sweeping(database_url, tmp_path / "data") as web:
        sweep, (one,) = await begin(web, trials=2, parallel=1)
    async with sweeping(database_url, tmp_path / "data", plugins=["scheduler_process"]) as web:
        await ends(web, one)
        web.platform.directors.look(sweep)
        await stands(web, sweep, "no algorithm is installed, 'random' neither")
        assert await phases(web, sweep) == {1: "open"}
    async with sweeping(database_url, tmp_path / "data") as web:
        web.platform.directors.look(sweep)
        (two,) = await next_running(web)
        await ends(web, two)
        assert (await ended(web, sweep))["message"] == "2 of 2 trials succeeded"


async def test_an_optimizer_is_told_on_the_way_of_objectives_only(web):
    book = web.platform.algorithms.get("random")
    heard = []
    suggest = book.suggest

    async def listening(study, *, changed, **more):
        heard.extend(point.name for trial in changed for point in trial.intermediate)
        return await suggest(study, changed=changed, **more)

    book.suggest = listening
    sweep, (one, _) = await begin(web, policy("median"))
    await logged(web, one, 1.0)
    await looked(web, sweep)
    assert heard == []


async def test_a_trial_of_refused_params_counts_among_the_failures(web):
    wrong = Suggestion(params={"x": 1, "y": 2})
    web.platform.algorithms.get("random").answers = [Suggestions(suggestions=(wrong, wrong))]
    content = SWEEP.format(trials=4, parallel=2, kind="random", matrix=f"  earlyStopping: [{FAILURES}]", head="")
    sweep = await web.admin.runs.create(CreateRun(content=content))
    over = await ended(web, sweep.id)
    assert (over["status"], over["reason"]) == ("failed", "early_stopped")
