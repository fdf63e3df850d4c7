"""The orders and counts of grid and random, and the values that are drawn."""

import time
from collections import Counter

import pytest

from trainyard.matrix.objective import Goal, Objective
from trainyard.matrix.space import Choice, Linear, Normal, Ordered, Space, Uniform, Weighted, allows
from trainyard_core.contracts.optimizer import Study
from trainyard_optimizer_search import distribution, draw
from trainyard_optimizer_search.grid import GridOptimizer
from trainyard_optimizer_search.random import RandomOptimizer

LOSS = (Objective(name="loss", goal=Goal.MINIMIZE),)


def study(space, **options):
    return Study(space=space, objectives=LOSS, options=options)


async def params_of(sweep, optimizer, one, count=10_000):
    return [suggestion.params for suggestion in (await sweep(optimizer, one).ask(count)).suggestions]


async def test_a_grid_turns_its_last_param_fastest(sweep):
    space = Space(params={"b": Choice(values=("x", "y")), "a": Ordered(values=(1, 2, 3))})
    found = await params_of(sweep, GridOptimizer(), study(space))
    assert found == [{"b": b, "a": a} for b in "xy" for a in (1, 2, 3)]


async def test_a_grid_is_cut_off_after_so_many_runs(sweep):
    space = Space(params={"b": Choice(values=("x", "y")), "a": Ordered(values=(1, 2, 3))})
    found = await params_of(sweep, GridOptimizer(), study(space, numRuns=4))
    assert found == [{"b": "x", "a": 1}, {"b": "x", "a": 2}, {"b": "x", "a": 3}, {"b": "y", "a": 1}]
    assert GridOptimizer().outline(study(space, numRuns=4)).trials == 4
    assert GridOptimizer().outline(study(space, numRuns=40)).trials == 6


async def test_a_grid_leaves_out_what_breaks_a_constraint_and_counts_it_as_nothing(sweep):
    space = Space(
        params={"a": Ordered(values=(1, 2, 3)), "b": Ordered(values=(1, 2, 3))},
        constraints=(Linear(terms={"a": 1.0, "b": 1.0}, at_most=4.0),),
    )
    found = await params_of(sweep, GridOptimizer(), study(space, numRuns=5))
    assert [(p["a"], p["b"]) for p in found] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]


async def test_a_grid_of_a_trillion_points_is_begun_at_once(sweep):
    space = Space(params={f"p{n}": Uniform(low=0, high=999, integer=True) for n in range(4)})
    begun = time.perf_counter()
    assert GridOptimizer().check(study(space)) == []
    assert GridOptimizer().outline(study(space)).trials == 10**12
    found = await params_of(sweep, GridOptimizer(), study(space), count=3)
    assert [p["p3"] for p in found] == [0, 1, 2]
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize("runs, wanted", [(3, 3), (6, 6), (1000, 6)])
async def test_random_runs_are_no_more_than_a_discrete_space_holds(sweep, runs, wanted):
    space = Space(
        params={"a": Weighted(values=("x", "y", "z"), weights=(0.9, 0.1, 0.0)), "b": Ordered(values=(1, 2, 3))}
    )
    one = study(space, numRuns=runs)
    assert RandomOptimizer().outline(one).trials == wanted
    found = await params_of(sweep, RandomOptimizer(), one)
    assert len(found) == len({(p["a"], p["b"]) for p in found}) == wanted
    assert "z" not in {p["a"] for p in found}


async def test_a_random_trial_does_not_depend_on_how_it_was_asked_for(sweep):
    space = Space(params={"x": Uniform(low=0, high=1), "n": Choice(values=tuple(range(50)))})
    one = study(space, numRuns=40)
    at_once = await params_of(sweep, RandomOptimizer(), one)
    singly = sweep(RandomOptimizer(), one)
    assert at_once == [(await singly.ask(1)).suggestions[0].params for _ in range(40)]


async def test_a_stepped_normal_param_ends_when_nothing_new_is_likely(sweep):
    space = Space(params={"x": Normal(loc=0, scale=0.3, step=1.0)})
    answer = await sweep(RandomOptimizer(), study(space, numRuns=500)).ask(500)
    found = [one.params["x"] for one in answer.suggestions]
    assert answer.exhausted and {-1.0, 0.0, 1.0} <= set(found) and len(found) == len(set(found)) < 10


def values(param, count=4000):
    return [distribution.quantile(param, draw.unit("test", number)) for number in range(count)]


def test_a_uniform_is_spread_evenly_between_its_bounds():
    found = values(Uniform(low=-2, high=6))
    assert -2 <= min(found) < -1.9 and 5.9 < max(found) <= 6
    assert abs(sum(found) / len(found) - 2) < 0.1


def test_a_log_uniform_is_spread_evenly_over_orders_of_magnitude():
    found = values(Uniform(low=1e-4, high=1.0, log=True))
    share = Counter(int(f"{value:e}".split("e")[1]) for value in found)
    assert all(0.22 < share[exponent] / len(found) < 0.28 for exponent in (-4, -3, -2, -1))


def test_weights_are_kept():
    found = Counter(values(Weighted(values=("a", "b", "c"), weights=(0.7, 0.3, 0.0))))
    assert 0.67 < found["a"] / 4000 < 0.73 and found["c"] == 0


def test_a_normal_is_spread_as_it_says():
    found = sorted(values(Normal(loc=3, scale=2)))
    assert abs(found[2000] - 3) < 0.1 and abs(found[3365] - 5) < 0.2


EXTREMES = [
    Uniform(low=0.1, high=0.3, step=0.1),
    Uniform(low=1, high=3, integer=True, log=True),
    Uniform(low=-7, high=7, step=2.5),
    Uniform(low=0, high=10, step=1.5, integer=True),
    Uniform(low=-1.7e308, high=1.7e308),
    Uniform(low=5e-324, high=1.0, log=True),
    Normal(loc=0, scale=1e308),
    Normal(loc=0, scale=1000, log=True),
    Normal(loc=0, scale=1000, log=True, integer=True),
    Normal(loc=5, scale=2, integer=True),
    Normal(loc=0, scale=3, step=0.25),
]


@pytest.mark.parametrize("param", EXTREMES, ids=str)
def test_whatever_is_drawn_is_one_of_the_params_values(param):
    for value in values(param, 300) + [distribution.quantile(param, u) for u in (2**-53, 0.5, 1 - 2**-53)]:
        assert allows(param, value), value


@pytest.mark.parametrize(
    "param, wanted",
    [
        (Uniform(low=0.1, high=0.3, step=0.1), [0.1, 0.2, 0.3]),
        (Uniform(low=-1, high=1, step=0.5), [-1.0, -0.5, 0.0, 0.5, 1.0]),
        (Uniform(low=0.5, high=3.5, integer=True), [1, 2, 3]),
        (Uniform(low=0, high=10, step=1.5, integer=True), [0, 3, 6, 9]),
        (Uniform(low=1, high=9, step=4, log=True), [4.0, 8.0]),
    ],
)
def test_multiples_are_counted_exactly(param, wanted):
    assert [distribution.at(param, index) for index in range(distribution.size(param))] == wanted
    assert set(values(param)) == set(wanted)
