"""What `finish` says of each metric: exact ends and bounds, and a curve of values that are evenly spread."""

import math
from array import array
from itertools import pairwise

import pytest

from trainyard.track.frames import Block, pack_metrics
from trainyard.track.summary import METRICS, POINTS, SHOWN, Summary, curve


def add(summary, name, values, first=0):
    steps = array("q", range(first, first + len(values)))
    blocks = [Block((name,), steps, steps, [array("d", values)])]
    summary.add(blocks, pack_metrics(blocks))


def test_first_last_min_and_max_are_exact_whatever_pieces_rows_come_in():
    summary = Summary()
    for at in range(0, 10_000, 7):
        add(summary, "loss", [float(n) for n in range(at, min(at + 7, 10_000))], at)
    (line,) = summary.lines()
    assert line.split()[:9] == ["loss", "first", "0", "last", "9999", "min", "0", "max", "9999"]


@pytest.mark.parametrize("piece", [1, 3, 7, 1000, 100_000])
def test_the_points_of_a_metric_are_few_and_evenly_spread(piece):
    summary = Summary()
    for at in range(0, 100_000, piece):
        add(summary, "x", [float(n) for n in range(at, min(at + piece, 100_000))], at)
    points = summary._metrics["x"].points
    assert POINTS // 4 <= len(points) <= POINTS
    assert {after - before for before, after in pairwise(points)} == {points[1]}
    assert curve(points)[0] == "▁"
    assert curve(points)[-1] == "█"


def test_the_last_value_is_that_of_the_highest_step():
    summary = Summary()
    add(summary, "x", [1.0, 2.0], first=10)
    add(summary, "x", [3.0], first=0)
    assert "last 2 " in summary.lines()[0]


def test_values_that_are_no_numbers_are_left_out_of_the_bounds():
    summary = Summary()
    add(summary, "x", [math.nan, 2.0, math.inf, 1.0])
    add(summary, "y", [math.nan])
    first, second = summary.lines()
    assert "first nan" in first
    assert "min 1 " in first
    assert "max 2 " in first
    assert "min nan" in second


def test_many_metrics_are_a_number():
    summary = Summary()
    for n in range(METRICS + 5):
        add(summary, f"m{n}", [1.0])
    lines = summary.lines()
    assert len(lines) == SHOWN + 1
    assert lines[-1] == f"and {METRICS + 5 - SHOWN} more"


def test_without_a_metric_there_is_nothing_to_show():
    assert Summary().lines() == []
    assert curve([]) == curve([math.nan]) == ""
