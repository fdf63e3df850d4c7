"""How `ax` and `bayes` are written, from text to what the optimizer reads."""

import pytest

from trainyard.compile.context import example_globals
from trainyard.compile.operation import compile_operation
from trainyard.matrix.objective import Goal, Limit, Objective
from trainyard.matrix.space import Linear
from trainyard.spec.error import SpecError
from trainyard.spec.load import load_text
from trainyard_core.contracts.optimizer import Study
from trainyard_optimizer_ax.check import problems_of
from trainyard_optimizer_ax.plan import TrialBudget, plan_of

AX = """
version: 1.1
kind: operation
matrix:
  kind: ax
  metrics: [{name: accuracy, optimization: maximize}, {name: latency, optimization: minimize}]
  outcomes: ["memory <= 8"]
  constraints: ["n + 2*m <= 100"]
  numTrials: 20
  method: quality
  warmStart: ['0198']
  seed: 5
  params:
    lr: {kind: loguniform, value: "0.00001:0.1"}
    n: {kind: range, value: [1, 64, 1]}
    m: {kind: uniform, value: "1:32"}
component:
  inputs: [{name: lr, type: float}, {name: n, type: int}, {name: m, type: float}]
  run: {kind: job, container: {image: x, command: [python, t.py]}}
"""


def compiled(text):
    return compile_operation(load_text(text, file="t.yaml"), globals=example_globals())


def study_of(sweep):
    return Study(space=sweep.space, objectives=sweep.objectives, limits=sweep.limits, options=sweep.options)


def test_ax_says_metrics_limits_constraints_and_what_to_learn_from():
    sweep = compiled(AX).sweep
    assert (sweep.algorithm, sweep.seed) == ("ax", 5)
    assert sweep.objectives == (
        Objective(name="accuracy", goal=Goal.MAXIMIZE),
        Objective(name="latency", goal=Goal.MINIMIZE),
    )
    assert sweep.limits == (Limit(name="memory", at_most=8.0),)
    assert sweep.space.constraints == (Linear(terms={"n": 1.0, "m": 2.0}, at_most=100.0),)
    assert sweep.options["warmStart"] == ["0198"]
    assert problems_of("ax", study_of(sweep)) == []
    assert plan_of("ax", sweep.options) == TrialBudget(trials=20, initial=5, method="quality")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("quality", "best", "choose from fast, quality, random_search"),
        ("memory <= 8", "memory is low", "write a metric and its bound"),
        ("n + 2*m", "n + 2*q", "q"),
        ("numTrials: 20", "numTrials: 0", "numTrials"),
        ("name: latency", "name: accuracy", "twice"),
        ('{kind: uniform, value: "1:32"}', '{kind: normal, value: "1:32"}', "write a `uniform`"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(before, after, said):
    with pytest.raises(SpecError) as raised:
        compiled(AX.replace(before, after))
    assert said in str(raised.value)


def test_bayes_takes_its_fields_and_leaves_the_acquisition_to_ax():
    matrix = """matrix:
  kind: bayes
  metric: {name: accuracy, optimization: maximize}
  numInitialRuns: 4
  maxIterations: 6
  utilityFunction: {acquisitionFunction: ucb, kappa: 1.2, gaussianProcess: {kernel: matern, nu: 2.5}}
  params:
"""
    start, rest = AX.split("matrix:")[0], AX.split("  params:\n")[1]
    sweep = compiled(start + matrix + rest).sweep
    assert problems_of("bayes", study_of(sweep)) == []
    assert plan_of("bayes", sweep.options) == TrialBudget(trials=10, initial=4, method="fast")
