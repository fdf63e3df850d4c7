"""Training that was cut off goes on from its checkpoint: tried again by itself, and resumed by a person. What an
attempt left elsewhere changes no file of the next one."""

from __future__ import annotations

import json
import sys

import pytest
from yard import ended, eventually, paths_below

TRAIN = """
import os, pathlib, signal, sys, trainyard
run = trainyard.init()
left = run.checkpoint()
first = int((left / "step" if left.is_dir() else left).read_text()) if left else 0
kept = pathlib.Path(os.environ["TRAINYARD_" + ("OUTPUTS" if sys.argv[1] == "outputs" else "ARTIFACTS")], "checkpoint")
print("from", first, flush=True)
for step in range(first, 60):
    run.log({"loss": (200 if first else 100) - step}, step)
    if step % 10 == 9:
        if sys.argv[1] == "folder":
            kept.mkdir(exist_ok=True)
        (kept / "step" if sys.argv[1] == "folder" else kept).write_text(str(step + 1))
        if sys.argv[1] != "outputs":
            run.log_checkpoint(kept)
    if step == 37 and not first:
        os.kill(os.getpid(), signal.SIGKILL)
"""
ONCE = [(step, (100 if step < 30 else 200) - step) for step in range(60)]


@pytest.fixture
def start(yard, tmp_path):
    """`yard run` of a program, which is tried again so often: the run's id."""

    def run(way, retries, program=TRAIN):
        container = {
            "command": [sys.executable, "-W", "ignore", "-c", program, way],
            "resources": {"requests": {"cpu": "100m", "memory": "16Mi"}},
        }
        operation = {
            "version": 1.1,
            "kind": "operation",
            "termination": {"maxRetries": retries},
            "component": {"run": {"kind": "job", "container": container}},
        }
        file = tmp_path / "train.yaml"
        file.write_text(json.dumps(operation))
        return yard.command("run", "-f", str(file), "--code", "none").split()[0]

    return run


def test_a_retry_goes_on_from_what_the_killed_attempt_kept_and_has_each_step_once(yard, client, start):
    for run in [start(way, 1) for way in ("file", "folder", "outputs")]:
        done = ended(client, run)
        assert (done.status, done.attempt) == ("succeeded", 2), client.runs.logs(run)
        assert [attempt.signal for attempt in done.attempts] == [9, None]
        assert yard.command("logs", run).split() == ["from", "0", "from", "30"]
        assert loss(client, run) == ONCE
    (row,) = json.loads(yard.command("metrics", run, "--json"))["items"]
    assert (row["last"], row["step"], row["min"], row["max"], row["count"]) == (141, 59, 71, 170, 60)
    eventually(
        lambda: not [path for path in paths_below(yard.data) if path.name == "checkpoints"],
        what="nothing is left behind",
    )


def test_a_resumed_run_goes_on_from_what_the_killed_one_kept(yard, client, start):
    killed = ended(client, start("file", 0))
    assert (killed.status, killed.reason) == ("failed", "signal")
    done = ended(client, yard.command("resume", killed.id).split()[0])
    assert (done.status, yard.command("logs", done.id).split()) == ("succeeded", ["from", "30"])
    assert loss(client, done.id) == ONCE


COPIED = """
import os, pathlib, shutil, sys, time, trainyard
run, model, spool = trainyard.init(), pathlib.Path("model.pt"), pathlib.Path(os.environ["TRAINYARD_SPOOL"])
model.write_text(str(run.attempt))
run.log_model(model)
run.log_outputs(by=run.attempt)
run.flush()
if run.attempt == 1:
    while not (spool / "run.json").exists():
        time.sleep(0.01)
    shutil.copytree(spool, sys.argv[1])
    sys.exit(1)
"""


def test_a_person_who_ships_what_an_attempt_left_changes_no_file_of_the_next_one(yard, client, start, tmp_path):
    left = tmp_path / "left"
    done = ended(client, start(str(left), 1, f"import os; os.chdir({str(tmp_path)!r})" + COPIED))
    assert (done.status, done.attempt, done.outputs) == ("succeeded", 2, {"by": 2})
    for durable in left.rglob("durable"):
        durable.unlink()  # as if nothing of it had been sent
    said = yard.command("sync", str(left))
    assert "artifact model.pt" in said
    assert "409 attempt_superseded" in said
    assert client.runs.read(done.id, "model.pt") == b"2"
    assert client.runs.get(done.id).outputs == {"by": 2}


def loss(client, run):
    (series,) = client.runs.series(run, ["loss"], points=0)
    return [(point[0], point[-1]) for point in series.points]
