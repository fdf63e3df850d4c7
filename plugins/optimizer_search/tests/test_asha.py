"""ASHA's rungs: who is stopped, when, and against what."""

import pytest

from trainyard.matrix.objective import Goal, Objective
from trainyard.matrix.space import Space, Uniform
from trainyard.spec.matrix import installed
from trainyard_core.contracts.optimizer import IntermediateValue, StopTrial, Study, Trial, TrialPhase
from trainyard_optimizer_search.asha import AshaOptimizer
from trainyard_optimizer_search.matrix import AshaMatrix
from trainyard_optimizer_search.rung import rungs


def study(goal=Goal.MINIMIZE, **options):
    options = {"numRuns": 50, "maxIterations": 27, **options}
    space = Space(params={"x": Uniform(low=0, high=1)})
    return Study(space=space, objectives=(Objective(name="loss", goal=goal),), options=options)


def at(key, step, value, phase=TrialPhase.RUNNING, name="loss"):
    return Trial(key=key, params={"x": 0.5}, phase=phase, intermediate=(IntermediateValue(name, step, value),))


@pytest.mark.parametrize(
    "first, last, eta, wanted",
    [(1, 27, 3, [1, 3, 9]), (1, 28, 3, [1, 3, 9, 27]), (2, 10, 2, [2, 4, 8]), (5, 6, 3, [5]), (1, 5, 1.5, [1, 2, 3])],
)
def test_rungs_are_below_the_last_step(first, last, eta, wanted):
    assert rungs(first, last, eta) == wanted


async def test_the_first_goes_on_and_the_next_only_if_it_is_better(sweep):
    one = sweep(AshaOptimizer(), study())
    assert await one.judge(at("0", 1, 0.5)) == ()
    assert await one.judge(at("1", 1, 0.4)) == ()
    (stop,) = await one.judge(at("2", 1, 0.6))
    assert stop == StopTrial(key="2", rule="asha, rung at step 1", value=0.6, against=0.4)


async def test_one_in_eta_goes_on(sweep):
    one = sweep(AshaOptimizer(), study())
    await one.judge(*(at(str(n), 1, float(n)) for n in range(5)))
    assert await one.judge(at("5", 1, 0.5)) == ()  # second of six
    (stop,) = await one.judge(at("6", 1, 0.7))  # third of seven
    assert (stop.key, stop.against) == ("6", 0.5)


async def test_higher_is_better_where_the_metric_is_maximized(sweep):
    one = sweep(AshaOptimizer(), study(Goal.MAXIMIZE))
    assert await one.judge(at("0", 1, 0.5)) == ()
    (stop,) = await one.judge(at("1", 1, 0.4))
    assert (stop.value, stop.against) == (0.4, 0.5)
    assert await one.judge(at("2", 1, 0.6)) == ()


async def test_a_rung_takes_the_first_value_at_it_or_past_it(sweep):
    one = sweep(AshaOptimizer(), study(minIterations=3))
    assert await one.judge(at("0", 4, 0.5)) == ()
    assert await one.judge(at("1", 2, 0.9)) == ()  # before the rung
    early = Trial(
        key="2",
        params={"x": 0.5},
        phase=TrialPhase.RUNNING,
        intermediate=(
            IntermediateValue("loss", 2, 0.9),
            IntermediateValue("loss", 5, 0.4),
            IntermediateValue("loss", 6, 99.0),
        ),
    )
    assert await one.judge(early) == ()
    (stop,) = await one.judge(at("1", 3, 0.45))
    assert (stop.rule, stop.against) == ("asha, rung at step 3", 0.4)


async def test_a_trial_is_held_to_each_rung_once(sweep):
    one = sweep(AshaOptimizer(), study())
    await one.judge(at("0", 1, 0.1), at("0", 3, 0.5))
    assert await one.judge(at("1", 1, 0.05)) == ()
    assert await one.judge(at("1", 2, 9.0)) == ()
    (stop,) = await one.judge(at("1", 3, 0.6))
    assert stop.rule == "asha, rung at step 3"
    assert await one.judge(at("1", 4, 0.6)) == ()  # it was told of once


async def test_a_metric_of_another_name_is_not_looked_at(sweep):
    one = sweep(AshaOptimizer(), study())
    await one.judge(at("0", 1, 0.5))
    assert await one.judge(at("1", 1, 0.9, name="accuracy")) == ()


async def test_what_suggest_was_told_of_is_judged_at_the_next_judgement(sweep):
    one = sweep(AshaOptimizer(), study())
    await one.ask(0, at("0", 1, 0.5), at("1", 1, 0.9))
    assert [stop.key for stop in await one.judge()] == ["1"]
    assert await one.judge() == ()


async def test_a_trial_that_has_ended_is_compared_with_and_not_stopped(sweep):
    one = sweep(AshaOptimizer(), study())
    assert await one.judge(at("0", 1, 0.5), at("1", 1, 0.9, phase=TrialPhase.SUCCEEDED)) == ()
    (stop,) = await one.judge(at("2", 1, 0.6))
    assert stop.against == 0.5


async def test_a_fair_share_of_many_trials_goes_on(sweep):
    one = sweep(AshaOptimizer(), study(numRuns=900))
    order = [(n * 7919) % 900 for n in range(900)]
    stopped = {stop.key for n in order for stop in await one.judge(at(str(n), 1, float(n)))}
    assert 0.25 < 1 - len(stopped) / 900 < 0.45
    assert not stopped & {str(n) for n in range(50)}


def test_the_language_has_the_kind():
    assert installed.MATRICES.find("asha") is AshaMatrix
    matrix = AshaMatrix.model_validate(
        {
            "kind": "asha",
            "params": {"x": {"kind": "uniform", "value": {"low": 0, "high": 1}}},
            "metric": {"name": "loss", "optimization": "minimize"},
            "numRuns": 5,
            "maxIterations": 9,
            "seed": 3,
        }
    )
    assert matrix.options() == {"numRuns": 5, "maxIterations": 9, "minIterations": 1, "eta": 3}
    assert matrix.draws() == 3


@pytest.mark.parametrize("wrong", [{"eta": 1}, {"minIterations": 9}, {"resource": {"name": "epochs"}}])
def test_the_language_refuses_what_compares_nothing(wrong):
    fields = {
        "kind": "asha",
        "params": {"x": {"kind": "uniform", "value": {"low": 0, "high": 1}}},
        "metric": {"name": "loss", "optimization": "minimize"},
        "numRuns": 5,
        "maxIterations": 9,
    }
    with pytest.raises(ValueError):
        AshaMatrix.model_validate(fields | wrong)
