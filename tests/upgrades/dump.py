"""Write the fixtures of this folder for the tables of today: `python tests/upgrades/dump.py m0014`.

A real server records runs, a retry, a clone, sweeps, artifacts, components, people, queues and an attempt that its
agent has not started; what its database holds then is written as SQL text, once for SQLite and once for PostgreSQL,
without secrets, host names and paths. Add a fixture before each release; never change one.
"""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "journeys"))

from yard import Yard, ended, eventually, submit  # noqa: E402 - a script finds what journeys share by where it lies

from trainyard.client import Client  # noqa: E402
from trainyard.client.wire import Request, path_of  # noqa: E402
from trainyard_core.agent import wire  # noqa: E402
from trainyard_core.contracts.capacity import Capacity  # noqa: E402
from trainyard_core.testing.databases import PostgresCluster  # noqa: E402

T = TypeVar("T")
PYTHON_ON_PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
TRAIN = "import trainyard; run = trainyard.init(); [run.log(dict(loss=(x - 3) ** 2 + 1 / s), s) for s in (1, 2)]"
SWEEP = """\
version: 1.1
kind: operation
name: {name}
queue: {queue}
matrix: {{kind: tpe, numRuns: 3, concurrency: 2, seed: 1, params: {{x: {{kind: uniform, value: [-5, 5]}}}},
  metric: {{name: loss, optimization: minimize}}}}
component:
  inputs: [{{name: x, type: float}}]
  run:
    kind: job
    container:
      command: [python, -W, ignore, -c, "x = float({{{{ x }}}}); {script}"]
      resources: {{requests: {{cpu: 0.1}}}}
"""
RETRIED = """\
version: 1.1
kind: operation
name: retried
termination: {maxRetries: 1}
component:
  run:
    kind: job
    container:
      command: [python, -W, ignore, -c, "import sys, trainyard; run = trainyard.init();
          [run.log({'loss': 9.0 - s - run.attempt}, s) for s in range(3)]; trainyard.finish();
          sys.exit(run.attempt == 1)"]
"""
TRACKED = """
import trainyard
run = trainyard.init(name="tracked", params={"lr": 0.1, "model": "cnn"}, tags=["base"])
for step, loss in enumerate((3.0, 1.0, float("nan"), 2.0)):
    run.log({"loss": loss, "accuracy": step / 4}, step)
run.log_outputs(best=1.0)
run.log_meta({"note": "first"})
with open("weights.txt", "w") as file:
    file.write("weights")
run.log_file("weights.txt")
"""
COMPONENT = (
    "version: 1.1\nkind: component\nname: say\ninputs: [{name: word, type: str, value: hi}]\ncmd: echo {{ word }}\n"
)


def record(yard: Yard) -> None:
    """Make a little of everything; the trials of the sweep `waiting` wait in a paused queue."""
    files = {
        "swept.yaml": SWEEP.format(name="swept", queue="default", script=TRAIN),
        "waiting.yaml": SWEEP.format(name="waiting", queue="later", script=TRAIN),
        "retried.yaml": RETRIED,
        "say.yaml": COMPONENT,
        "prog.py": TRACKED,
    }
    for name, text in files.items():
        (yard.folder / name).write_text(text)
    yard.command("projects", "create", "vision")
    yard.command("users", "add", "ada", "--role", "member")
    yard.command("tokens", "create", "--name", "ci", "--scope", "read")
    yard.command("queues", "set", "later", "--priority", "1")
    yard.command("queues", "pause", "later")
    yard.command("members", "add", "ada", "--role", "member")
    yard.command("components", "register", "say:1", "-f", "say.yaml")
    subprocess.run(
        [sys.executable, "-W", "ignore", "prog.py"],
        check=True,
        cwd=yard.folder,
        env={**yard.environ, "TRAINYARD_CODE": "0"},
    )
    with yard.client() as client:
        started = [_started(yard, "-f", file) for file in ("swept.yaml", "retried.yaml")]
        started.append(_started(yard, "--hub", "say", "-P", "word=hello"))
        for run in started:
            ended(client, run)
        ended(client, yard.command("restart", started[-1]).split()[0])
        waiting = _started(yard, "-f", "waiting.yaml")
        eventually(lambda: client.sweeps.get(waiting).running == 2, what="its trials wait")
        _assigned(yard, client)


def _assigned(yard: Yard, client: Client) -> None:
    """An agent takes the attempt of a run and does nothing about it."""
    added = client.agents.add("far", labels={"zone": "far"})
    yard.command("queues", "set", "far", "--selector", "zone=far")
    submit(client, "echo hi", queue="far", name="assigned")
    with Client(url=yard.url, token=added.token) as agent:
        session = agent.send(
            _call("sessions", wire.RegisterAgent(scheduler="process", capacity=Capacity(cpu=1.0)), wire.Session)
        )
        request = wire.AssignmentRequest(epoch=session.epoch, wait=30.0)
        assert agent.send(_call("assignments", request, wire.Assignments)).items, "nothing was assigned"


def _call(what: str, body: msgspec.Struct, answer: type[T]) -> Request[T]:
    return Request("POST", path_of("agents", "far", what), answer, content=msgspec.json.encode(body))


def _started(yard: Yard, *arguments: str) -> str:
    return yard.command("run", *arguments, "--code", "none").split()[0]


def scrubbed(text: str, folder: Path) -> str:
    """Without what is of this machine, what tokens are checked by or made from, and answers that are kept for a day."""
    lines = [line for line in text.splitlines() if not re.match(r'INSERT INTO \W*(public\.)?"?idempotency', line)]
    text = "\n".join(line for line in lines if not line.startswith(("SET ", "SELECT pg_catalog.set_config", "\\")))
    hashes = re.compile(
        r"(?<=', ')[0-9a-f]{64}(?=', \d)|(?<=',')[0-9a-f]{64}(?=',\d)|(?<=secret', ')\w+|(?<=secret',')\w+"
    )
    text = hashes.sub(lambda found: sha256(str(found.start()).encode()).hexdigest(), text)
    replaced = {str(folder): "/home/ada", str(Path(sys.executable).parent): "/usr/bin", sys.prefix: "/usr"}
    for word, instead in replaced.items():
        text = text.replace(word, instead)
    return re.sub(rf"\b{re.escape(socket.gethostname())}\b", "workstation", text) + "\n"


def main(name: str) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        environ = {"PATH": PYTHON_ON_PATH}
        with Yard(folder, environ=environ) as yard:
            record(yard)
        with sqlite3.connect(folder / "data" / "trainyard.db") as database:
            text = "\n".join(database.iterdump())
        (HERE / f"{name}.sqlite.sql").write_text(scrubbed(text, folder))
    cluster = PostgresCluster()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        url = cluster.create(empty=True)
        with Yard(folder, environ={"PATH": PYTHON_ON_PATH, "TRAINYARD_DATABASE": url}) as yard:
            record(yard)
        dump = [cluster.binaries / "pg_dump", "--inserts", "--no-owner", "--no-privileges", "--no-comments", url]
        text = subprocess.run(dump, check=True, stdout=subprocess.PIPE, text=True).stdout
        (HERE / f"{name}.postgresql.sql").write_text(scrubbed(text, folder))
    cluster.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
