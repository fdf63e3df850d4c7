"""The staircase of the best so far."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainyard.cli.sweep_plot import improvements, is_log, plot

values = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30)


@given(values, st.booleans(), st.integers(24, 200), st.integers(1, 12), st.integers(0, 10**6))
def test_any_values_fill_their_room_and_nothing_beyond(found, highest, width, height, more):
    steps = improvements([*enumerate(found, 1)], highest=highest)
    lines = plot(steps, last=len(found) + more, width=width, height=height)
    assert len(lines) == height + 1
    assert all(len(line) <= width for line in lines)
    assert all("┤" in line for line in lines[:-1])
    assert any(set(line) & {chr(code) for code in range(0x2801, 0x2900)} for line in lines)


@given(values)
def test_improvements_are_better_than_all_before_them(found):
    points = [*enumerate(found)]
    low = improvements(points[::-1], highest=False)
    assert low == [(n, v) for n, v in points if all(v < other for _, other in points[:n])]
    high = improvements([(n, -v) for n, v in points], highest=True)
    assert [n for n, _ in high] == [n for n, _ in low]


def test_a_staircase_goes_down_to_the_right():
    lines = plot([(1, 4.0), (5, 1.0)], last=9, width=30, height=2)
    assert lines[:2] == ["4 ┤" + "⠉" * 13 + "⡇", "1 ┤" + "⠀" * 13 + "⣇" + "⣀" * 13]
    assert lines[2].split() == ["1", "9"]


@pytest.mark.parametrize(
    ("found", "log"), [([1.0, 99.0], False), ([1.0, 100.0], True), ([0.0, 100.0], False), ([-1.0, 1000.0], False)]
)
def test_the_axis_is_logarithmic_when_it_spans_decades(found, log):
    assert is_log(found) is log


def test_nothing_is_drawn_of_nothing_or_where_no_room_is():
    assert plot([], last=3, width=80) == []
    assert plot([(1, 1.0)], last=3, width=10) == []
