"""The Pareto front, held against its definition."""

from __future__ import annotations

import time
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from trainyard.matrix.objective import Goal, Objective
from trainyard_sweeps.pareto import front

NAMES = ("a", "b", "c", "d")


@st.composite
def cases(draw):
    """Few different numbers, so that there are ties and equals."""
    goals = draw(st.lists(st.sampled_from(Goal), min_size=1, max_size=4))
    objectives = [Objective(name=name, goal=goal) for name, goal in zip(NAMES, goals, strict=False)]
    value = st.integers(-3, 3).map(float) | st.floats(allow_nan=False, allow_infinity=False)
    point = st.fixed_dictionaries({each.name: value for each in objectives})
    return objectives, dict(enumerate(draw(st.lists(point, max_size=12))))


def beats(one, other, objectives):
    """As good in all, better in one."""
    no_worse = all(one[o.name] == other[o.name] or o.goal.better(one[o.name], other[o.name]) for o in objectives)
    return no_worse and any(o.goal.better(one[o.name], other[o.name]) for o in objectives)


@given(cases())
def test_the_front_is_whatever_nothing_beats(case):
    objectives, figures = case
    wanted = [
        key for key, mine in figures.items() if not any(beats(other, mine, objectives) for other in figures.values())
    ]
    assert front(figures, objectives) == wanted


@given(cases(), st.integers(1, 5))
def test_a_part_of_the_front_is_the_part_that_is_best_in_the_first_objective(case, most):
    objectives, figures = case
    whole, part = front(figures, objectives), front(figures, objectives, limit=most)
    assert len(part) == min(most, len(whole))
    assert set(part) <= set(whole)
    first = objectives[0]
    left = [figures[key][first.name] for key in whole if key not in part]
    assert not any(first.goal.better(each, figures[key][first.name]) for each in left for key in part)


def test_a_front_of_many_objectives_is_cut_before_it_costs_too_much():
    """Of 10,000 points in eight objectives nearly all are on the front: 500 of them are found in a moment."""
    random, names = Random(1), "abcdefgh"
    figures = {key: {name: random.random() for name in names} for key in range(10_000)}
    objectives = [Objective(name=name, goal=Goal.MINIMIZE) for name in names]
    began = time.process_time()
    assert len(front(figures, objectives, limit=500)) == 500
    assert time.process_time() - began < 2.0
