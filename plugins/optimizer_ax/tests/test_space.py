"""What a model sees of params and metrics, and the points that need no model."""

import math

import pytest

from trainyard.matrix.objective import Goal, Limit, Objective
from trainyard.matrix.space import Choice, Linear, Ordered, Space, Uniform, Weighted, allows, misfit
from trainyard_core.contracts.optimizer import StateUnreadable, Study, Trial, TrialPhase
from trainyard_optimizer_ax import halton, history
from trainyard_optimizer_ax.check import problems_of
from trainyard_optimizer_ax.distribution import Dimension, axis_of, coordinate, listed, place, value_at
from trainyard_optimizer_ax.encoding import Column, LinearBound, chart_of

PARAMS = {
    "real": (Uniform(low=-1, high=2), Dimension("real", -1, 2)),
    "log": (Uniform(low=0.1, high=10, log=True), Dimension("real", 0.1, 10, True)),
    "whole": (Uniform(low=1, high=64, integer=True), Dimension("whole", 1, 64)),
    "log of whole numbers": (Uniform(low=1, high=64, integer=True, log=True), Dimension("whole", 1, 64, True)),
    "steps of a tenth": (Uniform(low=0, high=0.3, step=0.1), Dimension("whole", 0, 3)),
    "steps, uneven bounds": (Uniform(low=0.15, high=0.75, step=0.1), Dimension("whole", 2, 7)),
    "whole steps": (Uniform(low=3, high=33, step=8, integer=True), Dimension("whole", 1, 4)),
    "ordered": (Ordered(values=(0.001, 0.01, 0.1)), Dimension("whole", 0, 2)),
    "dates": (Ordered(values=("2026-01-01", "2026-01-02")), Dimension("whole", 0, 1)),
    "choice": (Choice(values=("a", 1, None, [1, 2], {"b": 1}, True)), Dimension("label", 0, 5)),
    "one value": (Choice(values=(7,)), None),
    "one step": (Uniform(low=0.5, high=1.2, step=1.0), None),
    "weights": (Weighted(values=("never", "seldom", "often"), weights=(0.0, 0.25, 0.75)), Dimension("label", 0, 1)),
}


@pytest.mark.parametrize(("param", "axis"), PARAMS.values(), ids=PARAMS)
def test_a_param_has_its_axis_and_every_place_on_it_is_allowed(param, axis):
    assert axis_of(param) == axis
    for share in (0.0, 0.1, 0.24, 0.5, 0.76, 0.999999999999):
        value = place(param, share)
        assert allows(param, value), value
        assert value_at(param, coordinate(param, value)) == value
    if axis is not None:
        assert all(allows(param, value_at(param, edge)) for edge in (axis.low - 1e-9, axis.high + 1e-9))
    if axis is not None and axis.kind != "real":
        assert len(listed(param)) == axis.high - axis.low + 1
        assert all(allows(param, value) for value in listed(param))


def test_probabilities_are_kept_by_even_points():
    param = PARAMS["weights"][0]
    drawn = [place(param, point[0]) for point, _ in zip(halton.shares(1, 3, 0), range(400), strict=False)]
    assert drawn.count("never") == 0
    assert 95 <= drawn.count("seldom") <= 105


@pytest.mark.parametrize("dimensions", [1, 2, 12])
def test_even_points_fill_every_axis_and_depend_on_the_seed(dimensions):
    points = [point for point, _ in zip(halton.shares(dimensions, 1, 0), range(256), strict=False)]
    for column in zip(*points, strict=True):
        quarters = [sum(low <= share < low + 0.25 for share in column) for low in (0, 0.25, 0.5, 0.75)]
        assert all(44 <= count <= 84 for count in quarters), quarters
    assert next(halton.shares(12, 2, 0)) != next(halton.shares(12, 1, 0))
    assert next(halton.shares(dimensions, 1, 200)) == points[200]


def test_a_constraint_on_steps_and_ranges_is_one_between_their_counts():
    space = Space(
        params={"n": Ordered(values=(10, 20, 30)), "q": Uniform(low=0, high=1, step=0.25), "k": Choice(values=(5,))},
        constraints=(Linear(terms={"n": 2.0, "q": 4.0}, at_most=50.0),),
    )
    (bound,) = chart_of(Study(space=space)).constraints
    assert bound == LinearBound({"p0": 20.0, "p1": 1.0}, 30.0)


