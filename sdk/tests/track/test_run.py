"""A run as a training program uses it: managed, unmanaged, offline. What it cannot record is `test_mistakes`."""

import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

import trainyard
from trainyard.track import run_metadata, session, spool, sync, target

TRACKED = """
import os, sys
import trainyard
run = trainyard.init(project="p", name="n", params={"lr": 0.1}, tags=["a"])
for step in range(100):
    trainyard.log({"loss": 1.0 / (step + 1)}, step)
"""


def run_program(text, data, **env):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TRAINYARD_")}
    return subprocess.run(
        [sys.executable, "-c", text],
        env={**clean, "TRAINYARD_CODE": "0", "TRAINYARD_DATA": str(data), **env},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def serve(platform, home, token_file, monkeypatch):
    """The data directory of a machine whose server runs."""
    home.data.mkdir()
    (home.data / "server.json").write_text(json.dumps({"url": platform.url, "pid": 1}))
    (home.data / "token").write_text(platform.token)
    return platform


@pytest.fixture
def another_port(serve):
    """Has the server serve at another port, as the file tells then; the first one answers no more."""
    others = []

    def move(file):
        others.append(serve.elsewhere())
        file.write_text(json.dumps({"url": others[0].url, "pid": 2}))
        serve.close()

    yield move
    for other in others:
        other.close()


def of_type(events, kind):
    return [event for event in events if event["type"] == kind]


def test_an_unmanaged_run_reaches_the_server_and_leaves_no_spool(serve, home):
    with trainyard.init(project="p", name="n", params={"lr": 0.1}, tags=["a", "b"]) as run:
        assert trainyard.init() is run
        for step in range(50):
            trainyard.log({"loss": float(step)}, step=step)
        trainyard.log_outputs(accuracy=0.9)
    created = serve.runs[run.id]
    assert (created["name"], created["tags"], created["managed"]) == ("n", ["a", "b"], False)
    (rows,) = serve.rows().values()
    assert [step for _, step, _ in rows] == list(range(50))
    assert [e["values"] for e in of_type(serve.events(), "params")] == [{"lr": 0.1}]
    assert [e["values"] for e in of_type(serve.events(), "outputs")] == [{"accuracy": 0.9}]
    assert [e["status"] for e in of_type(serve.events(), "end")] == ["succeeded"]
    assert home.spools() == []


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


def test_a_run_follows_its_server_to_another_port(serve, home, another_port):
    """Found by the data directory, it is found there again."""
    trainyard.init(project="p").flush()
    trainyard.log({"a": 1.0})
    assert serve.heard.wait(30)
    another_port(home.data / "server.json")
    trainyard.log({"a": 2.0})
    trainyard.finish()
    assert [len(rows) for rows in serve.rows().values()] == [2]
    assert home.spools() == []


def test_what_was_left_is_synced_to_the_port_where_the_server_serves_now(serve, home, another_port):
    trainyard.init(project="p")
    trainyard.log({"a": 1.0})
    serve.plan = ["503"] * 1000
    trainyard.finish(finish_timeout=0)
    serve.plan = []
    another_port(home.data / "server.json")
    (root,) = home.spools()
    assert sync.sync(root).removed
    assert [len(rows) for rows in serve.rows().values()] == [1]


def test_a_run_whose_server_was_named_stays_with_it(serve, home, monkeypatch, token_file, another_port):
    monkeypatch.setenv("TRAINYARD_URL", serve.url)
    trainyard.init(project="p")
    another_port(home.data / "server.json")
    trainyard.finish(finish_timeout=0.5)
    assert len(home.spools()) == 1
    assert of_type(serve.events(), "end") == []


def test_an_exception_marks_the_run_failed_and_goes_on_up(serve):
    with pytest.raises(ZeroDivisionError), trainyard.init(project="p"):
        _ = 1 / 0
    (end,) = of_type(serve.events(), "end")
    assert (end["status"], end["message"]) == ("failed", "ZeroDivisionError: division by zero")


def test_an_offline_run_waits_for_sync(platform, home, caplog):
    run = trainyard.init(project="p", offline=True)
    trainyard.log({"a": 1.0})
    trainyard.finish()
    (root,) = sync.find_spools(home.data)
    assert f"yard sync {root}" in caplog.text
    report = sync.sync(root, url=platform.url, token=platform.token)
    assert report == (run.id, "p", 2, 0, "", True)
    assert len(next(iter(platform.rows().values()))) == 1
    assert home.spools() == []


def test_without_a_server_training_goes_on_and_finish_does_not_wait(home, caplog):
    trainyard.init(project="p")
    trainyard.log({"a": 1.0})
    trainyard.finish(finish_timeout=20)
    (root,) = home.spools()
    assert f"yard sync {root}" in caplog.text
    assert spool.pending(root) == 2


def test_a_lost_server_is_waited_for_no_longer_than_asked(serve, home, caplog):
    trainyard.init(project="p")
    trainyard.log({"a": 1.0})
    serve.plan = ["503"] * 1000
    trainyard.finish(finish_timeout=0.3)
    (root,) = home.spools()
    assert f"yard sync {root}" in caplog.text
    serve.plan = []
    assert sync.sync(root, token=serve.token).removed
    assert [len(rows) for rows in serve.rows().values()] == [1]


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


@pytest.mark.parametrize(
    ("ending", "status"),
    [("", "succeeded"), ("raise ValueError('bad data')", "failed"), ("raise KeyboardInterrupt", "stopped")],
    ids=["end", "exception", "interrupt"],
)
def test_a_program_without_finish_ends_its_run_at_exit(platform, tmp_path, ending, status):
    done = run_program(TRACKED + ending, tmp_path, TRAINYARD_URL=platform.url, TRAINYARD_TOKEN=platform.token)
    (end,) = of_type(platform.events(), "end")
    assert end["status"] == status, done.stderr
    (rows,) = [rows for rows in platform.rows().values() if rows]
    assert len(rows) == 100
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_killed_program_is_synced_later_and_ended_as_failed(platform, tmp_path, token_file):
    done = run_program(TRACKED + "os.kill(os.getpid(), 9)", tmp_path, TRAINYARD_OFFLINE="1")
    assert done.returncode == -signal.SIGKILL
    (root,) = sync.find_spools(tmp_path)
    lost = sync.sync(root, url="http://127.0.0.1:9", patience=0)
    assert lost.error
    assert lost.pending > 0
    report = sync.sync(root, url=platform.url, token=platform.token)
    assert (report.error, report.removed) == ("", True)
    assert [len(rows) for rows in platform.rows().values()] == [100, 0]
    (end,) = of_type(platform.events(), "end")
    assert (end["status"], end["message"]) == ("failed", "the program ended without finish()")


def test_sync_leaves_a_living_run_open(platform, home):
    trainyard.init(project="p", offline=True)
    trainyard.log({"a": 1.0})
    (root,) = home.spools()
    session._current.flush()
    report = sync.sync(root, url=platform.url, token=platform.token)
    assert (report.sent, report.removed) == (1, False)
    assert platform.events() == []


def test_sync_says_what_it_misses(tmp_path):
    (tmp_path / "a").mkdir()
    assert "run.json" in sync.sync(tmp_path / "a").error
    run_metadata.write_about(tmp_path / "b", {"project": "p", "run": "r", "managed": False})
    assert "--url" in sync.sync(tmp_path / "b").error


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


def test_a_process_that_is_killed_has_told_what_it_could_not_record(tmp_path, spool_events):
    program = """
import os, sys, trainyard
trainyard.log({"bad": "text"})
from trainyard.track import session
writer = session._current._writer
while writer.omissions._waiting or not writer.spool.seq:
    writer._done.wait(0.01)
os.kill(os.getpid(), 9)
"""
    run_program(program, tmp_path, TRAINYARD_RUN="r", TRAINYARD_SPOOL=str(tmp_path / "spool"))
    assert [event["name"] for event in of_type(spool_events(tmp_path / "spool"), "omission")] == ["bad"]


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


def test_a_resumed_run_takes_name_and_params_of_the_one_it_continues(home, spool_events):
    with trainyard.init(name="mlp", params={"lr": 0.1, "layers": 2}, offline=True) as first:
        pass
    again = trainyard.init(resume=first.id, params={"lr": 0.2}, offline=True)
    assert (again.name, again.params) == ("mlp", {"lr": 0.2, "layers": 2})
    trainyard.finish()
    third = trainyard.init(name="other", resume=again.id, offline=True)
    assert (third.name, third.params) == ("other", {"lr": 0.2, "layers": 2})


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
