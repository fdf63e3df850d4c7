"""Programs that a user starts, by hand or by `yard run`, and what the command line says of them afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import datetime

import pytest
from yard import Yard, eventually

BEGIN = """
import os, sys
import trainyard
run = trainyard.init(name="by hand", params={"lr": 0.1})
print(run.id, flush=True)
run.log({"loss": 1.0}, step=0)
"""


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """One layout is enough: what programs tell does not depend on it."""
    with Yard(tmp_path_factory.mktemp("yard")) as served:
        yield served


@pytest.fixture
def start(yard, tmp_path):
    """Starts a program as a user would. What still runs in the end is killed."""
    started = []

    def start(text, **environ):
        (tmp_path / "prog.py").write_text(text)
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "prog.py"],
            env={**yard.environ, **environ},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def run(yard, start):
    """Runs a program to its end: its run as `yard get` shows it, and the finished process."""

    def run(text, **environ):
        process = start(text, **environ)
        out, err = process.communicate(timeout=120)
        process.said = err
        return shown(yard, out.split()[0]), process

    return run


def shown(yard, run):
    return json.loads(yard.command("get", run, "--json"))


ENDINGS = {
    "its end": ("", "succeeded", "", "", None),
    "sys.exit(3)": ("sys.exit(3)", "failed", "exit_code", "exit code 3", 3),
    "sys.exit(0) in with": ("with run:\n    sys.exit(0)", "succeeded", "", "", 0),
    "an exception behind a hook": (
        "sys.excepthook = print\nraise ValueError('bad data')",
        "failed",
        "error",
        "ValueError: bad data",
        None,
    ),
    "Ctrl-C": ("raise KeyboardInterrupt", "stopped", "user", "interrupted", None),
}


@pytest.mark.parametrize(("text", "status", "reason", "message", "code"), ENDINGS.values(), ids=ENDINGS)
def test_a_program_started_by_hand_ends_as_it_ended(run, text, status, reason, message, code):
    found, process = run(BEGIN + text)
    ended = (found["status"], found.get("reason", ""), found.get("message", ""), found.get("exit_code"))
    assert ended == (status, reason, message, code), process.said
    assert found["params"] == {"lr": 0.1}


WORKERS = """
import multiprocessing
import trainyard

def work(n):
    trainyard.log({f"of {n}": float(n)})

if __name__ == "__main__":
    run = trainyard.init()
    print(run.id, flush=True)
    context = multiprocessing.get_context(METHOD)
    workers = [context.Process(target=work, args=(n,)) for n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_a_program_record_to_its_run_and_it_ends_at_once(run, method):
    found, process = run(WORKERS.replace("METHOD", repr(method)))
    assert (found["status"], found.get("reason", "")) == ("succeeded", ""), process.said
    assert found["metrics"] == {"of 0": 0.0, "of 1": 1.0}


def test_workers_of_a_managed_program_record_to_its_run(yard, tmp_path):
    (tmp_path / "prog.py").write_text(WORKERS.replace("METHOD", "'spawn'"))
    command = [sys.executable, "-W", "ignore", str(tmp_path / "prog.py")]
    operation = {
        "version": 1.1,
        "kind": "operation",
        "component": {"run": {"kind": "job", "container": {"command": command}}},
    }
    (tmp_path / "job.json").write_text(json.dumps(operation))
    yard.command("run", "-f", str(tmp_path / "job.json"), "--watch")
    (latest,) = json.loads(yard.command("ls", "--limit", "1", "--json"))["items"]
    metrics = shown(yard, latest["id"])["metrics"]
    assert {name: value for name, value in metrics.items() if not name.startswith("system/")} == {
        "of 0": 0.0,
        "of 1": 1.0,
    }


def test_a_run_that_is_synced_later_has_the_times_of_the_machine_that_recorded(yard, run, start):
    text = BEGIN + "import time\nprint(time.time(), flush=True)\nrun.finish()\nprint(time.time(), flush=True)"
    before = time.time()
    process = start(text, TRAINYARD_OFFLINE="1", TRAINYARD_CODE="0")
    ident, first, last = process.communicate(timeout=120)[0].split()
    yard.command("sync")
    found = shown(yard, ident)
    began, ended = (datetime.fromisoformat(found[name]).timestamp() for name in ("started_at", "finished_at"))
    assert before - 0.01 <= began <= float(first)
    assert float(first) - 0.01 <= ended <= float(last)


def test_a_program_that_was_killed_ended_when_it_last_recorded(yard, start):
    process = start(BEGIN + "run.flush()\nos.kill(os.getpid(), 9)", TRAINYARD_OFFLINE="1", TRAINYARD_CODE="0")
    ident = process.communicate(timeout=120)[0].strip()
    killed = time.time()
    yard.command("sync")
    found = shown(yard, ident)
    assert (found["status"], found["reason"]) == ("failed", "lost")
    assert datetime.fromisoformat(found["finished_at"]).timestamp() <= killed


def test_a_program_follows_a_server_that_comes_back_at_another_port(tmp_path):
    with Yard(tmp_path) as yard:
        text = BEGIN + "sys.stdin.readline()\nrun.log({'loss': 0.5}, step=1)\n"
        command = [sys.executable, "-W", "ignore", "-c", text]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, env=yard.environ, stdin=pipe, stdout=pipe, text=True)
        ident = process.stdout.readline().strip()
        eventually(lambda: "loss" in yard.command("metrics", ident, code=None))
        first = yard.url
        yard.down()
        yard.at_any_port()
        yard.up()
        assert yard.url != first
        process.communicate("go on\n", timeout=120)
        found = shown(yard, ident)
        assert (found["status"], found["metrics"]) == ("succeeded", {"loss": 0.5})


