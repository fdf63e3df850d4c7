"""What is said of a space without drawing from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainyard.matrix.objective import Goal, Objective
from trainyard.matrix.space import Choice, Normal, Ordered, Param, Space, Uniform, allows
from trainyard.matrix.summary import summary
from trainyard.matrix.sweep import SweepSpec
from trainyard.matrix.values import combinations, count, example

ENDLESS = [Uniform(low=0, high=1), Normal(loc=0, scale=1, integer=True)]
COUNTED = [
    (Choice(values=("a", "b")), 2),
    (Ordered(values=(1, 2, 3)), 3),
    (Uniform(low=-1.5, high=3, integer=True), 5),
    (Uniform(low=0, high=1, step=0.25), 5),
    (Uniform(low=1, high=64, step=8, integer=True), 8),
]


@pytest.mark.parametrize("param", ENDLESS)
def test_some_params_have_no_end_of_values(param: Param) -> None:
    assert count(param) is None
    assert combinations(Space(params={"a": param, "b": COUNTED[0][0]})) is None


@pytest.mark.parametrize(("param", "expected"), COUNTED)
def test_others_are_counted(param: Param, expected: int) -> None:
    assert count(param) == expected
    assert combinations(Space(params={"a": param, "b": COUNTED[0][0]})) == 2 * expected


NUMBERS = st.floats(-1000, 1000)


@given(NUMBERS, st.floats(1, 1000), st.sampled_from([0.0, 0.1, 0.5, 1.0]), st.booleans())
def test_the_example_is_a_value_of_the_param(low: float, width: float, step: float, log: bool) -> None:
    if log and low <= 0:
        low = 1.0 - low
    param = Uniform(low=low, high=low + width + 1, step=step, log=log)
    assert allows(param, example(param))
    middle = Normal(loc=low / 1000, scale=width, step=step, log=log)
    assert allows(middle, example(middle))


def test_a_summary_says_what_is_searched() -> None:
    sweep = SweepSpec(
        algorithm="tpe",
        space=Space(
            params={
                "lr": Uniform(low=0.001, high=0.1, log=True),
                "batch": Uniform(low=8, high=64, step=8, integer=True),
                "opt": Choice(values=("adam", "sgd")),
                "epochs": Ordered(values=(1, 2, 3, 4, 5)),
                "noise": Normal(loc=0, scale=1),
            }
        ),
        objectives=(Objective(name="loss", goal=Goal.MINIMIZE),),
        options={"numRuns": 1},
        concurrency=4,
    )
    assert summary(sweep) == [
        "tpe: at most 1 trial, minimize loss, 4 at once",
        "lr from 0.001 to 0.1, log; batch from 8 to 64 in steps of 8; opt of adam, sgd; "
        "epochs of 5, 1 to 5; noise around 0",
    ]


def test_a_summary_counts_what_is_listed_and_what_is_combined() -> None:
    assert summary(SweepSpec(algorithm="mapping", options={"values": [{"a": 1}, {"a": 2}]}, concurrency=1)) == [
        "mapping: 2 trials, 1 at once"
    ]
    grid = SweepSpec(algorithm="grid", space=Space(params={"a": Ordered(values=tuple(range(1000)))}), concurrency=1)
    assert summary(grid)[0] == "grid: 1,000 combinations, 1 at once"
