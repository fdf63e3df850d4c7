"""The calls of `trainyard.sweep`, each against a real server."""

from __future__ import annotations

import math
import sys

import pytest
from yard import eventually

import trainyard
from trainyard.client import errors
from trainyard.track.background import Background

X = {"x": {"kind": "choice", "value": [0, 1, 2, 3]}}


@pytest.fixture
def sweep(yard, monkeypatch):
    """Begins sweeps of four trials, in the environment of the server."""
    for name in ("TRAINYARD_URL", "TRAINYARD_TOKEN", "TRAINYARD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TRAINYARD_DATA", str(yard.data))
    monkeypatch.setenv("TRAINYARD_CODE", "0")

    def begin(**more):
        return trainyard.sweep(**{"algorithm": "grid", "params": X, "metric": "loss", **more})

    return begin


def phases(search):
    return [(trial.phase, trial.reason) for trial in search.trials()]


def test_a_block_that_fails_tells_a_failure_and_raises(sweep):
    with sweep() as search, pytest.raises(ZeroDivisionError):
        for trial in search:
            with trial:
                trial.tell(loss=1 / trial.params["x"])
    with trainyard.sweep(id=search.id[-8:]) as again:
        for trial in again:
            with trial:
                trial.tell(loss=trial.params["x"])
    assert [phase for phase, _ in phases(search)] == ["failed", "succeeded", "succeeded", "succeeded"]
    assert (search.best.params, search.best.value) == ({"x": 1}, 1.0)
    assert next(iter(search.trials())).message == "ZeroDivisionError: division by zero"


def test_exceptions_that_are_caught_end_the_trial_alone(sweep):
    with sweep(catch=(ZeroDivisionError,)) as search:
        for trial in search:
            with trial:
                trial.tell(loss=1 / trial.params["x"])
    assert [phase for phase, _ in phases(search)] == ["failed", "succeeded", "succeeded", "succeeded"]


def test_a_block_that_is_left_by_sys_exit_ends_as_its_code_says(sweep):
    codes = {0: 0, 1: None, 2: 3, 3: "no data"}
    with sweep(catch=(SystemExit,)) as search:
        for trial in search:
            with trial:
                trial.tell(loss=1.0)
                sys.exit(codes[trial.params["x"]])
    assert [phase for phase, _ in phases(search)] == ["succeeded", "succeeded", "failed", "failed"]
    assert [trial.message for trial in search.trials()][2:] == ["exit code 3", "no data"]


def test_what_is_logged_under_the_name_of_the_metric_is_enough(sweep):
    with sweep(goal="maximize", trials=2) as search:
        for trial in search:
            with trial:
                trial.log({"loss": 5.0}, step=0)
                trial.log({"loss": trial.params["x"]}, step=1)
    assert search.best.value == 1.0


def test_trials_are_told_without_being_tracked(sweep):
    with sweep() as search:
        first, second, third = search.ask(3)
        first.tell(loss=3.0)
        search.tell(second.key, {"loss": 2.0})
        search.tell(third, status="failed", message="out of memory")
        with pytest.raises(errors.Conflict, match="trial '1' has ended already: succeeded"):
            first.tell(loss=0.0)
        assert not search.is_over
        (last,) = search.ask(3)
        last.tell(loss=math.nan)
        assert search.is_over
        assert search.ask() == []
    found = list(search.trials())
    assert [trial.phase for trial in found] == ["succeeded", "succeeded", "failed", "failed"]
    assert [trial.message for trial in found][2:] == ["out of memory", "'loss' is nan"]
    assert search.best.key == second.key


def test_a_loss_that_is_not_finite_makes_a_tracked_trial_fail(sweep):
    with sweep(trials=1) as search:
        for trial in search:
            with trial:
                trial.tell(loss=math.inf)
    (found,) = search.trials()
    assert (found.phase, found.reason) == ("failed", "no_objective")
    assert "is not a finite number" in found.message


def test_trials_that_were_not_run_are_given_back(sweep, yard):
    with sweep() as search:
        search.ask(2)
    assert [phase for phase, _ in phases(search)] == ["stopped", "stopped"]
    assert not list((yard.data / "asking").iterdir())


def test_a_trial_learns_that_the_platform_wants_it_stopped(sweep):
    reached = {"kind": "metric_early_stopping", "metric": "loss", "value": 0.5, "optimization": "minimize"}
    with sweep(early_stopping=[reached]) as search:
        good, other = search.ask(2)
        with good, other:
            other.log({"loss": 9.0}, step=0)
            assert not other.should_stop()
            good.log({"loss": 0.1}, step=0)
            assert eventually(other.should_stop, what="the rule stops it")
        assert search.is_over
    assert [phase for phase, _ in phases(search)] == ["succeeded", "stopped"]


def test_the_whole_sweep_is_stopped(sweep):
    with sweep() as search:
        for trial in search:
            with trial:
                search.stop()
                assert eventually(trial.should_stop, what="the trial is stopped")
    assert [phase for phase, _ in phases(search)] == ["stopped"]


def test_a_trial_is_entered_once(sweep):
    with sweep(trials=1) as search:
        (trial,) = search.ask()
        with trial:
            trial.tell(loss=1.0)
        with pytest.raises(RuntimeError, match="has been entered before"), trial:
            pass


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"goal": "min"}, ValueError, "choose from minimize, maximize"),
        ({"algorithm": "tp"}, errors.Invalid, "matrix.kind: there is no matrix of kind `tp`; did you mean `tpe`"),
        ({"params": {"x": {"kind": "uniform", "value": [2, 1]}}}, errors.Invalid, "matrix.params.x.value: low 2 is"),
        ({"id": "0123abcd"}, errors.NotFound, "no run '0123abcd'"),
    ],
)
def test_what_makes_no_sense_is_told(sweep, options, kind, said):
    with pytest.raises(kind, match=said):
        sweep(**options)


def test_a_log_outside_of_a_trial_is_said(sweep, caplog):
    with sweep(trials=1) as search:
        (trial,) = search.ask()
        trial.log({"loss": 1.0})
        trial.tell(loss=2.0)
    assert "outside of `with trial:`" in caplog.text
    assert search.best.value == 2.0


def test_what_the_server_missed_of_a_trial_while_it_was_away_is_shipped_later(sweep, yard, monkeypatch):
    stop = Background.stop
    monkeypatch.setattr(Background, "stop", lambda self, timeout: stop(self, 0.2))
    with sweep(trials=2) as search:
        (first,) = search.ask()
        with first:
            yard.down()
            first.tell(loss=1.0)
        assert [path.name for path in (yard.data / "spool").iterdir()] == [first.id]
        monkeypatch.setattr(Background, "stop", stop)
        yard.up()
        (second,) = search.ask()
        with second:
            second.tell(loss=2.0)
    assert (search.best.key, search.best.value) == (first.key, 1.0)
    assert [phase for phase, _ in phases(search)] == ["succeeded", "succeeded"]
    eventually(lambda: not list((yard.data / "spool").iterdir()), what="nothing waits to be sent any more")
