"""TPE: it learns, avoids what was tried, and remembers by its state alone."""

import pytest

from trainyard.matrix.objective import Goal, Limit, Objective
from trainyard.matrix.space import Choice, Linear, Ordered, Space, Uniform
from trainyard_core.contracts.optimizer import IntermediateValue, Study, Trial, TrialPhase
from trainyard_optimizer_search.history_window import remembered
from trainyard_optimizer_search.observations import Observation, Outcome
from trainyard_optimizer_search.tpe import TpeOptimizer

LOSS = (Objective(name="loss", goal=Goal.MINIMIZE),)
PLANE = Space(params={"x": Uniform(low=-5, high=5), "y": Uniform(low=-5, high=5)})


def study(space=PLANE, objectives=LOSS, **options):
    return Study(space=space, objectives=objectives, options={"numRuns": 1000, **options})


def bowl(params):
    return (params["x"] - 1) ** 2 + (params["y"] + 2) ** 2


def told(key, params, value, phase=TrialPhase.SUCCEEDED):
    return Trial(key=key, params=params, phase=phase, values={"loss": value})


async def sequential(sweep, one, value, trials):
    singly, changed, found = sweep(TpeOptimizer(), one), [], []
    for _ in range(trials):
        (suggestion,) = (await singly.ask(1, *changed)).suggestions
        found.append(value(suggestion.params))
        changed = [told(suggestion.key, suggestion.params, found[-1])]
    return found


async def test_it_comes_closer_than_its_random_start(sweep):
    found = await sequential(sweep, study(), bowl, 60)
    assert min(found) < 0.35
    assert sorted(found[30:])[15] < sorted(found[:10])[5] / 3


async def test_higher_is_better_where_the_metric_is_maximized(sweep):
    one = study(objectives=(Objective(name="loss", goal=Goal.MAXIMIZE),))
    found = await sequential(sweep, one, lambda params: -bowl(params), 50)
    assert max(found) > -0.5


async def test_maxiterations_multiplies_numruns():
    assert TpeOptimizer().outline(study(numRuns=5, maxIterations=4)).trials == 20


async def test_it_learns_from_trials_that_it_never_suggested(sweep):
    warm = [
        told(f"old-{n}", {"x": 1 + n / 50, "y": -2 + n / 50} if n < 5 else {"x": n / 10 - 5, "y": 4.0}, 0.01 * n)
        for n in range(30)
    ]
    answers = [await sweep(TpeOptimizer(), study(), seed).ask(1, *warm) for seed in range(12)]
    assert sum(bowl(answer.suggestions[0].params) < 4 for answer in answers) >= 7  # of random ones, one or two


async def test_pending_trials_push_the_next_ones_apart(sweep):
    warm = [told(f"old-{n}", {"x": n / 4 - 3, "y": -2.0}, abs(n / 4 - 4)) for n in range(25)]
    found = (await sweep(TpeOptimizer(), study()).ask(8, *warm)).suggestions
    assert len({round(one.params["x"], 2) for one in found}) == 8


async def test_a_stopped_trial_counts_by_what_it_logged_last(sweep):
    space = Space(params={"x": Uniform(low=0, high=1)})
    cut = [
        Trial(
            key=f"old-{n}",
            params={"x": n / 20},
            phase=TrialPhase.STOPPED,
            intermediate=(IntermediateValue("loss", 1, 5.0), IntermediateValue("loss", 2, abs(n / 20 - 0.3))),
        )
        for n in range(20)
    ]
    found = (await sweep(TpeOptimizer(), study(space)).ask(5, *cut)).suggestions
    assert sum(abs(one.params["x"] - 0.3) < 0.2 for one in found) >= 4


async def test_what_is_outside_a_limit_is_avoided(sweep):
    space = Space(params={"x": Uniform(low=0, high=1)})
    one = Study(space=space, objectives=LOSS, limits=(Limit(name="size", at_most=0.5),), options={"numRuns": 100})
    warm = [
        Trial(
            key=f"o{n}", params={"x": n / 30}, phase=TrialPhase.SUCCEEDED, values={"loss": 1 - n / 30, "size": n / 30}
        )
        for n in range(30)
    ]
    found = (await sweep(TpeOptimizer(), one).ask(5, *warm)).suggestions
    assert sum(suggestion.params["x"] < 0.6 for suggestion in found) >= 4


