"""The life of runs, from the client's side, through a real server, its scheduler and its tracker."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from yard import ended, eventually, reached, submit

TRAIN = """
import trainyard
run = trainyard.init()
run.log_params(lr=0.1)
for step in range(20):
    run.log({"loss": 1 / (step + 1)}, step)
run.log_outputs(best=0.05)
print("trained to the end", flush=True)
"""


@pytest.fixture
def queue(client):
    name = "journey"
    client.queues.set(name, concurrency=None)
    yield name
    client.queues.set(name, concurrency=None)


def test_a_program_that_logs_is_tracked_to_the_last_point_and_line(client):
    done = ended(client, submit(client, TRAIN, python=True).id)
    assert (done.status, done.exit_code) == ("succeeded", 0), done
    assert done.params["lr"] == 0.1
    assert done.outputs["best"] == 0.05
    assert done.metrics["loss"] == pytest.approx(1 / 20)
    (series,) = client.runs.series(done.id, ["loss"], points=0)
    assert series.total == 20
    assert [line.text for line in client.runs.lines(done.id)] == ["trained to the end"]
    assert [line.text for line in client.runs.follow(done.id)] == ["trained to the end"]
    statuses = [transition.status for transition in client.runs.statuses(done.id)]
    assert statuses[0] == "created"
    assert statuses.count("succeeded") == 1


def test_output_is_followed_while_the_program_runs(client, tmp_path):
    gate = tmp_path / "go"
    run = submit(client, f"echo one; while [ ! -e {gate} ]; do sleep 0.05; done; echo two")
    seen = []
    for line in client.runs.follow(run.id):
        seen.append(line.text)
        if line.text == "one":
            assert not client.runs.get(run.id).is_final
            gate.touch()
    assert seen == ["one", "two"]


def test_a_program_that_fails_has_its_exact_code_and_last_lines(client):
    done = ended(client, submit(client, "echo first; echo last >&2; exit 37").id)
    assert (done.status, done.reason, done.exit_code) == ("failed", "exit_code", 37)
    assert done.last_lines[-2:] == ["first", "last"] or set(done.last_lines) == {"first", "last"}


def test_a_signal_is_told_as_one(client):
    done = ended(client, submit(client, "kill -9 $$").id)
    assert (done.status, done.reason, done.attempts[0].signal) == ("failed", "signal", 9)


def test_retries_back_off_and_then_succeed(client, tmp_path):
    tries = tmp_path / "tries"
    script = f"echo x >> {tries}; [ $(wc -l < {tries}) -ge 3 ]"
    done = ended(client, submit(client, script, termination={"maxRetries": 3}).id)
    assert (done.status, done.attempt) == ("succeeded", 3)
    assert tries.read_text() == "x\n" * 3
    assert [attempt.exit_code for attempt in done.attempts] == [1, 1, 0]
    statuses = [transition.status for transition in client.runs.statuses(done.id)]
    assert statuses.count("retrying") == 2


def test_a_timeout_stops_the_program(client):
    done = ended(client, submit(client, "exec sleep 600", termination={"timeout": 1}).id)
    assert (done.status, done.reason) == ("stopped", "timeout")


def test_stop_ends_the_whole_group_and_stopping_a_waiting_run_is_at_once(client, tmp_path):
    pids = tmp_path / "pids"
    script = f"sleep 600 & echo $! >> {pids}; echo $$ >> {pids}; wait"
    run = submit(client, script)
    eventually(lambda: pids.exists() and len(pids.read_text().split()) == 2, what="the program runs")
    client.runs.stop(run.id, "enough")
    done = ended(client, run.id)
    assert (done.status, done.reason, done.message) == ("stopped", "user", "enough")
    for pid in pids.read_text().split():
        eventually(lambda pid=pid: gone(int(pid)), what=f"{pid} is gone")


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_queues_concurrency_is_kept_and_why_says_so(client, queue, tmp_path):
    client.queues.set(queue, concurrency=1)
    first = submit(client, f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done", queue=queue)
    reached(client, first.id, "running")
    second = submit(client, "exit 0", queue=queue)
    why = client.runs.why(second.id)
    assert [blocker.code for blocker in why.blockers] == ["concurrency"]
    assert client.runs.get(second.id).status == "queued"
    (tmp_path / "go").touch()
    assert ended(client, first.id).status == "succeeded"
    assert ended(client, second.id).status == "succeeded"


def test_why_names_each_thing_that_a_run_waits_for(client, queue, tmp_path):
    big = submit(client, "exit 0", cpu="4000", queue=queue)
    assert [b.code for b in client.runs.why(big.id).blockers] == ["never_fits"]
    client.queues.set(queue, concurrency=None, paused=True)
    paused = submit(client, "exit 0", queue=queue)
    assert [b.code for b in client.runs.why(paused.id).blockers] == ["paused"]
    for run in (big, paused):
        client.runs.stop(run.id)
    client.queues.set(queue, concurrency=None, paused=False)
    flaky = submit(client, "exit 1", termination={"maxRetries": 9})
    reached(client, flaky.id, "retrying")
    client.runs.stop(flaky.id)
    assert ended(client, flaky.id).status == "stopped"
    assert "stopped" in client.runs.why(flaky.id).summary


def test_the_command_line_runs_lists_shows_and_follows(yard, client, tmp_path):
    (tmp_path / "hello.yaml").write_text(
        "version: 1.1\nkind: operation\nname: hello\ncomponent:\n  run:\n    kind: job\n    container:\n"
        "      command: [echo, hello from yard]\n"
    )
    said = yard.command("run", "-f", str(tmp_path / "hello.yaml"), "--watch")
    assert "hello from yard" in said
    listed = yard.command("ls")
    assert "hello" in listed
    (newest,) = [run for run in client.runs.page(limit=20).items if run.name == "hello"]
    assert "succeeded" in yard.command("get", newest.id)
    assert "hello from yard" in yard.command("logs", newest.short_id)
    assert "succeeded" in yard.command("why", newest.short_id)


UNMANAGED = """
import trainyard
run = trainyard.init(name={name!r})
for step in range(10):
    run.log({{"loss": step}}, step)
