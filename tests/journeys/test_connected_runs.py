"""A run that uses connections: a git host with a credential, a database URL, init steps, a sidecar and a secret file.

The values of its secrets are nowhere else: not in the database, in no file that outlives the attempt, in nothing that
is printed, also when the runner or the server is killed.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import json
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from planted_secrets import files_with, printed
from yard import Yard, ended, eventually

PASSWORD = "tyg-7f3c91-correct-horse"
URL = "postgresql://ada:db-4481-battery-staple@db.example/train"
FLAG = "fl-90aa-from-the-environment"
SECRETS = (PASSWORD, URL, "db-4481-battery-staple", FLAG)

OPERATION = """
version: 1.1
kind: component
run:
  kind: job
  connections: [results, flags]
  init:
    - connection: code
      path: model
    - container:
        name: look
        command: [sh, -c, 'rm -f ready; cat model/weights; stat -c "mode %a" "$CODE_PASSWORD_FILE"']
  sidecars:
    - name: proxy
      command: [sh, -c, 'touch ready; while :; do sleep 0.1; done']
  container:
    command: [sh, -c]
    args:
      - |
        while [ ! -e ready ]; do sleep 0.02; done
        printf %s "$RESULTS_URL" | sha256sum
        printf %s "$FLAG" | sha256sum
        sha256sum < "$CODE_PASSWORD_FILE"
        while [ ! -e GATE ]; do sleep 0.05; done
"""


class GitHost(http.server.SimpleHTTPRequestHandler):
    """A repository as files, for whoever has the password."""

    def do_GET(self):
        wanted = "Basic " + base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, *_):
        """It is quiet."""


@pytest.fixture(scope="module")
def hosted(tmp_path_factory):
    """A repository with one file and two commits, of which `v1` is the first."""
    work = tmp_path_factory.mktemp("host") / "work"
    work.mkdir()
    (work / "weights").write_text("weights of the model\n")
    git = ["git", "-C", str(work), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    second = ["commit", "-q", "--allow-empty", "-m", "second"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"], ["tag", "v1"], second):
        subprocess.run([*git, *words], check=True)
    return work


@pytest.fixture(scope="module")
def repository(hosted):
    """The URL of that repository, for whoever has the password."""
    work, folder = hosted, hosted.parent
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(folder / "model.git")], check=True)
    subprocess.run(["git", "-C", str(folder / "model.git"), "update-server-info"], check=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(GitHost, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/model.git"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def yard(tmp_path, repository):
    """A server with the three connections, whose secrets are in its environment and in a file outside its folder."""
    place, outside = tmp_path / "yard", tmp_path / "outside"
    place.mkdir()
    outside.mkdir()
    (outside / "url").write_text(URL + "\n")
    written = {
        "code": f"kind: git\nfields: {{url: '{repository}', user: ada}}\n"
        "secrets: {password: {env: GIT_PASSWORD}}\n",
        "results": f"kind: database\nsecrets: {{url: {{file: '{outside / 'url'}'}}}}\n",
        "flags": "kind: custom\nsecrets: {FLAG: {env: FLAG_OF_TEST}}\n",
    }
    with Yard(place, environ={"GIT_PASSWORD": PASSWORD, "FLAG_OF_TEST": FLAG}) as running:
        for name, text in written.items():
            (place / f"{name}.yaml").write_text(f"name: {name}\n{text}")
            running.command("connections", "add", "-f", f"{name}.yaml")
        yield running


def begin(yard):
    """A run whose program has printed what it was given, and the file that lets it end."""
    gate = yard.folder / "gate"
    (yard.folder / "run.yaml").write_text(OPERATION.replace("GATE", str(gate)))
    with yard.client() as client:
        run = yard.command("run", "-f", "run.yaml").split()[0]
        digests = [hashlib.sha256(value.encode()).hexdigest() + "  -" for value in (URL, FLAG, PASSWORD)]
        wanted = ["[checkout-1]", "[look] weights of the model", "[look] mode 600", *digests]

        def told():
            said = [line.text for line in client.runs.lines(run)]
            assert client.runs.get(run).status not in ("failed", "stopped"), (said, client.runs.get(run).message)
            return set(wanted[1:]) <= set(said)

        eventually(told, what="the program prints what it was given")
    return run, gate


def found_in(folder):
    """The files below a folder that hold a secret."""
    return files_with(folder, SECRETS)


def told(yard, run):
    """All that is told of a run and of what it uses."""
    commands = [
        ("get", run, "--json"), ("logs", run), ("why", run), ("ls",), ("connections", "ls"), ("settings",),
        *(("connections", "show", name) for name in ("code", "results", "flags")),
        *(("connections", "check", name) for name in ("code", "results", "flags")),
    ]  # fmt: skip
    return printed(yard, *commands)


def gone(yard):
    """Until no attempt has a folder, and nothing of a secret is left."""
    attempts = yard.data / "plugins" / "scheduler_process" / "attempts"
    assert attempts.is_dir()
    eventually(lambda: not [path for path in attempts.iterdir() if not path.name.startswith(".")], what="release")
    eventually(lambda: not found_in(yard.folder), what="nothing is left of the secrets")


def test_the_program_has_all_of_it_and_nothing_stays(yard, repository):
    run, gate = begin(yard)
    (where, value) = set(found_in(yard.folder)).pop()
    assert where.name == "password" and value == PASSWORD, "the secret file, as long as the program runs"
    assert [where for where, _ in found_in(yard.folder)] == [where]
    assert not [value for value in SECRETS if value in told(yard, run)]
    gate.touch()
    with yard.client() as client:
        done = ended(client, run)
    assert done.status == "succeeded"
    (checkout,) = done.meta["checkouts"].items()
    assert checkout == ("model", {"commit": commits(yard.folder / "model")[0], "remote": repository})
    events = yard.command("events", run, "--kind", "meta").splitlines()
    assert [line for line in events if checkout[1]["commit"] in line and line.split()[1] == "meta"]
    drawn = yard.command("compare", run, run, "--metric", "system/process/cpu", "--plot")
    assert drawn.splitlines()[0] == "system/process/cpu by step"
    gone(yard)


def commits(folder):
    """The commits of a repository, the newest first."""
    words = ["git", "-C", str(folder), "log", "--format=%H"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


CODE = """
version: 1.1
kind: component
run:
  kind: job
  init: [{connection: code, git: {revision: REVISION}}]
  container:
    command: [sh, -c, 'cat weights; pwd']
