"""The rules that end trials and sweeps before their time, held against tables that were worked by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainyard.matrix.objective import Goal
from trainyard.matrix.stopping import DifferenceRule, FailureShare, MedianRule, TargetReached, TruncationRule
from trainyard_core.lifecycle import Status
from trainyard_sweeps.history import History
from trainyard_sweeps.plugin import sweeps_register_policies
from trainyard_sweeps.rules import TrialProgress, ends_sweep, ends_trials, policy_of

LOWER, HIGHER = Goal.MINIMIZE, Goal.MAXIMIZE


def standing(key, *values, first=1, running=True, succeeded=False):
    """A trial whose loss went so, one value a step."""
    history = {"loss": History(enumerate(values, first))} if values else {}
    return TrialProgress(key=key, running=running, succeeded=succeeded, history=history)


def stopped(rule, *trials):
    """Which trials end, with the value and what it was held against."""
    return {stop.key: (stop.value, stop.against) for stop in ends(rule, trials)}


def ends(rule, trials):
    """What a rule ends, by the policies of the language."""
    (policy,) = [each for each in sweeps_register_policies() if each.name == policy_of(rule)[0]]
    return [*ends_trials(rule, policy, trials)]


def final(values, goal=LOWER, **more):
    """Trials that stand at step 1 with these values."""
    return [standing(str(n), value, **more) for n, value in enumerate(values)]


TABLE = (standing("a", 1.0, 0.8, 0.6), standing("b", 2.0, 1.0, 0.6), standing("c", 3.0, 2.0, 1.0))
"""Running averages at step 3: a 0.8, b 1.2, c 2.0; of two, the median is their mean."""


@pytest.mark.parametrize(
    ("mine", "wanted"),
    [
        ((9.0, 9.0, 1.3), (1.3, 1.2)),  # its best, 1.3, is worse than the median of 0.8, 1.2 and 2.0
        ((9.0, 9.0, 1.2), None),  # as good as the median
        ((1.1, 9.0, 9.0), None),  # the best counts, not the last
        ((9.0, 9.0), (9.0, 1.5)),  # at step 2: averages 0.9, 1.5, 2.5
    ],
)
def test_median_is_the_rule_of_golovin_et_al(mine, wanted):
    """KDD 2017, section 3.2: the best so far against the median of the running averages up to the same step."""
    rule = MedianRule(metric="loss", goal=LOWER, samples=3)
    assert stopped(rule, *TABLE, standing("mine", *mine)).get("mine") == wanted


def test_median_of_what_is_to_be_high_is_its_mirror():
    rule = MedianRule(metric="loss", goal=HIGHER, samples=3)
    mirrored = [
        TrialProgress(
            key=t.key,
            running=True,
            succeeded=False,
            history={"loss": History(zip(h.steps, [-v for v in h.values], strict=True))},
        )
        for t in TABLE
        for h in [t.history["loss"]]
    ]
    assert stopped(rule, *mirrored, standing("mine", -9.0, -9.0, -1.3))["mine"] == (-1.3, -1.2)


def test_a_trial_that_succeeded_early_counts_with_all_that_it_logged_and_a_stopped_one_only_as_far_as_it_came():
    rule = MedianRule(metric="loss", goal=LOWER)
    late = standing("late", 5.0, 5.0, 5.0)
    assert stopped(rule, standing("done", 1.0, running=False, succeeded=True), late) == {"late": (5.0, 1.0)}
    assert stopped(rule, standing("gone", 1.0, running=False), late) == {}
    assert stopped(rule, standing("gone", 1.0, 1.0, 1.0, running=False), late) == {"late": (5.0, 1.0)}


@pytest.mark.parametrize(
    ("goal", "percent", "values", "wanted"),
    [
        (LOWER, 50, [1, 2, 3, 4], {"2": (3, 2), "3": (4, 2)}),
        (HIGHER, 50, [1, 2, 3, 4], {"0": (1, 3), "1": (2, 3)}),
        (LOWER, 49, [1, 2, 3, 4], {"3": (4, 3)}),
        (LOWER, 24, [1, 2, 3, 4], {}),
        (LOWER, 100, [1, 2, 3, 4], {"1": (2, 1), "2": (3, 1), "3": (4, 1)}),
        (LOWER, 50, [1, 1, 1, 1], {}),  # equals do not end each other
        (LOWER, 50, [1, 2, 2, 2], {}),  # two of these would have to go, and nothing says which
        (LOWER, 50, [1, 1, 2, 2], {"2": (2, 1), "3": (2, 1)}),
    ],
)
def test_truncation_ends_the_worst_percent(goal, percent, values, wanted):
    assert stopped(TruncationRule(metric="loss", goal=goal, percent=percent), *final(values)) == wanted


@pytest.mark.parametrize("includes", [True, False])
def test_truncation_ends_no_more_of_them_when_it_looks_at_the_same_step_again(includes):
    rule = TruncationRule(metric="loss", goal=LOWER, percent=50, succeeded=includes)
    gone = [standing("2", 3, running=False), standing("3", 4, running=False)]
    assert stopped(rule, standing("0", 1), standing("1", 2), *gone) == {}


def test_truncation_may_leave_out_those_that_have_succeeded():
    trials = [standing("done", 1, running=False, succeeded=True), standing("runs", 2)]
    assert stopped(TruncationRule(metric="loss", goal=LOWER, percent=50), *trials) == {"runs": (2, 1)}
    assert stopped(TruncationRule(metric="loss", goal=LOWER, percent=50, succeeded=False), *trials) == {}


@pytest.mark.parametrize(
    ("goal", "values", "wanted"),
    [
        (LOWER, [10, 11, 11.1], {"2": (11.1, 10)}),
        (HIGHER, [10, 9, 8.9], {"2": (8.9, 10)}),
        (LOWER, [-10, -9, -8.9], {"2": (-8.9, -10)}),
        (LOWER, [0, 0, 1e-9], {"2": (1e-9, 0)}),
    ],
)
def test_diff_ends_what_is_further_from_the_best_than_percent_of_its_size(goal, values, wanted):
    assert stopped(DifferenceRule(metric="loss", goal=goal, percent=10), *final(values)) == wanted


@pytest.mark.parametrize(
    ("more", "steps", "ends"),
    [
        ({}, 1, True),
        ({"begin": 3}, 2, False),
        ({"begin": 3}, 3, True),
        ({"interval": 4}, 3, False),
        ({"interval": 4}, 4, True),
        ({"interval": 4, "begin": 5}, 7, False),
        ({"interval": 4, "begin": 5}, 8, True),
        ({"samples": 3}, 8, False),
        ({"samples": 2}, 8, True),
    ],
)
def test_a_rule_looks_at_each_interval_from_its_begin_on_once_enough_others_are_there(more, steps, ends):
    others = [standing(key, *[1.0] * 10) for key in "ab"]
    rule = DifferenceRule(metric="loss", goal=LOWER, percent=10, **more)
    assert bool(stopped(rule, *others, standing("mine", *[5.0] * steps))) is ends


def test_between_two_intervals_nothing_changes():
    others = [standing("a", *[1.0] * 10)]
    rule = DifferenceRule(metric="loss", goal=LOWER, percent=10, interval=4)
    assert stopped(rule, *others, standing("mine", 1, 1, 1, 1, 9, 9, 9)) == {}
    assert stopped(rule, *others, standing("mine", 1, 1, 1, 1, 9, 9, 9, 9)) == {"mine": (9, 1)}


def test_others_that_are_not_as_far_are_no_samples():
    rule = DifferenceRule(metric="loss", goal=LOWER, percent=10)
    assert stopped(rule, standing("behind", 1.0), standing("mine", 9.0, 9.0)) == {}


def test_points_that_are_no_numbers_are_passed_over():
    rule = DifferenceRule(metric="loss", goal=LOWER, percent=10)
    nan = math.nan
    assert stopped(rule, standing("a", 1.0, 1.0, 1.0), standing("b", nan, nan), standing("mine", 1.0, nan, 5.0)) == {
        "mine": (5.0, 1.0)
    }
    assert stopped(rule, standing("a", 1.0), standing("mine", nan)) == {}
    assert stopped(rule, standing("a", 1.0), standing("mine", 5.0, math.inf))["mine"] == (5.0, 1.0)


def test_trials_that_logged_nothing_or_something_else_are_left_alone():
    other = TrialProgress(key="other", running=True, succeeded=False, history={"accuracy": History([(1, 9.0)])})
    assert stopped(MedianRule(metric="loss", goal=LOWER), standing("a", 1.0), standing("none"), other) == {}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (MedianRule(metric="loss", goal=LOWER), "median of loss at step 1"),
        (TruncationRule(metric="loss", goal=LOWER, percent=50), "truncation 50 % of loss at step 1"),
        (DifferenceRule(metric="loss", goal=LOWER, percent=2.5), "diff 2.5 % of loss at step 1"),
    ],
)
def test_a_stop_names_rule_metric_and_step(rule, said):
    (stop,) = ends(rule, final([1, 2]))
    assert (stop.key, stop.rule, stop.value) == ("1", said, 2)


values_ = st.lists(st.integers(-5, 5).map(float) | st.floats(-1e300, 1e300), min_size=1, max_size=12)
rules_ = st.sampled_from(Goal).flatmap(
    lambda goal: st.one_of(
        st.builds(TruncationRule, metric=st.just("loss"), goal=st.just(goal), percent=st.floats(0.1, 100)),
        st.builds(DifferenceRule, metric=st.just("loss"), goal=st.just(goal), percent=st.floats(0.1, 1000)),
        st.builds(MedianRule, metric=st.just("loss"), goal=st.just(goal)),
    )
)


@given(rules_, values_)
def test_a_better_trial_is_never_stopped_before_a_worse_one_and_the_best_never(rule, values):
    gone = {int(key) for key in stopped(rule, *final(values))}
    for stays in set(range(len(values))) - gone:
        assert not any(rule.goal.better(values[end], values[stays]) for end in gone)
    best = min(values) if rule.goal is LOWER else max(values)
    assert not any(values[end] == best for end in gone)


@given(st.sampled_from(Goal), st.floats(0.1, 100), values_)
def test_truncation_never_ends_more_than_its_percent(goal, percent, values):
    gone = stopped(TruncationRule(metric="loss", goal=goal, percent=percent), *final(values))
    assert len(gone) <= len(values) * percent / 100


@given(rules_, values_)
def test_what_is_left_stays_when_the_rule_looks_again(rule, values):
    """Nothing new was logged, and all count that were there before."""
    gone = stopped(rule, *final(values))
    again = [standing(str(n), value, running=str(n) not in gone) for n, value in enumerate(values)]
    assert stopped(rule, *again) == {}


@pytest.mark.parametrize(
    ("failed", "total", "ends"),
    [(0, 4, False), (1, 4, False), (2, 4, True), (1, 2, True), (0, 0, False), (3, 7, False)],
)
def test_a_sweep_ends_at_its_share_of_failures(failed, total, ends):
    found = ends_sweep([FailureShare(percent=50)], failed=failed, total=total, best={})
    assert (found is not None) is ends
    if found is not None:
        assert found.status is Status.FAILED
        assert found.message == f"{failed} of {total} trials have failed; the sweep was to end at 50 %"


@pytest.mark.parametrize(
    ("goal", "low_high", "ends"),
    [
        (LOWER, (0.1, 9.0), True),
        (LOWER, (0.11, 9.0), False),
        (HIGHER, (0.0, 0.1), True),
        (HIGHER, (0.0, 0.09), False),
        (LOWER, (None, None), False),
    ],
)
def test_a_sweep_ends_when_a_trial_is_as_good_as_that(goal, low_high, ends):
    rule = TargetReached(metric="loss", goal=goal, value=0.1)
    found = ends_sweep([rule], failed=0, total=9, best={1: {}, 2: {"loss": low_high}})
    assert (found is not None) is ends
    if found is not None:
        assert found.status is Status.SUCCEEDED
        assert found.message == "trial 2 reached loss 0.1, and the sweep was to end at 0.1"
