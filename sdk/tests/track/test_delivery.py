"""How the data of a run reach a server: at once, at another port, and by `sync` when they could not be sent before."""

import json
import os
import signal
import subprocess
import sys

import pytest

import trainyard
from trainyard.track import run_metadata, session, spool, sync

TRACKED = """
import os, sys
import trainyard
run = trainyard.init(project="p", name="n", params={"lr": 0.1}, tags=["a"])
for step in range(100):
    trainyard.log({"loss": 1.0 / (step + 1)}, step)
"""


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


def run_program(text, data, **env):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TRAINYARD_")}
    return subprocess.run(
        [sys.executable, "-c", text],
        env={**clean, "TRAINYARD_CODE": "0", "TRAINYARD_DATA": str(data), **env},
        capture_output=True,
        text=True,
        timeout=120,
    )


def of_type(events, kind):
    return [event for event in events if event["type"] == kind]
