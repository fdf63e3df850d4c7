"""A user's program that launches runs, waits for them, reads them as frames and runs one again; what it did is read
back by the command line."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from yard import Yard

OPERATION = """
version: 1.1
kind: operation
name: train
component:
  inputs:
    - {name: lr, type: float}
    - {name: epochs, type: int, value: 3}
    - {name: fail, type: bool, value: false}
  run:
    kind: job
    container:
      command: [%s, train.py]
"""
TRAIN = """
import sys, trainyard
run = trainyard.init()
lr, epochs = run.params["lr"], run.params["epochs"]
for epoch in range(epochs):
    run.log({"loss": lr / (epoch + 1), "odd": float("nan") if epoch == 1 else float("inf")}, step=epoch)
print("trained", epochs)
if run.params["fail"]:
    raise ValueError("no good")
"""
PROGRAM = """
import json, math, os, sys
import trainyard
from trainyard.client.errors import RunFailed, StillRunning

first = trainyard.launch("jobs/train.yaml", lr=0.1, tags="swept", name="first")
second = trainyard.launch("jobs/train.yaml", params={"lr": 0.5, "epochs": 2}, tags=["swept"])
assert first.id != second.id
for run in (first, second):
    assert run.wait(timeout=60) is run and run.status == "succeeded", run
again = second.restart(epochs=4)
assert again.wait(timeout=60).params == {"lr": 0.5, "epochs": 4, "fail": False}, again.params
assert again.logs()[-1] == "trained 4"

failing = trainyard.launch("jobs/train.yaml", lr=1, fail=True)
try:
    failing.wait(timeout=60)
except RunFailed as error:
    assert error.run.id == failing.id and "failed" in str(error) and "ValueError: no good" in str(error), str(error)
else:
    raise AssertionError("it failed")

sleeping = trainyard.launch(
    {
        "version": 1.1, "kind": "operation",
        "component": {"run": {"kind": "job", "container": {"command": [sys.executable, "sleep.py"]}}},
    }
)
try:
    sleeping.wait(timeout=0.2)
except StillRunning as error:
    assert "still" in str(error)
else:
    raise AssertionError("it goes on")
assert next(sleeping.follow_logs()) == "sleeping in " + os.getcwd()
assert sleeping.stop().wait(timeout=60, check=False).status == "stopped"

table = trainyard.runs("tags:swept", sort="params.lr", metrics=("loss", "loss.max", "odd"))
assert table["params.lr"] == [0.1, 0.5, 0.5], table["params.lr"]
assert len(trainyard.runs(limit=2)) == 2
frame = table.to_pandas()
assert str(frame["params.epochs"].dtype) == "int64" and str(frame["metrics.loss"].dtype) == "float64"
assert (frame["finished_at"] >= frame["started_at"]).all()
assert abs(frame["duration"] - (frame["finished_at"] - frame["started_at"])).max().total_seconds() < 1e-5