def test_a_limit_on_an_objective_is_a_threshold_or_a_column_of_its_own():
    limits = (Limit(name="loss", at_most=3.0, at_least=1.0), Limit(name="memory", at_most=8.0))
    loss, speed = Objective(name="loss", goal=Goal.MINIMIZE), Objective(name="speed", goal=Goal.MAXIMIZE)
    space = Space(params={"x": Uniform(low=0, high=1)})
    one = chart_of(Study(space=space, objectives=(loss,), limits=limits))
    assert one.columns == (Column("o0", "loss"), Column("c0", "loss"), Column("c1", "memory"))
    assert one.limits == (LinearBound({"c0": -1.0}, -1.0), LinearBound({"c0": 1.0}, 3.0), LinearBound({"c1": 1.0}, 8.0))
    several = chart_of(Study(space=space, objectives=(loss, speed), limits=limits[:1]))
    assert several.objectives == ("-o0", "o1")
    assert several.limits == (LinearBound({"c0": -1.0}, -1.0), LinearBound({"o0": 1.0}, 3.0))
    assert several.row({"loss": 1, "speed": 2}) == [1.0, 2.0, 1.0]
    assert several.row({"loss": 1}) is None


def test_points_without_a_model_keep_the_constraints_and_come_once():
    params = {"a": Uniform(low=0, high=1), "b": Uniform(low=0, high=1)}
    space = Space(params=params, constraints=(Linear(terms={"a": 1.0, "b": 1.0}, at_most=0.3),))
    start, seen = 0, set()
    for _ in range(50):
        point, start = halton.draw(space, 1, start, seen)
        assert misfit(space, point) == ""
        assert halton.fingerprint(space, point) not in seen
        seen.add(halton.fingerprint(space, point))


@pytest.mark.parametrize(
    ("param", "said"),
    [
        (Uniform(low=0.1, high=1, log=True), "by its logarithm"),
        (Ordered(values=(1, 10, 100)), "not evenly spread"),
        (Choice(values=(1, 2, 3)), "not evenly spread"),
    ],
)
def test_a_constraint_that_ax_cannot_keep_is_refused_in_words(param, said):
    space = Space(params={"x": param}, constraints=(Linear(terms={"x": 1.0}, at_most=1.5),))
    options = {"numInitialRuns": 1, "maxIterations": 1}
    study = Study(space=space, objectives=(Objective(name="loss", goal=Goal.MINIMIZE),), options=options)
    (problem,) = problems_of("bayes", study)
    assert said in problem.message and "'x'" in problem.message and problem.fix


SPACE = Space(params={"x": Uniform(low=0, high=1)})
STUDY = Study(space=SPACE, objectives=(Objective(name="loss", goal=Goal.MINIMIZE),), options={"numTrials": 9})


def trial(key, phase, *, reason="", x=0.5, **values):
    return Trial(key=key, params={"x": x}, phase=phase, values=values, reason=reason)


@pytest.mark.parametrize(
    ("told", "observed", "begun"),
    [
        (trial("1", TrialPhase.SUCCEEDED, loss=1.0), 1, 1),
        (trial("1", TrialPhase.SUCCEEDED, other=1.0), 0, 1),
        (trial("1", TrialPhase.STOPPED, reason="early_stopped", loss=1.0), 1, 1),
        (trial("1", TrialPhase.STOPPED, reason="user", loss=1.0), 0, 0),
        (trial("1", TrialPhase.FAILED, reason="exit_code"), 0, 0),
        (trial("1", TrialPhase.RUNNING), 0, 1),
        (trial("1", TrialPhase.SUCCEEDED, x=7.0, loss=1.0), 0, 0),
        (trial("1", TrialPhase.SUCCEEDED, loss=math.inf), 0, 1),
    ],
)
def test_what_is_learned_from(told, observed, begun):
    known = history.take(history.History(), STUDY, [told])
    again = history.read(history.written(history.take(known, STUDY, [told])))
    assert again == known
    assert (known.observed(chart_of(STUDY)), known.begun()) == (observed, begun)


def test_a_state_of_a_newer_version_says_so():
    newer = b"\x92\x07\x80"
    with pytest.raises(StateUnreadable, match="version 7"):
        history.read(newer)
