"""Runs that continue others: their steps, names and params."""

import pytest

import trainyard


def test_a_resumed_run_goes_on_after_the_last_step(managed, spool_rows, monkeypatch):
    monkeypatch.setenv("TRAINYARD_RESUME_FROM", "the-first")
    monkeypatch.setenv("TRAINYARD_RESUME_STEP", "41")
    run = trainyard.init()
    assert (run.resumed_from, run.resume_step) == ("the-first", 41)
    trainyard.log({"loss": 1.0})
    trainyard.log({"loss": 2.0}, step=100)
    trainyard.log({"loss": 3.0})
    run.finish()
    (rows,) = spool_rows(managed).values()
    assert [step for _, step, _ in rows] == [42, 100, 101]


@pytest.mark.parametrize("text", ["", "soon", "1.5"])
def test_a_resumed_run_that_is_told_no_step_begins_anew(managed, monkeypatch, text):
    monkeypatch.setenv("TRAINYARD_RESUME_FROM", "the-first")
    monkeypatch.setenv("TRAINYARD_RESUME_STEP", text)
    assert trainyard.init().resume_step is None


def test_a_resumed_run_takes_name_and_params_of_the_one_it_continues(home, spool_events):
    with trainyard.init(name="mlp", params={"lr": 0.1, "layers": 2}, offline=True) as first:
        pass
    again = trainyard.init(resume=first.id, params={"lr": 0.2}, offline=True)
    assert (again.name, again.params) == ("mlp", {"lr": 0.2, "layers": 2})
    trainyard.finish()
    third = trainyard.init(name="other", resume=again.id, offline=True)
    assert (third.name, third.params) == ("other", {"lr": 0.2, "layers": 2})