wide = trainyard.history([first, again.id])
assert wide["run"] == [first.id] * 3 + [again.id] * 4 and wide["step"] == [0, 1, 2, 0, 1, 2, 3]
assert wide["metrics.loss"][:3] == [0.1, 0.05, 0.1 / 3] and math.isnan(wide["metrics.odd"][1])
assert wide["metrics.odd"][0] == math.inf
long = first.history("loss", shape="long")
assert [(row["metric"], row["step"], row["value"]) for row in long][0] == ("loss", 0, 0.1)
(bucket,) = again.history("loss", points=1).rows()
assert (bucket["metrics.loss"], bucket["metrics.loss.min"], bucket["metrics.loss.max"]) == (0.125, 0.125, 0.5)
assert "metrics.loss" in wide.to_pandas().columns
assert "trained" not in first._repr_html_() and "loss" in first._repr_html_() and "<table" in table._repr_html_()
print(json.dumps({"first": first.id, "again": again.id, "failing": failing.id, "table": [str(one) for one in table]}))
"""
SLEEP = """
import os, time
print("sleeping in " + os.getcwd(), flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Yard(tmp_path_factory.mktemp("launch")) as yard:
        (yard.folder / "jobs").mkdir()
        (yard.folder / "jobs/train.yaml").write_text(OPERATION % json.dumps(sys.executable))
        (yard.folder / "jobs/train.py").write_text(TRAIN)
        (yard.folder / "sleep.py").write_text(SLEEP)
        yield yard


def program(served, text):
    """What a user's program prints."""
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=240, env=served.environ, cwd=served.folder
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_program_launches_waits_restarts_and_reads_frames(served):
    told = json.loads(program(served, PROGRAM))
    run = json.loads(served.command("get", told["first"], "--json"))
    assert (run["name"], run["status"], run["tags"]) == ("first", "succeeded", ["swept"])
    again = json.loads(served.command("get", told["again"], "--json"))
    assert again["clone_kind"] == "restart"
    assert told["failing"][-8:] in served.command("ls", "--status", "failed")


def test_the_examples_of_the_page_are_carried_out(served):
    """The program of the page, from the folder of the file that it names."""
    page = (Path(__file__).parents[2] / "docs/frames.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 4
    folder, served.folder = served.folder, served.folder / "jobs"
    try:
        printed = program(served, "\n".join(blocks))
    finally:
        served.folder = folder
    assert "'epochs': 20" in printed
    assert "trained 20" in printed


HISTORIES = """
import time, trainyard
with trainyard.init(project="other", name="measured") as run:
    run.log({"loss": 1.0, "system/own": 5.0}, step=0)
    time.sleep(0.01)
    run.log({"system/own": 6.0}, step=0)
    run.log({"system/own": 7.0}, step=7)

table = trainyard.runs(project="other")
plain = trainyard.history(table)
assert plain.columns == ["run", "step", "time", "metrics.loss"] and plain["step"] == [0], plain
both = trainyard.history(table, "loss", "system/own")
assert both["step"] == [0, 7] and both["time"][0] == plain["time"][0], both
rows, frames = table.rows(), (table.to_pandas(), table.to_polars())
for runs in (rows, list(table), rows[0], *frames, trainyard.get_run(project="other"), run):
    assert trainyard.history(runs, "loss")["run"] == table["id"], runs
assert trainyard.history(table["id"], "loss", project="other")["metrics.loss"] == [1.0]
for runs, said in ((5, "'5' names no run"), ([{"name": "x"}], "names no run"), (plain, "a column `id`")):
    try:
        trainyard.history(runs, "loss")
    except TypeError as error:
        assert said in str(error), error
    else:
        raise AssertionError(runs)
try:
    trainyard.history(table, "lss")
except ValueError as error:
    assert "'lss'; did you mean `loss`?" in str(error), error
else:
    raise AssertionError("nobody has recorded it")
"""


def test_histories_are_read_of_whatever_names_runs_with_the_clock_of_the_program(served):
    program(served, HISTORIES)


GOES_ON = """
import logging, trainyard
said = []
logging.getLogger("trainyard").addFilter(lambda record: said.append(record.getMessage()) or True)
with trainyard.init(name="goes on", project="live") as run:
    assert len(trainyard.history(run, "later")) == 0
assert any("'later'" in one for one in said), said
"""


def test_a_metric_that_a_live_run_has_not_recorded_yet_is_no_mistake(served):
    program(served, GOES_ON)


README = Path(__file__).parents[2] / "README.md"


def test_the_commands_of_the_first_run_are_carried_out(served):
    section = README.read_text("utf-8").partition("## First run\n")[2].partition("\n## ")[0]
    commands = [shlex.split(line, comments=True)[1:] for line in re.findall("^    (yard .*)$", section, re.MULTILINE)]
    assert commands.pop(0) == ["up"]
    folder, served.folder = served.folder, README.parent
    try:
        for words in commands:
            found = iter(json.loads(served.command("ls", "--json", "-n", "2"))["items"])
            named = [next(found)["id"] if re.fullmatch("[0-9a-f]{8}", word) else word for word in words]
            assert served.command(*named), words
    finally:
        served.folder = folder


def test_the_python_of_the_readme_can_be_run_twice_in_one_process(served):
    blocks = "\n".join(re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL))
    folder, served.folder = served.folder, README.parent
    try:
        printed = program(served, blocks * 2)
    finally:
        served.folder = folder
    assert "metrics.loss" in printed


WRONG = """
import trainyard
for operation, params, said in (
    ("jobs/train.yaml", {"lr": "much"}, "lr"),
    ("jobs/train.yaml", {"lr": 0.1, "lrr": 1}, "lrr"),
    ("jobs/nowhere.yaml", {}, "nowhere.yaml"),
    ({"version": 1.1, "kind": "operation", "componnt": {}}, {}, "componnt"),
):
    try:
        trainyard.launch(operation, params=params)
    except (ValueError, OSError) as error:
        assert said in str(error), error
    else:
        raise AssertionError((operation, params))
try:
    trainyard.launch("jobs/train.yaml", params={"lr": 1}, lr=2)
except TypeError as error:
    assert "lr: given in the mapping and by name" in str(error)
print(len(trainyard.runs(project="default")))
"""


def test_what_is_wrong_with_a_file_is_told_before_a_run_is_created(served):
    before = len(json.loads(served.command("ls", "--json", "-n", "100"))["items"])
    assert int(program(served, WRONG)) == before
    assert Path(served.folder, "jobs/train.yaml").exists()
