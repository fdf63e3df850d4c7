"""A run as a training program uses it: managed, by hand, offline. What it cannot record is `test_mistakes`, and how it
reaches a server `test_delivery`."""

import os
import re
import subprocess
import sys
import threading

import pytest

import trainyard
from trainyard.track import run_metadata, session, target


@pytest.mark.parametrize("change", [{"name": "b"}, {"params": {"lr": 0.2}}, {"tags": ["x"]}, {"offline": True}])
def test_another_run_is_refused_while_one_goes_on(home, spool_events, change):
    first = trainyard.init(name="a", params={"lr": 0.1}, offline=True)
    with pytest.raises(RuntimeError, match=re.escape(f"init: {first!r} goes on") + r".*finish\(\).*reinit=True"):
        trainyard.init(**change)
    assert trainyard.init() is first
    trainyard.finish()
    (root,) = home.spools()
    assert [e["values"] for e in of_type(spool_events(root), "params")] == [{"lr": 0.1}]


def test_reinit_ends_the_run_that_goes_on(home, spool_events, caplog):
    first = trainyard.init(name="a", offline=True)
    second = trainyard.init(name="b", offline=True, reinit=True)
    assert first.finished
    assert second is not first
    assert f"run {first.id} ends as succeeded" in caplog.text
    (end,) = of_type(spool_events(first.root), "end")
    assert (end["status"], end["reason"]) == ("succeeded", "")


def test_the_first_init_of_a_managed_process_names_the_run_that_a_log_began(managed, spool_events):
    trainyard.log({"a": 1.0})
    trainyard.init(project="other", params={"lr": 0.1}, tags=["x"])
    with pytest.raises(RuntimeError, match="goes on"):
        trainyard.init(params={"lr": 0.2})
    trainyard.finish()
    assert [e["values"] for e in of_type(spool_events(managed), "params")] == [{"lr": 0.1}]
    assert [e["tags"] for e in of_type(spool_events(managed), "tags")] == [["x"]]


def test_an_exception_marks_the_run_failed_and_goes_on_up(home, spool_events):
    with pytest.raises(ZeroDivisionError), trainyard.init(project="p", offline=True) as run:
        _ = 1 / 0
    (end,) = of_type(spool_events(run.root), "end")
    assert (end["status"], end["message"]) == ("failed", "ZeroDivisionError: division by zero")


def test_a_managed_run_only_writes_to_its_spool(managed, spool_rows, spool_events, home):
    assert trainyard.params() == {"lr": 0.5, "layers": [1, 2]}
    trainyard.log({"a": 1.0})
    run = session._current
    assert (run.id, run.project, run.managed) == ("the-run", "p", True)
    assert run.params["lr"] == 0.5
    trainyard.finish()
    assert [len(rows) for rows in spool_rows(managed).values()] == [1]
    assert spool_events(managed) == []
    assert not (managed / "run.json").exists()
    assert home.spools() == []


def test_log_before_init_says_what_to_do_and_does_not_raise(home, caplog):
    trainyard.log({"a": 1.0})
    trainyard.log({"a": 1.0})
    trainyard.log_params(a=1)
    assert len([r for r in caplog.records if "call trainyard.init" in r.message]) == 1


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("3", 3), ("", 0), ("many", 0)])
def test_a_managed_program_is_told_which_attempt_it_is(managed, monkeypatch, text, number):
    monkeypatch.setenv("TRAINYARD_ATTEMPT", text)
    assert trainyard.init().attempt == number


def test_a_run_by_hand_has_no_attempts(home, monkeypatch):
    monkeypatch.setenv("TRAINYARD_ATTEMPT", "3")
    assert trainyard.init(offline=True).attempt == 0


def test_files_and_models_are_kept_with_their_digests(managed, spool_events, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "w.bin").write_bytes(b"w")
    (tmp_path / "notes.txt").write_text("n")
    run = trainyard.init()
    run.log_model(tmp_path / "model")
    run.log_file(tmp_path / "notes.txt", "docs/notes.txt")
    run.finish()
    events = of_type(spool_events(managed), "artifact")
    assert [(e["name"], e["kind"], e["size"]) for e in events] == [
        ("model/w.bin", "model", 1),
        ("docs/notes.txt", "file", 1),
    ]
    assert len(list((managed / "files").iterdir())) == 2


def test_threads_share_one_run(managed, spool_rows):
    run = trainyard.init()
    start = threading.Barrier(4)

    def work(name):
        start.wait()
        for n in range(500):
            run.log({name: n}, n)

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.finish()
    (rows,) = spool_rows(managed).values()
    assert len(rows) == 2000
    for n in range(4):
        assert [step for names, step, _ in rows if names == (f"t{n}",)] == list(range(500))


