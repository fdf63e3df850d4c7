"""A stranger's plugin that brings one of everything, built as a wheel and installed by pip: all of it works, nothing of
it is in the way once it is gone, and it goes on when it is back."""

from __future__ import annotations

import hashlib
import json
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from trainyard_core.testing.databases import postgres

from .environment import Environment, build

__all__ = ["postgres"]

ROOT = Path(__file__).resolve().parents[2]
DISTRIBUTION = "trainyard-alternate-everything"
PATIENCE = 60.0
SWEEP = """\
version: 1.1
kind: operation
name: climbing
matrix: {kind: ladder, numRuns: 3, params: {x: {kind: choice, value: [5, 7]}}}
component:
  inputs: [{name: x, type: int}]
  run: {kind: job, container: {command: [sh, -c, "echo {{ x }}"]}}
"""
JUDGED = """\
version: 1.1
kind: operation
name: judged
matrix:
  kind: ladder
  numRuns: 2
  params: {x: {kind: choice, value: [5, 7]}}
  earlyStopping:
    - {kind: metric_early_stopping, metric: loss, optimization: minimize, policy: {kind: margin, margin: 1}}
component:
  inputs: [{name: x, type: int}]
  run: {kind: job, container: {command: [%s, %s, "{{ x }}", %s]}}
"""
LOGS = """\
import sys, time, trainyard
from pathlib import Path
for step in range(1, 6000):
    trainyard.log({"loss": float(sys.argv[1])}, step=step)
    if Path(sys.argv[2]).exists():
        break
    time.sleep(0.05)
"""
PIN = "4711-of-the-master"
BOX = """\
name: box
kind: locker
fields: {shelf: third}
secrets: {pin: {source: lockbox, name: master}}
"""
LOCKED = """\
version: 1.1
kind: operation
name: locked
component:
  run:
    kind: job
    connections: [box]
    container:
      command: [sh, -c, 'test -e $LOCKER/open && until [ -e $LOCKER/guarded ]; do sleep 0.05; done
        && echo $LOCKER_SHELF && printf %s "$LOCKER_PIN" | sha256sum']
"""
REVIEW = """\
version: 1.1
kind: operation
name: written
component:
  inputs: [{name: count, type: int}]
  run: {kind: review, steps: "{{ count }}"}
"""
JOB = (
    "version: 1.1\nkind: operation\nname: %s\ncomponent: {run: {kind: job, container: {command: [sh, -c, 'exit 0']}}}\n"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The plugin's."""
    into = tmp_path_factory.mktemp("everything")
    build(ROOT / "tests" / "alternates" / "everything", into)
    (found,) = into.glob("*.whl")
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    """Where the server keeps its rows; empty for a file in the data directory."""
    if request.param == "sqlite":
        yield ""
        return
    cluster = request.getfixturevalue("postgres")
    url = cluster.create(empty=True)
    yield url
    cluster.drop(url)


@pytest.fixture
def stranger(wheels, wheel, tmp_path_factory):
    """An environment with all of ours and the stranger's plugin."""
    environment = Environment(tmp_path_factory.mktemp("stranger") / "venv")
    environment.install(*wheels, wheel)
    return environment


class Server:
    """One that serves from an environment, as somebody speaks to it with `yard` and over HTTP."""

    def __init__(self, environment, folder, url):
        self._environment, self.folder, self.url = environment, folder, url
        self.here = {"cwd": folder, "TRAINYARD_DATA": str(folder / "data")}

    def yard(self, *words, code=0):
        return self._environment.yard(*words, **self.here, code=code)

    def ask(self, path, *, token=None, body=None):
        """The status and the answer's text."""
        token = (self.folder / "data" / "token").read_text().strip() if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data=data, headers={**headers, "Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def notes(self):
        """By name."""
        return {note["name"]: note for note in json.loads(self.ask("/api/v1/everything/notes/default")[1])["items"]}


@pytest.fixture
def serve(stranger, database, tmp_path):
    """Starts a server with these settings; its data stays from one to the next."""

    @contextmanager
    def start(**settings):
        here = {"cwd": tmp_path, "TRAINYARD_DATA": str(tmp_path / "data"), **settings}
        if database:
            here["TRAINYARD_DATABASE"] = database
        with stranger.serving("up", "--port", "0", **here) as said:
            yield Server(stranger, tmp_path, said.split()[-1])

    return start


def eventually(condition, what):
    """What the condition gave once it was true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"it never came: {what}"
        time.sleep(0.05)
    return found


def test_all_of_it_works_and_it_comes_and_goes(serve, stranger, wheel, tmp_path):
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    (tmp_path / "job.yaml").write_text(JOB % "fine")
    (tmp_path / "refused.yaml").write_text(JOB % "forbidden")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "trainyard.toml").write_text('[everything]\nlockbox = {env = "MASTER_PIN"}\n')
    with serve(TRAINYARD_EVERYTHING__GREETING="good day", MASTER_PIN=PIN) as server:
        its_routes_ask_for_what_they_declare(server)
        its_jobs_are_done(server)
        its_policy_and_its_references_count(server)
        its_matrix_is_searched_and_its_observer_told(server)
        its_policy_stops_a_trial(server, stranger)
        its_run_kind_is_planned(server)
        its_connection_kind_and_its_secrets_reach_a_run(server)
        its_check_and_its_command_are_there(server)
        before = server.notes()
    stranger.uninstall(DISTRIBUTION)
    (tmp_path / "data" / "trainyard.toml").unlink()
    with serve() as server:
        assert "connection kind" in server.yard("connections", "check", "box", code=1)
        assert server.ask("/api/v1/everything/notes/default")[0] == 404
        assert "everything" not in server.yard("plugins", "ls")
        assert "succeeded" in server.yard("ls")
        assert "no plugin" in server.yard("jobs", "ls", "--plugin", "everything")
    stranger.install(wheel)
    with serve() as server:
        assert server.notes() == before


def its_routes_ask_for_what_they_declare(server):
    assert server.ask("/", token="")[1].count("good day") == 1
    assert server.ask("/api/v1/everything/notes/default", token="")[0] == 401
    assert server.ask("/api/v1/everything/notes/nowhere")[0] == 404
    server.yard("users", "add", "vera", "--role", "viewer")
    viewer = json.loads(server.yard("tokens", "create", "--for", "vera", "--name", "x", "--json"))["token"]
    assert server.ask("/api/v1/everything/notes/default", token=viewer)[0] == 200
    assert server.ask("/api/v1/everything/notes/default", token=viewer, body={"name": "a"})[0] == 403
    assert server.ask("/api/v1/everything/notes/default", body={"name": "a", "text": "x" * 1001})[0] == 422
    paths = json.loads(server.ask("/api/v1/openapi.json")[1])["paths"]
    assert "/api/v1/everything/notes/{project}" in paths


def its_jobs_are_done(server):
    assert server.ask("/api/v1/everything/notes/default", body={"name": "a", "text": "b"})[0] == 200
    eventually(lambda: server.notes()["a"]["sent"], "the note is sent")
    listed = server.yard("jobs", "ls", "--plugin", "everything")
    assert ("count" in listed, "yearly" in listed, "send" in listed) == (True, True, False)


def its_policy_and_its_references_count(server):
    assert "no run is called 'forbidden'" in server.yard("run", "-f", "refused.yaml", "--code", "none", code=4)
    run = server.yard("run", "-f", "job.yaml", "--code", "none").split()[0]
    assert json.loads(server.yard("get", run, "--json"))["tags"] == ["everything"]
    server.yard("run", "--hub", "any-one", "--watch", "--code", "none")
    assert "from everything" in server.yard("logs", "latest")
    assert "is not for you" in server.yard("run", "--hub", "any-other", "--code", "none", code=1)


def its_matrix_is_searched_and_its_observer_told(server):
    assert "sweep.yaml" in server.yard("lint", "sweep.yaml")
    sweep = server.yard("run", "-f", "sweep.yaml", "--code", "none").split()[0]
    eventually(lambda: json.loads(server.yard("get", sweep, "--json"))["status"] == "succeeded", "the sweep ends")
    trials = json.loads(server.yard("ls", "-q", f"sweep:{sweep}", "--sort", "name", "--json"))["items"]
    assert [run["params"]["x"] for run in trials] == [5, 7, 5]
    names = {sweep, *(run["id"] for run in trials)}
    eventually(lambda: names <= {name for name in server.notes() if len(name) == 36}, "their ends are noted")


def its_policy_stops_a_trial(server, stranger):
    """The other trial goes on until it is told that this one has been stopped."""
    program, enough = server.folder / "logs.py", server.folder / "enough"
    program.write_text(LOGS)
    words = (json.dumps(str(each)) for each in (stranger.python, program, enough))
    (server.folder / "judged.yaml").write_text(JUDGED % tuple(words))
    sweep = server.yard("run", "-f", "judged.yaml", "--code", "none").split()[0]

    def stopped():
        trials = json.loads(server.yard("ls", "-q", f"sweep:{sweep}", "--sort", "name", "--json"))["items"]
        return [run for run in trials if run["reason"] == "early_stopped"]

    (trial,) = eventually(stopped, "a trial is stopped")
    enough.touch()
    assert trial["params"]["x"] == 7
    assert eventually(lambda: _final(server, sweep), "the sweep ends")["status"] == "succeeded"
    assert "7 against 5" in json.loads(server.yard("get", trial["id"], "--json"))["message"]


def its_run_kind_is_planned(server):
    status, made = server.ask("/api/v1/everything/reviews/default", body={"name": "look", "steps": 3})
    assert status == 201
    run = json.loads(made)["id"]
    ended = eventually(lambda: _final(server, run), "the review ends")
    assert (ended["kind"], ended["status"], ended["message"]) == ("review", "succeeded", "3 steps")
    steps = json.loads(server.yard("ls", "-q", f"parent:{run}", "--sort", "name", "--json"))["items"]
    assert [(step["name"], step["status"]) for step in steps] == [(f"step-{n}", "succeeded") for n in (1, 2, 3)]

    (server.folder / "review.yaml").write_text(REVIEW)
    assert "0 findings" in server.yard("lint", "review.yaml", "-P", "count=2")
    assert "must be 1 or more" in server.yard("run", "-f", "review.yaml", "-P", "count=0", "--code", "none", code=1)
    run = server.yard("run", "-f", "review.yaml", "-P", "count=2", "--code", "none").split()[0]
    ended = eventually(lambda: _final(server, run), "the review of a file ends")
    assert (ended["kind"], ended["status"], ended["message"]) == ("review", "succeeded", "2 steps")


def its_connection_kind_and_its_secrets_reach_a_run(server):
    (server.folder / "box.yaml").write_text(BOX)
    (server.folder / "locked.yaml").write_text(LOCKED)
    server.yard("connections", "add", "-f", "box.yaml")
    assert "box" in server.yard("connections", "ls")
    run = server.yard("run", "-f", "locked.yaml", "--code", "none").split()[0]
    ended = eventually(lambda: _final(server, run), "the run that uses the locker ends")
    assert ended["status"] == "succeeded", ended["message"]
    assert hashlib.sha256(PIN.encode()).hexdigest() in server.yard("logs", run)
    for words in (("get", run, "--json"), ("logs", run), ("connections", "show", "box"), ("settings",)):
        assert PIN not in server.yard(*words)


def _final(server, run):
    found = json.loads(server.yard("get", run, "--json"))
    return found if found["status"] in ("succeeded", "failed", "stopped") else None


def its_check_and_its_command_are_there(server):
    assert "greeting 'good day', stamps: plain" in server.yard("doctor")
    assert "note more is written" in server.yard("notes", "add", "more", "words")
    assert "more: words" in server.yard("notes", "ls")
    assert "everything" in server.yard("plugins", "ls")


def test_a_setting_that_is_wrong_refuses_to_start(stranger, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "trainyard.toml").write_text('port = 0\n\n[everything]\ngreetin = "hi"\n')
    said = stranger.yard("up", "--data", "data", cwd=tmp_path, code=1)
    for part in ("trainyard.toml:4", "no key 'greetin'", "did you mean greeting?"):
        assert part in said, said


def test_its_commands_work_beside_the_sdk_alone(wheels, wheel, tmp_path, tmp_path_factory):
    laptop = Environment(tmp_path_factory.mktemp("laptop") / "venv")
    laptop.install(wheels[0], wheel)
    laptop.hide_what_servers_need()
    assert (
        laptop.run("-c", "import importlib.util as u; print(u.find_spec('trainyard_core'))", cwd=tmp_path) == "None\n"
    )
    assert laptop.yard("notes", "words", "one two three", cwd=tmp_path) == "3\n"
    assert f"notes  (from {DISTRIBUTION})" in laptop.yard("--help", cwd=tmp_path)