async def test_discrete_points_come_once_though_the_model_likes_one_best(sweep):
    space = Space(params={"a": Ordered(values=tuple(range(6))), "b": Choice(values=("p", "q", True, 1))})
    batches = await sweep(TpeOptimizer(), study(space)).run(lambda params: params["a"], together=1)
    found = [repr(one.params) for batch in batches for one in batch]
    assert len(found) == len(set(found)) == 24


async def test_a_point_that_was_tried_elsewhere_is_not_tried_again(sweep):
    space = Space(params={"a": Ordered(values=(1, 2, 3))})
    answer = await sweep(TpeOptimizer(), study(space)).ask(5, told("old", {"a": 2}, 0.5))
    assert {one.params["a"] for one in answer.suggestions} == {1, 3} and answer.exhausted


async def test_constraints_are_kept_where_the_best_lies_behind_them(sweep):
    space = Space(params=PLANE.params, constraints=(Linear(terms={"x": 1.0, "y": 1.0}, at_most=-2.0),))
    batches = await sweep(TpeOptimizer(), study(space, numRuns=30)).run(bowl, together=1)
    assert all(one.params["x"] + one.params["y"] <= -2.0 for batch in batches for one in batch)


async def test_after_many_trials_a_new_instance_goes_on_the_same(sweep):
    kept = sweep(TpeOptimizer(), study())
    changed = []
    for number in range(330):
        params = {"x": (number * 37 % 100) / 10 - 5, "y": (number * 53 % 100) / 10 - 5}
        changed.append(told(f"old-{number}", params, bowl(params)))
    await kept.ask(0, *changed[:140])
    first = (await kept.ask(3)).suggestions
    await kept.ask(0, *changed[140:290])
    later = (await kept.ask(2, told(first[0].key, first[0].params, 0.001))).suggestions
    fresh = sweep(TpeOptimizer(), study())
    for answer_to in range(3):
        news = changed[290 + answer_to * 10 : 300 + answer_to * 10]
        if answer_to == 1:
            news = [*news, told(later[0].key, later[0].params, 3.0), told("old-3", changed[3].params, -9.0)]
        fresh.state = kept.state
        one, other = await kept.ask(2, *news), await fresh.ask(2, *news)
        assert one == other
        fresh = sweep(TpeOptimizer(), study())


def of_value(key, value, outcome=Outcome.VALUES):
    return Observation(
        key=str(key), point=[0.0, 0.0], outcome=outcome, values=[value] if outcome is Outcome.VALUES else []
    )


@pytest.mark.parametrize("goal, best", [(Goal.MINIMIZE, 0), (Goal.MAXIMIZE, 150 - 25)])
def test_of_many_trials_the_newest_and_the_best_before_them_are_remembered(goal, best):
    one = study(objectives=(Objective(name="loss", goal=goal),))
    told = [of_value(number, float(number)) for number in range(300)]
    assert remembered(one, told[:299]) == told[:299]
    assert remembered(one, told) == told[best : best + 25] + told[150:]


def test_an_open_trial_is_never_forgotten():
    told = [of_value(n, float(n)) if n != 77 else of_value(n, 0.0, Outcome.OPEN) for n in range(300)]
    assert told[77] in remembered(study(), told)


async def test_state_is_as_large_after_a_thousand_trials_as_after_a_few_hundred(sweep):
    one, sizes = sweep(TpeOptimizer(), study()), []
    for batch in range(10):
        points = [{"x": n % 97 / 10 - 4, "y": n % 89 / 10 - 4} for n in range(batch * 100, batch * 100 + 100)]
        await one.ask(0, *(told(f"old-{batch}-{n}", point, bowl(point)) for n, point in enumerate(points)))
        sizes.append(len(one.state))
    assert max(sizes) < 20_000 and sizes[-1] <= sizes[2]


async def test_a_point_that_was_forgotten_is_not_tried_again(sweep):
    space = Space(params={"a": Ordered(values=tuple(range(700)))})
    known = [told(f"old-{n}", {"a": n}, float(n)) for n in range(690)]
    one = sweep(TpeOptimizer(), study(space))
    await one.ask(0, *known)
    fresh = sweep(TpeOptimizer(), study(space))
    fresh.state = one.state
    answer = await fresh.ask(50)
    assert sorted(suggestion.params["a"] for suggestion in answer.suggestions) == list(range(690, 700))
    assert answer.exhausted
