"""What a program hands over by mistake, and trouble of the machine: nothing raises into the training loop, and what is
not recorded is said and counted by name."""

import json
from pathlib import Path

import pytest

import trainyard
from trainyard.names import VALUE_CHARS, BadName
from trainyard.track import files, frames, omissions, segments, spool


def test_log_after_finish_is_said_once(managed, caplog):
    run = trainyard.init()
    run.log({"a": 1.0})
    run.finish()
    for _ in range(3):
        run.log({"a": 1.0})
        run.log_params(a=1)
    assert len([r for r in caplog.records if "after finish" in r.message]) == 1


class Hostile:
    def __str__(self):
        raise RuntimeError("no")

    __repr__ = __float__ = __str__


CALLS = [
    lambda r: r.log({"a": Hostile()}),
    lambda r: r.log({"a": 1.0}, step=Hostile()),
    lambda r: r.log(Hostile()),
    lambda r: r.log_params({"a": Hostile()}),
    lambda r: r.log_params(Hostile()),
    lambda r: r.log_outputs({"a": float("nan"), "b": {1, 2}, "c": Path("x"), 3: b"x"}),
    lambda r: r.log_tags(3, "x"),
    lambda r: r.log_progress("much"),
    lambda r: r.log_event(Hostile()),
    lambda r: r.log_event("", {"a": 1}),
    lambda r: r.log_event("epoch", {"a": Hostile()}),
    lambda r: r.log_event("epoch", step="third"),
    lambda r: r.log_file("/no/such/file"),
    lambda r: r.log_file("/etc/hostname", "../../x"),
    lambda r: r.log_meta({"deep": json.loads("[" * 500 + "]" * 500)}),
    lambda r: r.finish("excellent"),
]


@pytest.mark.parametrize("call", CALLS, ids=range(len(CALLS)))
def test_nothing_raises_into_the_training_loop(managed, call):
    run = trainyard.init()
    call(run)
    run.finish()
    assert spool.settle(managed).live == frozenset()


def test_a_spool_that_cannot_be_written_does_not_stop_the_training(managed, caplog):
    managed.parent.mkdir()
    managed.write_text("a file where the folder should be")
    trainyard.log({"a": 1.0})
    trainyard.log({"a": 1.0})
    trainyard.finish()
    assert len(caplog.records) == 1


def test_numbers_of_other_libraries_become_plain_json(managed, spool_events):
    numpy = pytest.importorskip("numpy")
    run = trainyard.init()
    values = {"a": numpy.float64(1.5), "b": numpy.arange(3), "c": float("inf"), "d": Path("/x"), "e": 2**80}
    run.log_outputs(values)
    values["a"] = 0
    run.finish()
    (event,) = [event for event in spool_events(managed) if event["type"] == "outputs"]
    assert event["values"] == {"a": 1.5, "b": [0, 1, 2], "c": "Infinity", "d": "/x", "e": str(2**80)}


def said(caplog):
    """What was told here, without what a thread that ships the run of another test may tell meanwhile."""
    records = [record for record in caplog.records if record.threadName != "trainyard-ship"]
    return [record.message.removeprefix("trainyard: ") for record in records]


def test_mistakes_are_said_once_for_each_name_and_summed_up_at_the_end(managed, caplog, spool_events, spool_rows):
    run = trainyard.init()
    for _ in range(5):
        trainyard.log({"good": 1.0, "bad": "text", "fig": object()})
    trainyard.log("loss", 1.0)
    trainyard.log({"good": 2.0}, step="7")
    run.log_progress(50)
    run.log_params(5)
    run.log_model(object())
    run.log_file("nope.png")
    run.finish()
    names = ["bad (str)", "fig (object)", "loss (str)", "step (str)", "log_progress", "log_params"]
    names += ["log_file (object)", "nope.png"]
    assert [each.split(": ")[1] for each in said(caplog)[:-1]] == names
    names[:2] = ["bad (str) 5 times", "fig (object) 5 times"]
    assert said(caplog)[-1] == f"run the-run: not recorded: {', '.join(names)}"
    known = {}
    for event in [event for event in spool_events(managed) if event["type"] == "omission"]:
        known = omissions.added(known, event)
    assert omissions.summary(known) == f"not recorded: {', '.join(names)}"
    assert len(next(iter(spool_rows(managed).values()))) == 6


STRICT = [
    (lambda r: r.log({"fig": object()}), omissions.NotRecorded),
    (lambda r: r.log("loss", 1.0), omissions.NotRecorded),
    (lambda r: r.log({"a": 1.0}, step=2.5), omissions.NotRecorded),
    (lambda r: r.log_params(5), TypeError),
    (lambda r: r.log_progress(50), ValueError),
    (lambda r: r.log_model(object()), TypeError),
    (lambda r: r.log_file("/no/such/file"), files.NoFile),
    (lambda r: r.log_file("/etc/hostname", "../x"), BadName),
    (lambda r: r.log_file("/etc/hostname", kind=""), BadName),
]


