"""Hyperband's rungs and brackets as trials come and go."""

import pytest

from trainyard.matrix.objective import Goal, Objective
from trainyard.matrix.space import Choice, Space, Uniform
from trainyard_core.contracts.optimizer import Study
from trainyard_optimizer_search.hyperband import HyperbandOptimizer

X = Space(params={"x": Uniform(low=0, high=1)})


def study(*, most=81, space=X, goal=Goal.MINIMIZE, kind="int", **options):
    options |= {"maxIterations": most, "eta": 3, "resource": {"name": "epochs", "type": kind}}
    return Study(space=space, objectives=(Objective(name="loss", goal=goal),), options=options)


def counted(batches):
    """Trials by bracket and rung, with their resource."""
    table = {}
    for one in (one for batch in batches for one in batch):
        s, rung = (int(part[1:]) for part in one.key.split("-")[:2])
        n, resource = table.get((s, rung), (0, one.params["epochs"]))
        assert resource == one.params["epochs"]
        table[s, rung] = (n + 1, resource)
    return table


@pytest.mark.parametrize("together", [1, 7, 1000])
async def test_a_sweep_of_81_is_the_table_however_many_go_on_at_once(sweep, together):
    table = counted(await sweep(HyperbandOptimizer(), study()).run(lambda p: p["x"], together=together))
    assert [table[4, rung] for rung in range(5)] == [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)]
    assert [table[3, rung] for rung in range(4)] == [(34, 3), (11, 9), (3, 27), (1, 81)]
    assert [table[2, rung] for rung in range(3)] == [(15, 9), (5, 27), (1, 81)]
    assert [table[1, rung] for rung in range(2)] == [(8, 27), (2, 81)]
    assert table[0, 0] == (5, 81)
    assert sum(n for n, _ in table.values()) == HyperbandOptimizer().outline(study()).trials == 206


@pytest.mark.parametrize("kind, wanted", [("int", [1, 3, 10]), ("float", [10 / 9, 10 / 3, 10.0])])
async def test_the_resource_is_of_the_type_that_the_file_says(sweep, kind, wanted):
    table = counted(await sweep(HyperbandOptimizer(), study(most=10, kind=kind)).run(lambda p: p["x"]))
    assert [table[2, rung][1] for rung in range(3)] == wanted
    assert all(type(resource) is type(wanted[0]) for _, resource in table.values())
    assert [table[2, rung][0] for rung in range(3)] == [9, 3, 1]


@pytest.mark.parametrize("goal, best", [(Goal.MINIMIZE, min), (Goal.MAXIMIZE, max)])
async def test_the_best_go_on_with_the_params_that_they_had(sweep, goal, best):
    first, second, third, *_ = await sweep(HyperbandOptimizer(), study(most=9, goal=goal)).run(lambda p: p["x"])
    begun = [one.params["x"] for one in first if one.key.startswith("b2-r0")]
    assert len(begun) == 9
    promoted = [one.params["x"] for one in second if one.key.startswith("b2-r1")]
    assert promoted == sorted(begun, reverse=goal is Goal.MAXIMIZE)[:3]
    assert [one.params["x"] for one in third if one.key.startswith("b2-r2")] == [best(begun)]


@pytest.mark.parametrize("resume", [True, False])
async def test_with_resume_a_promoted_trial_continues_the_one_it_was(sweep, resume):
    batches = await sweep(HyperbandOptimizer(), study(most=9, resume=resume)).run(lambda p: p["x"])
    params = {one.key: one.params["x"] for batch in batches for one in batch}
    for one in (one for batch in batches for one in batch):
        assert bool(one.continues) is (resume and "-r0-" not in one.key)
        if one.continues:
            assert params[one.continues] == one.params["x"]


async def test_the_next_bracket_begins_while_a_rung_waits_for_its_last_trial(sweep, end):
    one = sweep(HyperbandOptimizer(), study(most=9))
    first = (await one.ask(9)).suggestions
    later = (await one.ask(2, *(end(trial, trial.params["x"]) for trial in first[:8]))).suggestions
    assert [trial.key[:5] for trial in later] == ["b1-r0", "b1-r0"]
    after = (await one.ask(2, end(first[8], 0.5))).suggestions
    assert [trial.key[:5] for trial in after] == ["b2-r1", "b2-r1"]


async def test_all_brackets_are_run_when_every_trial_fails(sweep):
    batches = await sweep(HyperbandOptimizer(), study()).run(lambda p: None, together=5)
    assert {key: n for key, (n, _) in counted(batches).items()} == {
        (4, 0): 81, (3, 0): 34, (2, 0): 15, (1, 0): 8, (0, 0): 5
    }  # fmt: skip


async def test_a_rung_is_filled_with_those_that_did_not_fail(sweep):
    batches = await sweep(HyperbandOptimizer(), study(most=9)).run(lambda p: p["x"] if p["x"] < 0.3 else None)
    first = [one.params["x"] for batch in batches for one in batch if one.key.startswith("b2-r0")]
    second = [one.params["x"] for batch in batches for one in batch if one.key.startswith("b2-r1")]
    assert second == sorted(x for x in first if x < 0.3)[:3]


async def test_a_small_space_has_smaller_brackets(sweep):
    space = Space(params={"x": Choice(values=(1, 2, 3, 4))})
    small = study(most=9, space=space)
    table = counted(await sweep(HyperbandOptimizer(), small).run(lambda p: p["x"]))
    assert table == {(2, 0): (4, 1), (2, 1): (1, 3), (1, 0): (4, 3), (1, 1): (1, 9), (0, 0): (3, 9)}
    assert HyperbandOptimizer().outline(small).trials == 13
