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
    assert shown(yard, latest["id"])["metrics"] == {"of 0": 0.0, "of 1": 1.0}


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
