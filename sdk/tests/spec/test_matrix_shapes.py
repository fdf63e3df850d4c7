"""Params as they are written, and the values that they come to."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainyard.matrix.space import Choice, Normal, Ordered, Param, Uniform, Weighted
from trainyard.spec.matrix.shape import Parts
from trainyard.spec.matrix.shapes import SHAPES


def param(kind: str, value: object, *, integer: bool = False) -> Param:
    return SHAPES[kind].model_validate({"kind": kind, "value": value}).param(integer=integer)


VALUES = [
    ("choice", [1, "a", None, [2]], Choice(values=(1, "a", None, [2]))),
    ("pchoice", [["a", 0.25], ["b", 0.75]], Weighted(values=("a", "b"), weights=(0.25, 0.75))),
    ("pchoice", [["a", 0.25], ["b", 0.25]], Weighted(values=("a", "b"), weights=(0.25, 0.75))),
    ("range", "1:10:3", Ordered(values=(1, 4, 7))),
    ("range", [0, 0.5, 0.1], Ordered(values=(0.0, 0.1, 0.2, 0.3, 0.4))),
    ("linspace", {"start": 0, "stop": 1, "num": 5}, Ordered(values=(0.0, 0.25, 0.5, 0.75, 1.0))),
    ("linspace", "1:9:1", Ordered(values=(1,))),
    ("logspace", "-4:-1:4", Ordered(values=(0.0001, 0.001, 0.01, 0.1))),
    ("logspace", [0, 3, 4, 2], Ordered(values=(1, 2, 4, 8))),
    ("geomspace", "1:1000:4", Ordered(values=(1, 10, 100, 1000))),
    ("geomspace", "3:7:1", Ordered(values=(3,))),
    ("daterange", ["2030-01-30", "2030-02-02", 2], Ordered(values=("2030-01-30", "2030-02-01"))),
    (
        "datetimerange",
        ["2030-01-01T00:00:00", "2030-01-01T01:30:00", "PT45M"],
        Ordered(values=("2030-01-01T00:00:00", "2030-01-01T00:45:00")),
    ),
    ("uniform", "0.5:2", Uniform(low=0.5, high=2)),
    ("quniform", [0, 10, 2], Uniform(low=0, high=10, step=2)),
    ("loguniform", {"low": 0, "high": 1}, Uniform(low=1, high=math.e, log=True)),
    ("qloguniform", "0:3:2", Uniform(low=1, high=math.exp(3), log=True, step=2)),
    ("normal", "-1:2", Normal(loc=-1, scale=2)),
    ("qnormal", "0:2:0.5", Normal(loc=0, scale=2, step=0.5)),
    ("lognormal", "0:2", Normal(loc=0, scale=2, log=True)),
    ("qlognormal", "0:2:4", Normal(loc=0, scale=2, log=True, step=4)),
]


@pytest.mark.parametrize(("kind", "value", "expected"), VALUES)
def test_a_shape_comes_to_its_values(kind: str, value: object, expected: Param) -> None:
    assert param(kind, value) == expected


def test_every_shape_is_in_the_table() -> None:
    assert {kind for kind, _, _ in VALUES} == set(SHAPES)


FORMED = {
    kind: parts
    for kind, shape in SHAPES.items()
    if isinstance(parts := shape.model_fields["value"].annotation, type) and issubclass(parts, Parts) and parts.textual
}


@given(st.sampled_from(sorted(FORMED)), st.integers(1, 5), st.integers(6, 9), st.integers(1, 3))
def test_a_mapping_a_list_and_a_text_are_the_same(kind: str, first: int, second: int, third: int) -> None:
    named: dict[str, Any] = dict(zip(FORMED[kind].model_fields, (first, second, third), strict=False))
    listed = list(named.values())
    assert param(kind, named) == param(kind, listed) == param(kind, ":".join(map(str, listed)))


@given(st.floats(-20, 20), st.floats(0.1, 20), st.integers(2, 50))
def test_spaces_begin_and_end_where_they_should(start: float, width: float, num: int) -> None:
    linear = param("linspace", [start, start + width, num])
    assert isinstance(linear, Ordered)
    assert len(linear.values) == num
    assert (linear.values[0], linear.values[-1]) == (start, start + width)
    bent = param("geomspace", [width, width + 1, num])
    assert isinstance(bent, Ordered)
    assert [bent.values[0], bent.values[-1]] == pytest.approx([width, width + 1], rel=1e-11)


@given(st.integers(-100, 100), st.integers(1, 100), st.integers(1, 9))
def test_a_range_of_whole_numbers_is_that_of_python(start: int, width: int, step: int) -> None:
    assert param("range", [start, start + width, step]) == Ordered(values=tuple(range(start, start + width, step)))


@given(st.floats(-30, 30), st.floats(0.01, 10))
def test_a_loguniform_has_the_logarithms_of_its_bounds(low: float, width: float) -> None:
    found = param("loguniform", [low, low + width])
    assert isinstance(found, Uniform)
    assert found.log
    assert [math.log(found.low), math.log(found.high)] == pytest.approx([low, low + width], abs=1e-9)


REFUSED = [
    ("uniform", "2:1", "low 2 is not below high 1; exchange them"),
    ("uniform", "1:1", "low 1 is not below high 1"),
    ("loguniform", "2:1", "low 2 is not below high 1"),
    (
        "loguniform",
        "32:1024",
        "e to the power of 1024 is too large; the bounds are logarithms: for values up to 1024 write 6.93147",
    ),
    ("loguniform", "-1e9:1", "is no number above 0; raise `low`"),
    ("lognormal", "1000:1", "the bounds are logarithms"),
    ("range", "5:1:1", "start 5 is not below stop 1; exchange them"),
    ("range", "0:1000000:1", "these are 1000000 values and 100000 are the most"),
    ("linspace", "0:1:100001", "these are 100001 values"),
    ("geomspace", "0:10:3", "start 0 has no logarithm; raise it above 0"),
    ("geomspace", "-5:10:3", "start -5 has no logarithm"),
    ("logspace", {"start": 0, "stop": 1, "num": 2, "base": 1}, "base 1 is not above 1; write `base: 10`"),
    ("logspace", "0:5000:2", "10 to the power of 5000 is too large; `start` and `stop` are exponents"),
    ("daterange", ["2030-02-01", "2030-01-01", 1], "start 2030-02-01 is not before stop 2030-01-01"),
    ("daterange", ["0001-01-01", "9999-12-31", 1], "these are 3652058 values"),
    ("datetimerange", ["2030-01-01T00:00:00Z", "2031-01-01T00:00:00", 9], "one of the two times has a time zone"),
    ("choice", ["a", "a"], "a value is there twice"),
    ("quniform", "0.1:0.9:1", "no multiple of 1 lies from 0.1 to 0.9"),
]


@pytest.mark.parametrize(("kind", "value", "says"), REFUSED)
def test_values_that_cannot_be_are_refused_with_what_to_write(kind: str, value: object, says: str) -> None:
    with pytest.raises(ValueError) as refused:
        param(kind, value)
    assert says in str(refused.value)
    assert "; " in str(refused.value)


def test_an_input_of_whole_numbers_takes_whole_numbers() -> None:
    assert param("uniform", "1:9", integer=True) == Uniform(low=1, high=9, integer=True)
    assert param("qnormal", "0:9:2", integer=True) == Normal(loc=0, scale=9, step=2, integer=True)
    with pytest.raises(ValueError, match=r"steps of 0\.5 lead to fractions"):
        param("quniform", "0:9:0.5", integer=True)


@pytest.mark.parametrize(
    ("kind", "value", "warned"),
    [
        ("loguniform", "0.0001:0.1", True),
        ("qloguniform", "0.5:1:0.1", True),
        ("loguniform", "-9.21:-2.303", False),
        ("loguniform", "0:5", False),
        ("uniform", "0.0001:0.1", False),
    ],
)
def test_bounds_that_look_like_values_are_warned_of(kind: str, value: str, warned: bool) -> None:
    assert bool(SHAPES[kind].model_validate({"kind": kind, "value": value}).caution()) is warned


def test_the_warning_says_what_to_write() -> None:
    said = SHAPES["loguniform"].model_validate({"kind": "loguniform", "value": "0.0001:0.1"}).caution()
    assert "from 1 to 1.105" in said
    assert said.endswith("write `-9.21:-2.303`")
