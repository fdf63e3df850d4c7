"""The user's tuner: what it is told, and what becomes of its answers."""

import re

import pytest

from trainyard.matrix.objective import Goal, Objective
from trainyard.matrix.space import Space, Uniform
from trainyard_core.contracts.optimizer import Study, Trial, TrialPhase
from trainyard_optimizer_search.iterative import IterativeOptimizer

SPACE = Space(params={"x": Uniform(low=0, high=1)})


def study(space=SPACE, **options):
    objectives = (Objective(name="loss", goal=Goal.MINIMIZE),)
    return Study(space=space, objectives=objectives, options={"maxIterations": 2, "tuner": {"hubRef": "t"}, **options})


def answered(suggestion, outputs, phase=TrialPhase.SUCCEEDED, reason=""):
    return Trial(key=suggestion.key, params=suggestion.params, phase=phase, outputs=outputs, reason=reason)


async def asked(sweep, one=None):
    """A sweep whose first tuner was suggested, and that tuner."""
    begun = sweep(IterativeOptimizer(), one or study())
    (tuner,) = (await begun.ask(4)).suggestions
    return begun, tuner


async def test_the_tuner_comes_first_and_is_told_of_no_trials(sweep):
    begun, tuner = await asked(sweep)
    assert (tuner.tuner, tuner.key, tuner.params) == (True, "tuner-0", {"iteration": 0, "trials": []})
    assert (await begun.ask(4)).suggestions == ()


async def test_its_suggestions_become_trials_and_their_results_its_params(sweep, end):
    begun, tuner = await asked(sweep)
    outputs = {"suggestions": [{"x": 0.1}, {"x": 0.2}]}
    first, second = (await begun.ask(4, answered(tuner, outputs))).suggestions
    assert (first.params, first.tuner, second.params) == ({"x": 0.1}, False, {"x": 0.2})
    assert (await begun.ask(4, end(first, 0.5))).suggestions == ()
    (again,) = (await begun.ask(4, end(second, None))).suggestions
    assert again.key == "tuner-1" and again.params == {
        "iteration": 1,
        "trials": [
            {"key": "0-0", "params": {"x": 0.1}, "phase": "succeeded", "values": {"loss": 0.5}},
            {"key": "0-1", "params": {"x": 0.2}, "phase": "failed", "values": {}},
        ],
    }


async def test_the_last_iteration_ends_the_sweep_once_all_is_suggested(sweep):
    begun, tuner = await asked(sweep, study(maxIterations=1))
    answer = await begun.ask(1, answered(tuner, {"suggestions": [{"x": 0.1}, {"x": 0.2}]}))
    assert len(answer.suggestions) == 1 and not answer.exhausted
    answer = await begun.ask(1)
    assert len(answer.suggestions) == 1 and answer.exhausted


async def test_an_empty_list_ends_the_sweep(sweep):
    begun, tuner = await asked(sweep)
    answer = await begun.ask(4, answered(tuner, {"suggestions": []}))
    assert answer.exhausted and not answer.failure


async def test_asked_for_none_it_starts_no_tuner(sweep):
    begun = sweep(IterativeOptimizer(), study())
    assert (await begun.ask(0)).suggestions == ()
    assert len((await begun.ask(1)).suggestions) == 1


async def test_without_a_space_it_may_propose_anything(sweep):
    begun, tuner = await asked(sweep, study(Space()))
    (trial,) = (await begun.ask(4, answered(tuner, {"suggestions": [{"anything": [1, None]}]}))).suggestions
    assert trial.params == {"anything": [1, None]}


@pytest.mark.parametrize(
    "outputs, word",
    [
        ({}, "without an output 'suggestions'"),
        ({"suggestions": "[]"}, "without an output 'suggestions'"),
        ({"suggestions": [{"x": 0.1}, 7]}, "suggestion 1 .* 7 is no mapping"),
        ({"suggestions": [{"x": 2.0}]}, "param 'x' may not be 2.0"),
        ({"suggestions": [{"y": 2.0}]}, "param '[xy]' is"),
    ],
)
async def test_an_answer_that_cannot_be_run_fails_the_sweep_in_words(sweep, outputs, word):
    begun, tuner = await asked(sweep)
    answer = await begun.ask(4, answered(tuner, outputs))
    assert not answer.suggestions and not answer.exhausted
    assert re.search(f"tuner-0 .*{word}", answer.failure), answer.failure
    assert (await begun.ask(4)).failure == answer.failure


async def test_a_tuner_that_failed_fails_the_sweep_with_its_reason(sweep):
    begun, tuner = await asked(sweep)
    answer = await begun.ask(4, answered(tuner, {}, phase=TrialPhase.FAILED, reason="oom_killed"))
    assert "tuner-0 failed" in answer.failure and "oom_killed" in answer.failure
