"""Sweeps as they are read: counts, the best trial, trials by page, the front, on both databases."""

from __future__ import annotations

import json
import time

import pytest
import pytest_asyncio
from sweep_harness import Book, begin, children, finish, log, play, sweeping, tables

from trainyard.client.errors import ClientError, Conflict, Invalid, NotFound
from trainyard_core.contracts.optimizer import Suggestion, Suggestions
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.ids import new_id
from trainyard_core.testing.background import until

TWO = {"objectives": [{"name": "score", "goal": "maximize"}, {"name": "cost", "goal": "minimize"}]}
ONE = {"objectives": TWO["objectives"][:1]}
LIMITED = {"objectives": TWO["objectives"][:1], "limits": [{"name": "cost", "at_most": 5.0}]}

PATIENCE = 2.0
"""Seconds that a page may take on the busiest machine; one that went through all trials would take many times more."""


@pytest_asyncio.fixture
async def web(database_url, tmp_path):
    async with sweeping(database_url, tmp_path / "data", Book()) as served:
        yield served


async def rewrite(web, sweep, **changes):
    """Give a sweep another study."""

    async def work(tx):
        row = await tx.one("SELECT study FROM sweeps_sweep WHERE run = ?", sweep)
        study = json.dumps({**json.loads(row["study"]), **changes})
        await tx.run("UPDATE sweeps_sweep SET study = ? WHERE run = ?", study, sweep)

    await tables(web).write(work)


