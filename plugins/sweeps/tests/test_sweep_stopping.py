"""Trials that are ended before their time: metrics come as real frames, and what comes of them is seen in the runs."""

from __future__ import annotations

import pytest_asyncio
from early_stopping import (
    REACHED,
    W,
    begin,
    ended,
    ends,
    logged,
    looked,
    next_running,
    phase_is,
    phases,
    policy,
    send,
    served,
    told_to_stop,
    wanted,
)
from sweep_harness import book_of, children

from trainyard_core.clock import SECOND
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.testing.frames import metric


@pytest_asyncio.fixture
async def web(database_url, tmp_path):
    async with served(database_url, tmp_path / "data") as web:
        yield web


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
    assert (await web.admin.runs.get(three.run)).params == {"x": 2}
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
    async with served(database_url, tmp_path / "data") as web:
        sweep, one, two = await worst_goes(web, policy("truncation", percent=50))
    async with served(database_url, tmp_path / "data") as web:
        await logged(web, one, 1.0)
        await looked(web, sweep)
        assert await wanted(web, sweep) == [3]
        await send(web, two, metric(W, 2, {"loss": [9.0]}, first=2))
        await send(web, one, metric(W, 2, {"loss": [1.0]}, first=2))
        assert await told_to_stop(web, two) == ("early_stopped", "truncation 50 % of loss at step 2: 9 against 1")


async def test_after_a_restart_a_trial_is_held_against_those_that_succeeded_before(database_url, tmp_path):
    async with served(database_url, tmp_path / "data") as web:
        sweep, (one,) = await begin(web, policy("median"), trials=2, parallel=1)
        await logged(web, one, 1.0, 1.0)
        await ends(web, one)
        (two,) = await next_running(web)
    async with served(database_url, tmp_path / "data") as web:
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
    async with served(database_url, tmp_path / "data", plugins=["optimizer_search"]) as web:
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


async def test_an_optimizer_is_told_on_the_way_of_objectives_only(web):
    book = web.runtime.optimizers.get("random")
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