PRINTS = """
import logging, sys, time
print("epoch 1")
logging.warning("careful")
while not list(run.root.glob("*/*.tyf")):
    time.sleep(0.01)
raise ValueError("bad data")
"""


def test_output_and_traceback_of_a_program_started_by_hand_are_its_logs(yard, run):
    found, process = run(BEGIN + PRINTS)
    said = yard.command("logs", found["id"])
    for line in ("epoch 1", "WARNING:root:careful", "Traceback (most recent call last):", "ValueError: bad data"):
        assert line in said.splitlines(), said
    assert said.count("ValueError: bad data") == 1
    assert found["last_lines"][:3] == [found["id"], "epoch 1", "WARNING:root:careful"]
    assert found["last_lines"][-1] == "ValueError: bad data"
    assert yard.command("get", found["id"]).rstrip().endswith("last lines:\n  " + "\n  ".join(found["last_lines"]))
    look = f"look at it: yard get {found['id'][-8:]}"
    assert process.said.splitlines()[0] == (
        f"trainyard: run {found['id']} 'by hand' in project 'default' on {yard.url}; {look}"
    )
    assert f"trainyard: run {found['id']} 'by hand' failed after " in process.said
    assert "loss  first 1  last 1  min 1  max 1" in process.said


def test_what_was_printed_is_there_when_a_program_is_killed(yard, start):
    text = BEGIN + (
        "import time\nprint('kept')\nrun.flush()\n"
        "while len(list(run.root.glob('*/*.tyf'))) < 2:\n    time.sleep(0.01)\nos.kill(os.getpid(), 9)"
    )
    ident = start(text, TRAINYARD_OFFLINE="1").communicate(timeout=120)[0].split()[0]
    yard.command("sync")
    assert "kept" in yard.command("logs", ident).splitlines()


@pytest.fixture
def repository(tmp_path):
    """The programs' folder is a git work tree with one commit and a change."""

    def git(*arguments):
        names = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", "-C", tmp_path, *names, *arguments], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    git("remote", "add", "origin", "https://me:hush@example.org/code.git")
    (tmp_path / "model.py").write_text("layers = 1\n")
    git("add", "model.py")
    git("commit", "-q", "-m", "first")
    (tmp_path / "model.py").write_text("layers = 2\n")
    return git("rev-parse", "HEAD")


def check_origin(found, commit, command):
    meta = found["meta"]
    assert (meta["code"]["commit"], meta["code"]["branch"]) == (commit, "main")
    assert meta["code"]["remote"] == "https://example.org/code.git"
    assert "+layers = 2" in meta["code"]["patch"]
    assert "prog.py" in [each["name"] for each in meta["code"]["untracked"]]
    assert meta["origin"]["command"][-len(command) :] == command
    assert {"folder", "host", "system", "cpus", "memory"} <= set(meta["origin"])
    assert meta["python"]["packages"]["pytest"] == pytest.__version__


def test_a_run_started_by_hand_and_a_managed_one_have_the_same_origin(yard, run, repository, tmp_path):
    by_hand, _ = run(BEGIN)
    check_origin(by_hand, repository, ["prog.py"])
    command = [sys.executable, "-W", "ignore", "prog.py"]
    operation = {"version": 1.1, "kind": "operation"}
    operation["component"] = {"run": {"kind": "job", "container": {"command": command}}}
    (tmp_path / "job.json").write_text(json.dumps(operation))
    yard.command("run", "-f", str(tmp_path / "job.json"), "--watch")
    (latest,) = json.loads(yard.command("ls", "--limit", "1", "--json"))["items"]
    managed = shown(yard, latest["id"])
    check_origin(managed, repository, command)
    assert set(managed["meta"]) == set(by_hand["meta"])
    for key in ("origin", "code", "python"):
        assert set(managed["meta"][key]) == set(by_hand["meta"][key])
    assert "look at it" not in yard.command("logs", latest["id"]), "the platform says where a managed run is"


def test_system_metrics_of_a_run_are_series_beside_its_own(yard, run):
    text = "import time\nfor i in range(3):\n    run.log({'a': i})\n    time.sleep(0.3)\n"
    found, process = run(BEGIN + text, TRAINYARD_SYSTEM_PERIOD="0.1")
    assert found["metrics"]["a"] == 2.0
    assert 0 <= found["metrics"]["system/memory"] <= 100
    assert found["metrics"]["system/process/memory"] > 1e6
    assert found["status"] == "succeeded", process.said


