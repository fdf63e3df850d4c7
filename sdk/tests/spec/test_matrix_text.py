"""Constraints and limits in one line of text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainyard.matrix.objective import Limit
from trainyard.matrix.space import Linear
from trainyard.spec.matrix.text import limit, linear


@pytest.mark.parametrize(
    ("text", "terms", "at_most"),
    [
        ("n + m <= 100", {"n": 1, "m": 1}, 100),
        ("2*n - m>=3", {"n": -2, "m": 1}, -3),
        ("n * 0.5 <= 1e3", {"n": 0.5}, 1000),
        ("n <= m", {"n": 1, "m": -1}, 0),
        ("n + n + 1 <= 5 + m", {"n": 2, "m": -1}, 4),
        ("100 >= n-layers - 2 * m", {"n-layers": 1, "m": -2}, 100),
        ("-n <= -.5", {"n": -1}, -0.5),
    ],
)
def test_a_constraint_is_read(text: str, terms: dict[str, float], at_most: float) -> None:
    assert linear(text) == Linear(terms=terms, at_most=at_most)


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 99), min_size=1), st.integers(-99, 99))
def test_what_is_written_as_a_sum_is_read_back(factors: dict[str, int], at_most: int) -> None:
    text = " + ".join(f"{factor}*{name}" for name, factor in factors.items())
    assert linear(f"{text} <= {at_most}") == Linear(terms=factors, at_most=at_most)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mem <= 8", Limit(name="mem", at_most=8)),
        ("mem>=0.5", Limit(name="mem", at_least=0.5)),
        ("8 >= val-loss", Limit(name="val-loss", at_most=8)),
        ("0 <= mem", Limit(name="mem", at_least=0)),
    ],
)
def test_a_limit_is_read(text: str, expected: Limit) -> None:
    assert limit(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "n", "n < 3", "n <= 3 <= 4", "n == 3", "3 <= 4", "n m <= 3", "n*m <= 3", "n <=", "n - n <= 3", "2(n) <= 3"],
)
def test_what_is_no_constraint_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"; write a sum such as `n \+ 2\*m <= 100`"):
        linear(text)


@pytest.mark.parametrize("text", ["2*mem <= 8", "a + b <= 8", "mem < 8", "8 <= 9"])
def test_what_is_no_limit_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="; write a metric and its bound, such as `memory <= 8`"):
        limit(text)