@pytest.mark.parametrize(("call", "error"), STRICT, ids=range(len(STRICT)))
def test_a_mistake_is_an_exception_where_that_is_asked_for(managed, monkeypatch, call, error):
    monkeypatch.setenv("TRAINYARD_STRICT", "1")
    run = trainyard.init()
    with pytest.raises(error):
        call(run)


def test_trouble_of_the_machine_is_no_mistake_also_when_exceptions_are_asked_for(managed, monkeypatch, caplog):
    monkeypatch.setenv("TRAINYARD_STRICT", "1")
    managed.parent.mkdir()
    managed.write_text("a file where the folder should be")
    trainyard.log({"a": 1.0})
    trainyard.log_params(a=1)
    assert len(caplog.records) == 1


def test_params_are_converted_one_by_one(managed, spool_events, caplog):
    import argparse

    run = trainyard.init()
    run.log_params(argparse.Namespace(lr=0.1, dtype=float, fn=len, name=None))
    run.log_params({"bad": Hostile(), "nested": {"bad": Hostile(), "good": 1}, "key\ud800": "text\ud800", Hostile(): 3})
    run.log_params(long="x" * 10**6, array=[0.123] * 10**6)
    run.finish()
    found = {
        key: value
        for e in [event for event in spool_events(managed) if event["type"] == "params"]
        for key, value in e["values"].items()
    }
    assert {k: found[k] for k in ("lr", "dtype", "fn", "name")} == {
        "lr": 0.1, "dtype": "builtins.float", "fn": "builtins.len", "name": None,
    }  # fmt: skip
    assert found["bad"] == "Hostile"
    assert found["nested"] == {"bad": "Hostile", "good": 1}
    assert found["key?"] == "text?"
    assert found["Hostile"] == 3
    assert len(found["long"]) == len(found["array"]) == VALUE_CHARS
    assert [each.partition(" is ")[0] for each in said(caplog)] == [
        f"params: {key}" for key in ("bad", "nested", "long", "array")
    ]


def test_many_params_travel_in_pieces(managed, spool_frames):
    run = trainyard.init()
    run.log_params({f"p{n}": "x" * 60_000 for n in range(200)})
    run.finish()
    (writer,) = segments.writers(managed)
    payloads = [frame.payload for frame in spool_frames(managed, writer)]
    assert max(map(len, payloads)) < 1024 * 1024
    assert sum(len(event["values"]) for each in payloads for event in frames.unpack_events(each)) == 200


def test_a_bad_project_is_an_exception_where_that_is_asked_for(home, monkeypatch):
    monkeypatch.setenv("TRAINYARD_STRICT", "1")
    with pytest.raises(omissions.NotRecorded, match=r"My Project.*starting with a letter"):
        trainyard.init(project="My Project", offline=True)


def test_nothing_is_recorded_after_the_end_whatever_is_called(home, tmp_path, caplog, spool_events):
    run = trainyard.init(offline=True)
    run.log({"a": 1.0})
    run.finish()
    before = sorted(path for path in home.data.rglob("*"))
    kept = tmp_path / "late.txt"
    kept.write_text("late")
    for late in (
        lambda: run.log({"a": 2.0}),
        lambda: run.log_outputs(late=1),
        lambda: run.log_params(late=1),
        lambda: run.log_tags("late"),
        lambda: run.log_progress(0.5),
        lambda: run.log_file(kept),
        run.flush,
    ):
        late()
    assert sorted(path for path in home.data.rglob("*")) == before
    assert {event["type"] for event in spool_events(home.spools()[0])} == {"end"}
    assert "is finished" in caplog.text


class Figure:
    def savefig(self, path):
        pass


class Array:
    shape = (3,)

    def __float__(self):
        raise TypeError("only length-1 arrays can be converted to Python scalars")

    def item(self):
        raise ValueError("can only convert an array of size 1 to a Python scalar")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (Figure(), "a Figure is no number; save it and call log_file"),
        (Array(), "an array of 3 values is no number"),
        ([1.0, 2.0], "a list of 2 values is no number"),
        ((1.0,), "a tuple of 1 value is no number"),
        ({"a": 1.0}, "a dict is no number; log its values by names of their own"),
        (None, "None is no number"),
        (object(), "an object is no number"),
        ("0.5", "text is no number; use log_outputs or log_tags for it"),
    ],
    ids=["figure", "array", "list", "tuple", "dict", "none", "object", "text"],
)
def test_what_is_no_number_is_told_in_words(managed, caplog, value, why):
    trainyard.log({"fig": value})
    assert caplog.messages == [f"trainyard: not recorded: fig ({type(value).__name__}): {why}"]
