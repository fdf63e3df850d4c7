"""How sweeps end before their time or stand still, and what each says of it."""

from __future__ import annotations

import pytest_asyncio
import sweep_harness
from early_stopping import (
    FAILURES,
    REACHED,
    W,
    begin,
    ended,
    ends,
    logged,
    next_running,
    phase_is,
    phases,
    send,
    served,
    told_to_stop,
)
from sweep_harness import tables

from trainyard.client.models import EditProject
from trainyard_core.contracts.connection import Connection
from trainyard_core.contracts.optimizer import Suggestion, Suggestions
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.db import connections, queues
from trainyard_core.testing.background import until
from trainyard_core.testing.frames import events


@pytest_asyncio.fixture
async def web(database_url, tmp_path):
    async with served(database_url, tmp_path / "data") as web:
        yield web


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
    await web.arrange.report(refs[2], Phase.EXITED, exit=Exit(code=1, reason="user"))
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
    async with served(database_url, tmp_path / "data", ahead=3) as web:
        sweep, (one,) = await begin(web, REACHED, trials=9, parallel=1)
        await logged(web, one, 0.01)
        await ends(web, one)
        await ended(web, sweep)
        rows = await tables(web).read(lambda tx: tx.all("SELECT phase FROM sweeps_trial WHERE sweep = ?", sweep))
        assert [row["phase"] for row in rows] == ["succeeded"]
        made = await tables(web).read(lambda tx: tx.one("SELECT created FROM sweeps_sweep WHERE run = ?", sweep))
        assert made["created"] == 1
        assert await web.arrange.assign() == []


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
        return row["reason"] == "unplanned" and said in row["message"] and row["status"] == "running"

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
    await web.runtime.database.write(lambda tx: queues.delete(tx, "gpu"))
    await ends(web, one)
    await stands(web, sweep, "gpu")
    await web.admin.runs.stop(sweep)
    over = await ended(web, sweep)
    assert over["status"] == "stopped"
    assert await phases(web, sweep) == {1: "succeeded"}


async def test_a_sweep_whose_algorithm_is_gone_says_so_and_goes_on_when_it_is_back(database_url, tmp_path):
    async with served(database_url, tmp_path / "data") as web:
        sweep, (one,) = await begin(web, trials=2, parallel=1)
    async with served(database_url, tmp_path / "data", plugins=["scheduler_process"]) as web:
        await ends(web, one)
        web.runtime.directors.wake(sweep)
        await stands(web, sweep, "no algorithm is installed, 'random' neither")
        assert await phases(web, sweep) == {1: "open"}
    async with served(database_url, tmp_path / "data") as web:
        web.runtime.directors.wake(sweep)
        (two,) = await next_running(web)
        await ends(web, two)
        assert (await ended(web, sweep))["message"] == "2 of 2 trials succeeded"


async def test_a_trial_of_refused_params_counts_among_the_failures(web):
    wrong = Suggestion(params={"x": 1, "y": 2})
    web.runtime.optimizers.get("random").answers = [Suggestions(suggestions=(wrong, wrong))]
    sweep = await sweep_harness.begin(web, matrix=[f"earlyStopping: [{FAILURES}]"])
    over = await ended(web, sweep.id)
    assert (over["status"], over["reason"]) == ("failed", "early_stopped")


async def test_a_sweep_that_asks_for_notifications_is_told_of_and_its_trials_are_not(web):
    at = web.arrange.clock.now()
    mail = Connection(name="mail", kind="email")
    await web.runtime.database.write(lambda tx: connections.put(tx, mail, at=at))
    sweep, refs = await begin(web, head="plugins: {notifications: [{trigger: done, connections: [mail]}]}")
    told = [each async for each in web.admin.activities.list(kind="status") if each.data["status"] == "created"]
    assert {each.run for each in told} == {sweep, *(ref.run for ref in refs)}
    assert [each.run for each in told if "notifications" in each.data] == [sweep]
