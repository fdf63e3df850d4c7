"""The search itself, with the model: it comes close, keeps limits and constraints, and knows what runs."""

from itertools import pairwise

import pytest

from trainyard.matrix.objective import Goal, Limit, Objective
from trainyard.matrix.space import Choice, Linear, Ordered, Space, Uniform
from trainyard_core.contracts.optimizer import Study, Trial, TrialPhase
from trainyard_core.testing.optimizer_tools import is_plain
from trainyard_optimizer_ax.optimizer import AxOptimizer
from trainyard_optimizer_ax.settings import Settings

LOSS, SPEED = Objective(name="loss", goal=Goal.MINIMIZE), Objective(name="speed", goal=Goal.MAXIMIZE)


@pytest.fixture
async def optimizer(warm_worker):
    optimizer = AxOptimizer("ax", Settings(deadline=240))
    yield optimizer
    await optimizer.aclose()


async def search(optimizer, study, measure, *, trials, together=1):
    """All suggestions and what they came to, in rounds of `together`."""
    state, changed, found = b"", [], []
    while len(found) < trials:
        answer = await optimizer.suggest(study, changed=changed, count=together, seed=1, state=state)
        state, changed = answer.state, []
        for each in answer.suggestions:
            values = measure(each.params)
            found.append((each, values))
            changed.append(Trial(key=each.key, params=each.params, phase=TrialPhase.SUCCEEDED, values=values))
    return found


async def test_it_comes_closer_than_any_even_spread_would(optimizer):
    space = Space(params={"x": Uniform(low=-5, high=10), "rate": Uniform(low=1e-6, high=1, log=True)})
    study = Study(space=space, objectives=(LOSS,), options={"numTrials": 12})

    def loss(params):
        return {"loss": (params["x"] - 3.3) ** 2 + (params["rate"] ** 0.1 - 0.5) ** 2}

    found = await search(optimizer, study, loss, trials=12)
    assert min(values["loss"] for _, values in found) < 0.05  # twelve even points come to 0.4 or so
    assert not any(each.note for each, _ in found)


async def test_two_metrics_limits_and_a_constraint_in_a_mixed_space(optimizer):
    params = {
        "n": Uniform(low=1, high=64, integer=True),
        "m": Ordered(values=tuple(range(1, 65))),
        "share": Uniform(low=0, high=10),
        "opt": Choice(values=("sgd", "adam", None)),
    }
    constraint = Linear(terms={"n": 1.0, "m": 1.0, "share": 2.0}, at_most=70.0)
    study = Study(
        space=Space(params=params, constraints=(constraint,)),
        objectives=(LOSS, SPEED),
        limits=(Limit(name="memory", at_most=40.0), Limit(name="loss", at_most=60.0)),
        options={"numTrials": 9},
    )

    def measured(params):
        return {
            "loss": abs(params["n"] - 40.0) + (params["opt"] != "adam"),
            "speed": params["m"] / params["n"],
            "memory": float(params["n"]),
        }

    found = await search(optimizer, study, measured, trials=6)
    modelled = found[5:]
    assert not any(each.note for each, _ in modelled)
    for each, _ in modelled:
        total = each.params["n"] + each.params["m"] + 2 * each.params["share"]
        assert is_plain(each.params) and total <= 70.0


async def test_suggestions_of_one_answer_know_of_each_other(optimizer):
    space = Space(params={"x": Uniform(low=0, high=1)})
    study = Study(space=space, objectives=(LOSS,), options={"numTrials": 20})
    told = [
        Trial(key=f"told-{x}", params={"x": x}, phase=TrialPhase.SUCCEEDED, values={"loss": (x - 0.31) ** 2})
        for x in (0.0, 0.2, 0.5, 0.8, 1.0)
    ]
    answer = await optimizer.suggest(study, changed=told, count=3, seed=1, state=b"")
    points = sorted(each.params["x"] for each in answer.suggestions)
    assert len(points) == 3 and not any(each.note for each in answer.suggestions)
    assert all(second - first > 1e-3 for first, second in pairwise(points))