def test_a_forked_child_logs_to_the_same_run_and_does_not_end_it(home, spool_rows, spool_events):
    run = trainyard.init(project="p", offline=True)
    trainyard.log({"parent": 1.0})
    pid = os.fork()
    if pid == 0:
        trainyard.log({"child": 1.0})
        trainyard.finish()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    trainyard.log({"parent": 2.0})
    trainyard.finish()
    (root,) = home.spools()
    assert sorted(len(rows) for rows in spool_rows(root).values()) == [1, 2]
    assert len(of_type(spool_events(root), "end")) == 1
    assert run.finished


def test_run_json_holds_no_secret(home, monkeypatch):
    monkeypatch.setenv("TRAINYARD_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TRAINYARD_TOKEN", "very-secret")
    trainyard.init(project="p", offline=False)
    trainyard.finish(finish_timeout=0)
    (root,) = home.spools()
    assert run_metadata.read_about(root)["url"] == "http://127.0.0.1:9"
    assert not [p for p in root.rglob("*") if p.is_file() and b"very-secret" in p.read_bytes()]


def test_run_ids_are_uuids_of_version_7_in_time_order():
    import uuid

    ids = [target.new_run_id() for _ in range(50)]
    assert {uuid.UUID(i).version for i in ids} == {7}
    assert {uuid.UUID(i).variant for i in ids} == {uuid.RFC_4122}
    assert [i[:13] for i in ids] == sorted(i[:13] for i in ids)


@pytest.mark.parametrize(
    ("given", "project", "name", "tags"),
    [
        ({"project": None, "name": None, "tags": None}, "default", "", []),
        ({"project": "digits", "name": 5, "tags": "baseline"}, "digits", "5", ["baseline"]),
        ({"project": "My Project", "name": "x" * 500, "tags": ["a", 3, None, ("b",)]}, "My-Project", "x" * 250, None),
        ({"project": "\ud800", "name": "\ud800\0"}, "default", "??", []),
    ],
)
def test_what_init_is_given_becomes_what_a_server_takes(home, given, project, name, tags):
    run = trainyard.init(**given, offline=True)
    (root,) = home.spools()
    told = run_metadata.read_about(root)
    assert (run.project, told["project"], told["create"]["name"]) == (project, project, name)
    assert tags is None or told["create"]["tags"] == tags


def test_the_code_of_an_unmanaged_run_is_recorded(home, tmp_path, monkeypatch, spool_events):
    monkeypatch.setenv("TRAINYARD_CODE", "1")
    monkeypatch.setenv("TRAINYARD_ORIGIN", "1")
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path / "work")], check=True)
    (tmp_path / "work" / "train.py").write_text("x")
    monkeypatch.chdir(tmp_path / "work")
    trainyard.init(project="p", offline=True)
    trainyard.finish()
    (root,) = home.spools()
    (meta,) = of_type(spool_events(root), "meta")
    assert meta["values"]["code"]["branch"] == "main"
    assert [f["name"] for f in meta["values"]["code"]["untracked"]] == ["train.py"]


def test_a_run_that_failed_tells_its_last_lines(home, spool_events, capsys, monkeypatch):
    with pytest.raises(ValueError, match="bad data"), trainyard.init(offline=True, capture=True) as run:
        for number in range(30):
            sys.stdout.write(f"line {number}\n")
        raise ValueError("bad data")
    (end,) = of_type(spool_events(run.root), "end")
    assert "line 29" in end["last_lines"]
    assert end["last_lines"][-1] == "ValueError: bad data"


def test_a_run_that_succeeded_tells_no_last_lines(home, spool_events):
    with trainyard.init(offline=True, capture=True) as run:
        sys.stdout.write("well\n")
    assert "last_lines" not in of_type(spool_events(run.root), "end")[0]


def of_type(events, kind):
    return [event for event in events if event["type"] == kind]


def test_an_event_has_a_name_its_step_and_plain_values_in_the_order_of_calls(home, spool_events):
    run = trainyard.init(offline=True)
    trainyard.log_event("epoch", {"n": 1, "path": os}, step=3)
    run.log_event("restarted")
    run.log_event("big", {f"key-{n}": "x" * 50_000 for n in range(40)})
    trainyard.finish()
    first, second, *big = of_type(spool_events(run.root), "event")
    assert (first["name"], first["step"], first["data"]["n"]) == ("epoch", 3, 1)
    assert isinstance(first["data"]["path"], str)
    assert ({**second, "time": 0}) == {"type": "event", "time": 0, "name": "restarted", "data": {}}
    assert len(big) > 1, "each is small enough for every proxy"
    assert len({key for each in big for key in each["data"]}) == 40
