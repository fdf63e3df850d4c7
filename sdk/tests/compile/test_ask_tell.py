"""A matrix without an operation: types from shapes, problems at their places."""

from __future__ import annotations

import pytest

from trainyard.compile.ask_tell import asked_sweep
from trainyard.matrix.objective import Goal, Objective
from trainyard.matrix.space import Choice, Ordered, Uniform
from trainyard.spec.error import SpecError

LOSS = {"name": "loss", "optimization": "minimize"}


def random(**params):
    return {"kind": "random", "numRuns": 3, "params": params}


def problems(matrix, **more):
    with pytest.raises(SpecError) as caught:
        asked_sweep(matrix, **more)
    return [str(finding) for finding in caught.value.findings]


def test_types_come_from_the_shapes():
    found = asked_sweep(
        random(
            lr={"kind": "uniform", "value": {"low": 0, "high": 1}},
            size={"kind": "range", "value": "1:4:1"},
            how={"kind": "choice", "value": ["a", 1, None]},
            layers={"kind": "uniform", "value": [1, 5]},
        ),
        types={"layers": "int"},
    )
    assert found.space.params == {
        "lr": Uniform(low=0.0, high=1.0),
        "size": Ordered(values=(1, 2, 3)),
        "how": Choice(values=("a", 1, None)),
        "layers": Uniform(low=1.0, high=5.0, integer=True),
    }


def test_a_kind_without_a_metric_may_be_judged_by_one():
    grid = {"kind": "grid", "params": {"x": {"kind": "choice", "value": [1, 2]}}}
    assert asked_sweep(grid, metric=LOSS).objectives == (Objective(name="loss", goal=Goal.MINIMIZE),)
    assert asked_sweep(grid).objectives == ()


@pytest.mark.parametrize("kind", ["random", "tpe", "grid"])
def test_a_metric_and_a_count_are_put_where_the_kind_has_them(kind):
    params = {"x": {"kind": "choice", "value": [1, 2, 3]}}
    found = asked_sweep({"kind": kind, "params": params}, metric=LOSS, trials=2)
    assert found.objectives == (Objective(name="loss", goal=Goal.MINIMIZE),)
    assert found.options["numRuns"] == 2


def test_what_hyperband_adds_needs_no_param():
    found = asked_sweep(
        {
            "kind": "hyperband",
            "maxIterations": 9,
            "resource": {"name": "epochs"},
            "metric": LOSS,
            "params": {"x": {"kind": "uniform", "value": [0, 3]}},
        }
    )
    assert list(found.space.params) == ["x"]


X = {"kind": "uniform", "value": [0, 1]}


@pytest.mark.parametrize(
    ("matrix", "more", "said"),
    [
        (random(x={"kind": "uniform", "value": [5, 1]}), {}, "matrix.params.x.value: low 5 is not below high 1"),
        (random(x={"kind": "unifrm"}), {}, "matrix.params.x.kind: there is no param of kind `unifrm`; did you mean"),
        (random(x=X), {"types": {"y": "int"}}, "types.y: there is no param `y`"),
        (random(x=X), {"types": {"x": "integer"}}, "types.x: `integer` is not one of the words for this"),
        (random(x=X), {"metric": {**LOSS, "optimization": "min"}}, "metric.optimization: `min` is not one of"),
        (random(**{"a b": X}), {}, "matrix.params.a b: `a b`: a name is 1 to 128 of the letters"),
        (
            {"kind": "tpe", "numRuns": 2, "metric": LOSS, "params": {"x": X}},
            {"metric": LOSS},
            "metric: the matrix has what trials are judged by; leave one of the two out",
        ),
        (
            {"kind": "iterative", "maxIterations": 2, "tuner": {"hubRef": "mine"}, "params": {"x": X}},
            {},
            "matrix.kind: a sweep of kind `iterative` runs a tuner",
        ),
        (
            {"kind": "bayes", "numInitialRuns": 2, "maxIterations": 2, "params": {"x": X}},
            {"metric": LOSS, "trials": 3},
            "trials: a matrix of kind `bayes` says by its own fields how many trials there are",
        ),
        (random(x=X), {"trials": 9}, "trials: a matrix of kind `random`"),
        ({"kind": "random", "params": {"x": X}}, {"trials": 0}, "matrix.numRuns: must be 1 or more, not 0"),
        ({"kind": "tp"}, {}, "matrix.kind: there is no matrix of kind `tp`; did you mean `tpe`?"),
    ],
)
def test_faults_are_told_at_their_places(matrix, more, said):
    (found,) = problems(matrix, **more)
    assert found.startswith(said)
