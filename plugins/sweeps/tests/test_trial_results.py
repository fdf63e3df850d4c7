"""How a trial went: what it is judged by, and what is said when that is not there."""

from __future__ import annotations

import pytest

from trainyard.matrix.objective import Goal, Limit, Objective
from trainyard_core.lifecycle import FINAL, Reason, Status
from trainyard_sweeps.trial_result import MOST, feasible, judge

NAN = None
"""What is no number is NULL in the aggregates."""


def judged(status=Status.SUCCEEDED, *names, outputs=None, metrics=None, reason="", message="", limits=()):
    """How it went for objectives of these names, `score` if there are none."""
    return judge(
        "7",
        status=status,
        reason=reason,
        message=message,
        outputs=outputs or {},
        metrics=metrics or {},
        objectives=[Objective(name=name, goal=Goal.MINIMIZE) for name in names or ("score",)],
        limits=limits,
    )


def test_a_trial_succeeds_with_its_last_value():
    found = judged(metrics={"score": 0.5, "other": 3.0})
    assert (found.key, found.phase, found.value, found.values) == ("7", "succeeded", 0.5, {"score": 0.5})
    assert (found.reason, found.message) == ("", "")


def test_an_output_wins_over_the_metric_of_its_name():
    assert judged(outputs={"score": 2}, metrics={"score": 0.5}).value == 2.0


@pytest.mark.parametrize("written", [True, "0.1", None, [0.1], {"score": 0.1}])
def test_an_output_that_is_no_number_does_not_hide_the_metric(written):
    assert judged(outputs={"score": written}, metrics={"score": 0.5}).value == 0.5


def test_several_objectives_are_all_needed_and_the_first_is_its_value():
    found = judged(Status.SUCCEEDED, "a", "b", metrics={"a": 1.0, "b": 2.0})
    assert (found.value, found.values) == (1.0, {"a": 1.0, "b": 2.0})
    found = judged(Status.SUCCEEDED, "a", "b", metrics={"a": 1.0})
    assert (found.phase, found.reason, found.value, found.values) == ("failed", "no_objective", None, {"a": 1.0})
    assert found.message == "the metric 'b' never came; the program logged 'a'; correct `metric.name`, or log it"


MISSING = {
    "nothing at all": ({}, {}, "the program logged nothing; log it with `run.log({'score': ...})`"),
    "a like name": ({}, {"scores": 1.0}, "the program logged 'scores'; did you mean 'scores'?"),
    "another case": ({}, {"SCORE": 1.0}, "the program logged 'SCORE'; did you mean 'SCORE'?"),
    "an output of a like name": ({"my_score": 1.0}, {"x": 1.0}, "logged 'my_score', 'x'; did you mean 'my_score'?"),
    "another name": ({}, {"loss": 1.0}, "logged 'loss'; correct `metric.name`, or log it"),
    "NaN": ({}, {"score": NAN}, "the metric 'score' is not a finite number at its end; log a finite one"),
    "infinite": ({}, {"score": float("inf")}, "the metric 'score' is not a finite number at its end"),
    "text": ({"score": "secret"}, {}, "the output 'score' is not a finite number but text; write a finite number"),
    "truth": ({"score": True}, {}, "the output 'score' is not a finite number but true or false"),
    "null": ({"score": None}, {}, "the output 'score' is not a finite number but nothing"),
    "a list": ({"score": [1.0]}, {}, "the output 'score' is not a finite number but a list"),
    "huge": ({"score": 10**400}, {}, "the output 'score' is not a finite number but too large a number"),
}


@pytest.mark.parametrize(("outputs", "metrics", "said"), MISSING.values(), ids=MISSING)
def test_a_run_that_succeeded_without_its_objective_is_a_failed_trial_that_says_what_to_change(outputs, metrics, said):
    found = judged(outputs=outputs, metrics=metrics)
    assert (found.phase, found.reason, found.value, found.values) == ("failed", "no_objective", None, {})
    assert said in found.message
    assert "secret" not in found.message


def test_of_many_names_some_are_listed():
    said = judged(metrics={f"m{n:02}": 1.0 for n in range(30)}).message
    assert "'m09', ...;" in said
    assert "'m10'" not in said


def test_limits_are_needed_too_and_a_trial_outside_of_them_succeeds():
    limits = [Limit(name="size", at_most=10.0)]
    found = judged(metrics={"score": 1.0}, limits=limits)
    assert (found.phase, found.reason) == ("failed", "no_objective")
    assert "the metric 'size' never came" in found.message
    found = judged(metrics={"score": 1.0, "size": 11.0}, limits=limits)
    assert (found.phase, found.values) == ("succeeded", {"score": 1.0, "size": 11.0})
    assert not feasible(found.values, limits)


@pytest.mark.parametrize(("size", "keeps"), [(0.9, False), (1.0, True), (2.0, True), (2.1, False)])
def test_bounds_are_within(size, keeps):
    assert feasible({"size": size}, [Limit(name="size", at_least=1.0, at_most=2.0)]) is keeps


def test_a_stopped_trial_keeps_its_figures_and_has_no_value():
    found = judged(Status.STOPPED, metrics={"score": 0.1}, reason="early_stopped", message="median of score at step 3")
    assert (found.phase, found.value, found.values) == ("stopped", None, {"score": 0.1})
    assert (found.reason, found.message) == ("early_stopped", "median of score at step 3")


def test_a_failed_run_is_a_failed_trial_whatever_it_logged():
    found = judged(Status.FAILED, metrics={"score": 0.1}, reason="exit_code", message="exit code 1")
    assert (found.phase, found.value, found.reason, found.message) == ("failed", None, "exit_code", "exit code 1")
    assert judged(Status.SKIPPED).reason == "skipped"


def test_a_run_whose_last_frames_never_came_is_judged_by_what_came_and_says_so():
    said = "some of its last frames never came"
    found = judged(metrics={"score": 0.5}, reason=Reason.INCOMPLETE, message=said)
    assert (found.phase, found.value, found.reason, found.message) == ("succeeded", 0.5, "incomplete", said)
    assert judged(reason=Reason.INCOMPLETE).reason == "no_objective"


def test_without_objectives_all_numbers_are_kept_up_to_a_bound():
    more = {"key": "7", "status": Status.SUCCEEDED, "reason": "", "message": "", "objectives": ()}
    found = judge(outputs={"a": 1, "b": "text", "c": True}, metrics={"d": 2.0, "e": NAN}, **more)
    assert (found.phase, found.value, found.values) == ("succeeded", None, {"a": 1.0, "d": 2.0})
    many = judge(outputs={}, metrics={f"m{n}": 1.0 for n in range(3 * MOST)}, **more)
    assert len(many.values) == MOST


@pytest.mark.parametrize("status", sorted(FINAL))
def test_only_a_run_that_succeeded_makes_a_trial_that_has_a_value(status):
    found = judged(status, metrics={"score": 0.5})
    assert (found.value is not None) is (status is Status.SUCCEEDED) is (found.phase == "succeeded")