async def fill(web, sweep, trials):
    """Put trials (number, phase, figures) into a sweep, without runs that are there."""
    rows = [
        (sweep, f"k{n}", n, new_id(), phase, "{}", json.dumps(figures), figures.get("score"), 1, 1)
        for n, phase, figures in trials
    ]
    await tables(web).write(
        lambda tx: tx.many(
            'INSERT INTO sweeps_trial (sweep, key, number, run, phase, params, "values", value, synced, created_at)'
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    )


async def scored(web, **more):
    """A sweep that goes on and maximizes `score`. Its director begins once its study says so."""
    sweep = await begin(web, head="isApproved: false", **more)
    await rewrite(web, sweep.id, **ONE)
    return await web.admin.runs.approve(sweep.id)


async def ended_sweep(web, *, trials=4, value=lambda x: None if x == 1 else float(x % 3)):
    """One that is over."""
    sweep = await scored(web, trials=trials)
    await play(web, sweep.id, value)
    return sweep.id


async def numbers(web, sweep, **more):
    return [trial.number async for trial in web.admin.sweeps.trials(sweep, **more)]


async def test_a_sweep_says_how_far_it_is_and_which_trial_is_best(web):
    sweep = await scored(web, trials=4, parallel=2)
    await until(lambda: children(web, sweep.id))
    found = await web.admin.sweeps.get(sweep.short_id)
    assert (found.run, found.algorithm, found.name, found.seed) == (sweep.id, "random", "search", 7)
    assert [(each.name, each.goal) for each in found.objectives] == [("score", "maximize")]
    assert (found.status, found.max_trials, found.created, found.running, found.concurrency) == ("running", 4, 2, 2, 2)
    assert found.best is None
    await play(web, sweep.id, lambda x: None if x == 1 else float(x % 3))
    found = await web.admin.sweeps.get(sweep.id)
    assert (found.status, found.created, found.succeeded, found.failed, found.running) == ("succeeded", 4, 3, 1, 0)
    assert found.is_final
    best = await web.admin.sweeps.best(sweep.id)
    assert best == found.best
    assert (best.number, best.params, best.values, best.value) == (3, {"x": 2}, {"score": 2.0}, 2.0)
    assert (await web.admin.runs.get(best.run)).params == {"x": 2}


async def test_trials_come_by_number_either_way_or_the_best_first(web):
    sweep = await ended_sweep(web, trials=7)
    for size in (1, 2, 3, 7, 500):
        assert await numbers(web, sweep, page_size=size) == [1, 2, 3, 4, 5, 6, 7]
        assert await numbers(web, sweep, sort="-number", page_size=size) == [7, 6, 5, 4, 3, 2, 1]
        assert await numbers(web, sweep, sort="value", page_size=size) == [3, 6, 5, 1, 4, 7, 2]
        assert await numbers(web, sweep, sort="value", phase="succeeded", page_size=size) == [3, 6, 5, 1, 4, 7]
        assert await numbers(web, sweep, phase="failed", page_size=size) == [2]


async def test_a_trial_tells_of_its_run(web):
    sweep = await scored(web, trials=3, parallel=2)
    await until(lambda: _has_two(web, sweep.id))
    first, second = await web.arrange.assign()
    await web.arrange.report(first, Phase.RUNNING)
    await log(web, first.run, 0.25)
    going = [trial async for trial in web.admin.sweeps.trials(sweep.id, phase="running")]
    assert [(trial.run, trial.status, trial.values) for trial in going] == [
        (first.run, "running", {"score": 0.25}),
        (second.run, "scheduled", {}),
    ]
    assert going[0].started_at and not going[0].finished_at
    await web.arrange.report(first, Phase.EXITED, exit=Exit(code=1))
    await until(lambda: _phase_is(web, sweep.id, "failed"))
    (failed,) = [trial async for trial in web.admin.sweeps.trials(sweep.id, phase="failed")]
    assert (failed.run, failed.reason, failed.message) == (first.run, "exit_code", "exit code 1")
    assert failed.finished_at


async def _has_two(web, sweep):
    return len(await children(web, sweep)) == 2


async def _phase_is(web, sweep, phase):
    return [trial async for trial in web.admin.sweeps.trials(sweep, phase=phase)]


async def test_a_cursor_goes_on_with_its_own_list_only(web):
    sweep = await ended_sweep(web)
    page = await web.admin.sweeps.page(sweep, sort="value", limit=1)
    for other in ({"sort": "number"}, {"sort": "value", "phase": "failed"}, {"sort": "value", "cursor": "WzFd"}):
        with pytest.raises(Invalid, match="cursor"):
            await web.admin.sweeps.page(sweep, **{"cursor": page.next, **other})
    with pytest.raises(ClientError):
        await web.admin.sweeps.page(sweep, sort="best")


async def test_the_best_trial_keeps_within_the_limits(web):
    sweep = await ended_sweep(web)
    await rewrite(web, sweep, **LIMITED)
    await fill(web, sweep, [(100 + n, "succeeded", {"score": 50.0 - n / 10, "cost": 406.0 - n}) for n in range(400)])
    await fill(web, sweep, [(999, "succeeded", {"score": 3.0, "cost": 5.0})])
    best = await web.admin.sweeps.best(sweep)
    assert (best.number, best.feasible, best.status) == (999, True, "deleted")
    first = (await web.admin.sweeps.page(sweep, sort="value", limit=1)).items[0]
    assert (first.number, first.feasible) == (100, False)


async def test_the_front_of_several_objectives(web):
    sweep = await ended_sweep(web)
    await rewrite(web, sweep, **TWO)
    await tables(web).write(lambda tx: tx.run("DELETE FROM sweeps_trial WHERE sweep = ?", sweep))
    points = [(1, 1), (2, 1), (3, 2), (2, 3), (3, 2)]
    await fill(web, sweep, [(n, "succeeded", {"score": a, "cost": b}) for n, (a, b) in enumerate(points, 1)])
    await fill(web, sweep, [(8, "succeeded", {"score": 9.0})])
    await fill(web, sweep, [(9, "failed", {"score": 9.0, "cost": 0.0})])
    front = await web.admin.sweeps.front(sweep)
    assert ([trial.number for trial in front.items], front.truncated) == ([2, 3, 5], False)
    assert [each.name for each in front.objectives] == ["score", "cost"]


async def test_a_front_that_is_too_long_is_cut_at_the_best_of_the_first_objective(web):
    sweep = await ended_sweep(web)
    await rewrite(web, sweep, **TWO)
    await tables(web).write(lambda tx: tx.run("DELETE FROM sweeps_trial WHERE sweep = ?", sweep))
    await fill(web, sweep, [(n, "succeeded", {"score": n, "cost": n}) for n in range(1, 601)])
    front = await web.admin.sweeps.front(sweep)
    assert (front.truncated, front.limit, [trial.number for trial in front.items]) == (True, 500, [*range(101, 601)])


async def test_a_run_that_is_no_sweep_says_so(web):
    run = await web.run()
    for rest in ("", "/trials", "/front"):
        answer = await web.ask("GET", f"projects/default/sweeps/{run.id}{rest}")
        assert answer.status_code == 409
        assert "is no sweep but a job" in answer.json()["detail"]
    with pytest.raises(NotFound):
        await web.admin.sweeps.get("f" * 8)
    sweep = await begin(web, trials=1)
    (trial,) = await until(lambda: children(web, sweep.id))
    with pytest.raises(Conflict, match=f"yard sweep {sweep.short_id}"):
        await web.admin.sweeps.get(trial["id"])


async def test_a_sweep_without_an_objective_has_no_best_and_no_front(web):
    sweep = await begin(web, trials=2)
    await play(web, sweep.id, float)
    assert await web.admin.sweeps.best(sweep.id) is None
    assert await numbers(web, sweep.id, sort="value") == [1, 2]
    with pytest.raises(Conflict, match="no objective"):
        await web.admin.sweeps.front(sweep.id)


async def test_reading_a_page_of_10_000_trials_costs_no_more_than_one_of_a_few(web):
    sweep = await ended_sweep(web)
    await rewrite(web, sweep, **LIMITED)
    await fill(
        web, sweep, [(10 + n, "succeeded", {"score": n % 997 + 0.5, "cost": float(n % 7)}) for n in range(10_000)]
    )

    async def costs(ask):
        await ask()
        began = time.perf_counter()
        for _ in range(5):
            await ask()
        return (time.perf_counter() - began) / 5

    for sort in ("number", "-number", "value"):
        page = await web.admin.sweeps.page(sweep, sort=sort, limit=50)
        deep = await web.admin.sweeps.page(sweep, sort=sort, limit=500, cursor=page.next)
        for cursor in (page.next, deep.next):
            spent = await costs(lambda sort=sort, cursor=cursor: web.admin.sweeps.page(sweep, sort=sort, cursor=cursor))
            assert spent < PATIENCE
    spent = await costs(lambda: web.admin.sweeps.get(sweep))
    assert spent < PATIENCE


async def test_runs_of_a_sweep_are_found_by_its_short_id_and_sorted_by_a_metric(web):
    sweep = await ended_sweep(web)
    other = await web.run()
    for ref in (sweep, sweep[-8:]):
        found = [run async for run in web.admin.runs.list(q=f"sweep:{ref}", sort="-metrics.score")]
        assert [run.params["x"] for run in found] == [2, 3, 0, 1]
        assert other.id not in [run.id for run in found]


async def test_why_tells_how_far_a_sweep_is_and_what_its_trials_wait_for(web):
    sweep = await begin(web, trials=5, parallel=2)
    await until(lambda: children(web, sweep.id))
    found = await web.admin.runs.why(sweep.id)
    assert "0 of 5 trials have ended, 0 run, 2 wait" in found.summary
    first = (await children(web, sweep.id))[0]["id"]
    held = await web.admin.runs.why(first)
    assert first[-8:] in found.summary
    assert (found.blockers, found.place) == (held.blockers, held.place)
    (ref,) = await web.arrange.assign(most=1)
    await web.arrange.report(ref, Phase.RUNNING)
    found = await web.admin.runs.why(sweep.id)
    assert (found.summary, found.blockers) == ("0 of 5 trials have ended, 1 run, 1 wait", [])
    await finish(web, ref, float)
    await web.admin.runs.stop(sweep.id)
    found = await web.admin.runs.why(sweep.id)
    assert found.summary.startswith("stopped by user:admin" if found.status == "stopping" else "stopped at ")


async def test_a_sweep_is_deleted_with_its_trials(web):
    sweep = await ended_sweep(web)
    runs = [row["id"] for row in await children(web, sweep)]
    await web.admin.runs.delete(sweep)
    for run in (sweep, *runs):
        with pytest.raises(NotFound):
            await web.admin.runs.get(run)
    assert await tables(web).read(lambda tx: _left(tx, "sweeps_trial", "sweeps_sweep")) == {
        "sweeps_trial": 0,
        "sweeps_sweep": 0,
    }
    left = await web.runtime.database.read(lambda tx: _left(tx, *OWNED))
    assert left == {"director": 0, "metric": 0, "attempt": 0, "operation": 0, "run_value": 0, "deletion": 5}
    told = (await web.ask("GET", "projects/default/activities?kind=deleted")).json()["items"]
    assert [each["run"] for each in told] == [sweep, *runs[::-1]]


OWNED = ("director", "metric", "attempt", "operation", "run_value", "deletion")


async def _left(tx, *tables):
    return {table: (await tx.one(f"SELECT COUNT(*) AS n FROM {table}"))["n"] for table in tables}


async def test_a_sweep_whose_trial_another_run_continues_stays_whole(web):
    sweep = await ended_sweep(web)
    trial = (await children(web, sweep))[0]["id"]
    heir = await web.admin.runs.resume(trial)
    with pytest.raises(Conflict, match="continued") as refused:
        await web.admin.runs.delete(sweep)
    assert heir.short_id in str(refused.value)
    assert trial[-8:] in str(refused.value)
    assert len(await children(web, sweep)) == 4
    await web.admin.runs.stop(heir.id)

    async def ended():
        return (await web.admin.runs.get(heir.id)).is_final

    await until(ended)
    await web.admin.runs.delete(heir.id)
    await web.admin.runs.delete(sweep)
    assert not await children(web, sweep)


async def test_trials_that_continue_each_other_do_not_keep_their_sweep(web):
    first = Suggestion(params={"x": 0}, key="a")
    second = Suggestion(params={"x": 1}, key="b", continues="a")
    web.runtime.optimizers.get("random").answers = [
        Suggestions(suggestions=(first,)),
        Suggestions(suggestions=(second,), exhausted=True),
    ]
    sweep = await begin(web, trials=2, parallel=1)
    await play(web, sweep.id, float)
    runs = [row["id"] for row in await children(web, sweep.id)]
    with pytest.raises(Conflict, match="continued"):
        await web.admin.runs.delete(runs[0])
    await web.admin.runs.delete(sweep.id)
    for run in runs:
        with pytest.raises(NotFound):
            await web.admin.runs.get(run)


async def test_a_trial_that_is_deleted_alone_leaves_its_figures(web):
    sweep = await ended_sweep(web)
    best = await web.admin.sweeps.best(sweep)
    await web.admin.runs.delete(best.run)
    left = await web.admin.sweeps.best(sweep)
    assert (left.number, left.params, left.value, left.status) == (best.number, best.params, best.value, "deleted")
    await web.admin.runs.delete(sweep)


async def test_a_sweep_that_goes_on_is_not_deleted(web):
    sweep = await begin(web, trials=2)
    await until(lambda: children(web, sweep.id))
    with pytest.raises(Conflict, match="cannot be deleted"):
        await web.admin.runs.delete(sweep.id)
    assert await children(web, sweep.id)


async def test_a_trial_that_still_runs_keeps_its_sweep(web):
    sweep = await ended_sweep(web)
    late = await web.run()
    (ref,) = await web.arrange.assign()
    await web.arrange.report(ref, Phase.RUNNING)
    await web.runtime.database.write(lambda tx: tx.run("UPDATE run SET parent = ? WHERE id = ?", sweep, late.id))
    with pytest.raises(Conflict, match="is running") as refused:
        await web.admin.runs.delete(sweep)
    assert f"yard stop {late.short_id}" in str(refused.value)