"""


def test_the_code_itself_comes_by_a_connection_in_the_revision_that_is_asked_for(yard, repository, hosted):
    first, second = reversed(commits(hosted))
    for revision, commit in (("v1", first), (first[:12], first), ("HEAD", second)):
        (yard.folder / "run.yaml").write_text(CODE.replace("REVISION", f"'{revision}'"))
        run = yard.command("run", "-f", "run.yaml").split()[0]
        with yard.client() as client:
            done = ended(client, run)
            said = [line.text for line in client.runs.lines(run)]
        assert done.status == "succeeded", said
        assert (done.meta["code"]["commit"], done.meta["code"]["remote"]) == (commit, repository)
        assert "weights of the model" in said
        assert f"[checkout-1] checked out {commit}" in said
        assert not Path(said[-1]).is_relative_to(yard.folder / "model"), "it is not in the folder of the file"
        assert commit[:12] in yard.command("get", run)
    (yard.folder / "run.yaml").write_text(CODE.replace("REVISION", "nowhere"))
    run = yard.command("run", "-f", "run.yaml").split()[0]
    with yard.client() as client:
        done = ended(client, run)
    assert (done.status, done.reason) == ("failed", "start_failed")
    assert "there is no commit, tag or branch 'nowhere'" in done.message
    gone(yard)


@pytest.mark.parametrize("victim", ["runner", "server"])
def test_nothing_stays_after_a_kill(yard, victim):
    run, gate = begin(yard)
    if victim == "server":
        yard.down(signal.SIGKILL)
        gate.touch()
        yard.up()
    else:
        (lock,) = (yard.data / "plugins" / "scheduler_process" / "attempts").glob("*/*/started.json")
        os.kill(int(json.loads(lock.read_text())["runner_pid"]), signal.SIGKILL)
        gate.touch()
    with yard.client() as client:
        assert ended(client, run).status == "succeeded", "what was lost is tried again"
    gone(yard)


def test_what_is_wrong_with_a_secret_is_one_clear_line(yard, tmp_path):
    shutil.move(tmp_path / "outside" / "url", tmp_path / "elsewhere")
    (yard.folder / "run.yaml").write_text(OPERATION.replace("GATE", str(yard.folder / "gate")))
    run = yard.command("run", "-f", "run.yaml").split()[0]
    with yard.client() as client:
        done = ended(client, run)
    assert (done.status, done.reason) == ("failed", "submit_failed")
    assert "cannot be read: No such file or directory" in done.message
    assert "secrets.url: the secret {file:" in yard.command("connections", "check", "results", code=None)