def test_runs_of_a_group_are_found_by_it(yard, run):
    text = BEGIN.replace("params=", "group='seeds', job_type='eval', params=")
    found, _ = run(text)
    query = "meta.group:seeds, meta.job_type:eval"
    items = json.loads(yard.command("ls", "-q", query, "--json"))["items"]
    assert [each["id"] for each in items] == [found["id"]]


RESUMES = """
import os, sys
import trainyard
first = {} if RESUME and RESUME is not True else {"name": "long"}
run = trainyard.init(**first, project=PROJECT, resume=RESUME)
if not run.resumed_from:
    run.log_params(lr=0.1)
print(run.id, run.resumed_from or "-", run.resume_step, flush=True)
left = run.checkpoint() if CHECKPOINT else None
first = int(left.read_text()) if left else 38 if run.resumed_from else 0
with open("last.txt", "w") as file:
    file.write("40")
run.log_checkpoint("last.txt")
for step in range(first, first + 60):
    run.log({"loss": 1.0}, step=step)
if not run.resumed_from:
    os._exit(1)
run.log({"loss": 2.0})
"""
"""It is killed after 60 steps, and goes on from a checkpoint of before."""


def resumes(project, resume, *, checkpoint=False):
    text = RESUMES.replace("CHECKPOINT", repr(checkpoint))
    return text.replace("PROJECT", repr(project)).replace("RESUME", repr(resume))


def series_of(yard, project, run):
    said = yard.command("metrics", run, "-p", project, "--json")
    return {each["name"]: each for each in json.loads(said)["items"]}


def test_a_program_that_was_killed_is_resumed_as_one_series(yard, start):
    killed, none, _ = start(resumes("digits", True)).communicate(timeout=120)[0].split()
    assert none == "-", "there is nothing to resume yet"
    out, err = start(resumes("digits", True)).communicate(timeout=120)
    resumed, source, step = out.split()
    assert (source, step) == (killed, "59"), err
    assert series_of(yard, "digits", resumed)["loss"]["count"] == 99, "steps 38 to 59 are there once"
    before, after = (json.loads(yard.command("get", run, "-p", "digits", "--json")) for run in (killed, resumed))
    assert (before["status"], before["reason"]) == ("failed", "lost")
    assert (after["status"], after["cloned_from"], after["clone_kind"]) == ("succeeded", killed, "resume")
    assert (after["name"], after["params"]) == (before["name"], before["params"])
    again = start(resumes("digits", resumed)).communicate(timeout=120)[0].split()
    assert again[1:] == [resumed, "98"]
    _, err = start(resumes("digits", "no-such")).communicate(timeout=120)
    assert "ValueError: resume: there is no run 'no-such' in project 'digits' on" in err


def test_the_checkpoint_of_a_killed_program_is_found_when_it_is_resumed(yard, start):
    start(resumes("kept", True, checkpoint=True)).communicate(timeout=120)
    out, err = start(resumes("kept", True, checkpoint=True)).communicate(timeout=120)
    resumed, _, step = out.split()
    assert step == "59", err
    assert series_of(yard, "kept", resumed)["loss"]["count"] == 101, "from step 40 on, and one more"


def test_a_program_is_resumed_without_a_server_and_synced_later(yard, start):
    offline = {"TRAINYARD_OFFLINE": "1"}
    killed = start(resumes("offline", True), **offline).communicate(timeout=120)[0].split()[0]
    resumed, source, step = start(resumes("offline", killed), **offline).communicate(timeout=120)[0].split()
    assert (source, step) == (killed, "59")
    yard.command("sync")
    assert series_of(yard, "offline", resumed)["loss"]["count"] == 99


NOBODY = """
import os, pwd
os.environ.pop("HOME", None)
def nobody(uid):
    raise KeyError(uid)
pwd.getpwuid = nobody
"""
"""As in a container whose user is a number only."""


def test_without_a_home_a_program_says_what_to_name(start):
    process = start(NOBODY + BEGIN, TRAINYARD_DATA="")
    assert "set TRAINYARD_DATA to a folder" in process.communicate(timeout=120)[1].strip().splitlines()[-1]


@pytest.mark.parametrize("command", [["ls"], ["sync"], ["up"]], ids="-".join)
def test_without_a_home_a_command_says_what_to_name(start, command):
    text = f"import sys\nfrom trainyard.cli import main\nsys.argv = ['yard', *{command}]\nsys.exit(main())"
    out, err = start(NOBODY + text, TRAINYARD_DATA="", TRAINYARD_CONFIG="").communicate(timeout=120)
    assert "Traceback" not in err
    assert "TRAINYARD_DATA" in out + err


def test_without_a_home_a_command_goes_to_the_server_that_is_named(yard, start):
    text = "import sys\nfrom trainyard.cli import main\nsys.argv = ['yard', 'ls', '--json']\nsys.exit(main())"
    token = (yard.data / "token").read_text().strip()
    out, err = start(NOBODY + text, TRAINYARD_DATA="", TRAINYARD_URL=yard.url, TRAINYARD_TOKEN=token).communicate(
        timeout=120
    )
    assert "items" in json.loads(out), err