run.log_outputs(best=9)
run.finish()
"""


def test_an_unmanaged_run_is_tracked_and_ends(yard, client):
    program = UNMANAGED.format(name="unmanaged")
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], env=yard.environ, check=True, timeout=60)
    run = next(run for run in client.runs.page(limit=20).items if run.name == "unmanaged")
    done = ended(client, run.id)
    assert (done.status, done.managed, done.outputs) == ("succeeded", False, {"best": 9})
    (series,) = client.runs.series(done.id, ["loss"], points=0)
    assert series.total == 10


def test_a_restart_in_the_middle_loses_and_repeats_nothing(yard, client, tmp_path):
    if "--split" in yard._arguments:
        pytest.skip("a killed supervisor takes its children along; tests/chaos kills the parts")
    book, gate = tmp_path / "book", tmp_path / "go"
    script = f"echo started >> {book}; echo before; while [ ! -e {gate} ]; do sleep 0.05; done; echo after"
    run = submit(client, script)
    reached(client, run.id, "running")
    eventually(book.exists, what="it started")
    yard.down(signal.SIGKILL)
    gate.touch()
    yard.up()
    done = ended(client, run.id)
    assert (done.status, done.attempt) == ("succeeded", 1)
    assert book.read_text() == "started\n"
    assert [line.text for line in client.runs.lines(run.id)] == ["before", "after"]


OFFLINE = """
import trainyard
run = trainyard.init(name="offline")
for step in range(5):
    run.log({"loss": step}, step)
print(run.id, flush=True)
run.finish(finish_timeout=0.1)
"""


def test_an_offline_run_is_brought_in_by_sync(yard, client):
    """The program finds no server; what it left in its data directory is shipped later, and twice is once."""
    away = {**yard.environ, "TRAINYARD_URL": "http://127.0.0.1:1", "TRAINYARD_TOKEN": "none"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", OFFLINE], env=away, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    run = done.stdout.split()[0]
    for _ in range(2):
        yard.command("sync", TRAINYARD_URL=yard.url, TRAINYARD_TOKEN_FILE=str(yard.data / "token"))
    found = ended(client, run)
    assert (found.status, found.name) == ("succeeded", "offline")
    (series,) = client.runs.series(run, ["loss"], points=0)
    assert series.total == 5


def test_a_saved_file_comes_back_with_its_digest(client, tmp_path):
    script = f"""
import pathlib, trainyard
run = trainyard.init()
path = pathlib.Path({str(tmp_path / "model.bin")!r})
path.write_bytes(b"weights" * 1000)
run.log_model(path, "models/best.bin")
"""
    done = ended(client, submit(client, script, python=True).id)
    assert done.status == "succeeded", done
    (artifact,) = client.runs.artifacts(done.id)
    assert (artifact.name, artifact.size) == ("models/best.bin", 7000)
    target = client.runs.download(done.id, artifact.name, tmp_path / "copy.bin")
    assert target.read_bytes() == b"weights" * 1000
