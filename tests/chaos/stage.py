"""A stage for crashes: a real server under a supervisor that starts it again, runs whose programs keep their own
books, and the check that compares those books with what the platform says.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg

from trainyard.client import Client
from trainyard.client.models import CreateRun
from trainyard.client.retry import Backoff
from trainyard.runner import lock
from trainyard.runner.layout import Folder

PROGRAM = Path(__file__).with_name("program.py")
FORK_SERVER = "trainyard.runner.forkserver"
READY, IN_USE = "Trainyard serves at ", " is in use by the server with process id "
OCCUPIED = 60.0
"""Seconds within which whoever has the data directory must have left it."""
SETTINGS = {
    "TRAINYARD_PLATFORM_RETRIES": "1000",
    "TRAINYARD_BACKOFF_FIRST": "0.05",
    "TRAINYARD_BACKOFF_MOST": "0.2",
    "TRAINYARD_DRAIN": "600",
    "TRAINYARD_SCHEDULER_PROCESS__CPU": "1",
}
"""What a server and its agent find in their environment where runs are to outlive many deaths. Last frames are waited
for as long as the slowest machine may take: what comes after that would still be counted, and yet not when the books
are compared."""


def wait_until(condition, *, within: float, what: str, else_=lambda: None):
    """What the condition returned once it was true; fails after `within` seconds. `else_` is done between two
    looks."""
    end = time.monotonic() + within
    pause = 0.01
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {within:g} s: {what}")
        else_()
        select_pause(pause)
        pause = min(0.2, pause * 1.3)


def select_pause(seconds: float) -> None:
    """Give the processors to others for a moment."""
    with contextlib.suppress(InterruptedError):
        signal.sigtimedwait([signal.SIGUSR2], seconds)


class Stage:
    """One data directory and its server, which may be killed at any time and is started again by `up`. With `far` the
    server has no agent, and one of its own stands beside it, which may be killed like it. `environ` is what server and
    agent find in their environment, `of_server` what the server alone finds there, behind the command `prefix`.
    `faults` are what the next starts of the server find there besides, one each."""

    def __init__(
        self,
        root: Path,
        *,
        arguments: tuple[str, ...] = (),
        environ: Mapping[str, str] = {},
        of_server: Mapping[str, str] = {},
        prefix: tuple[str, ...] = (),
        far: bool = False,
    ) -> None:
        self.data, self.books = root / "data", root / "books"
        self.books.mkdir(parents=True)
        self.data.mkdir(exist_ok=True)
        self.log, self.far_data = root / "server.log", root / "far"
        self._arguments, self._environ = arguments, {**environ, **({"TRAINYARD_AGENT": ""} if far else {})}
        self._of_server, self._prefix = of_server, prefix
        self._has_far, self._far_token = far, ""
        self.far: subprocess.Popen[bytes] | None = None
        self.process: subprocess.Popen[str] | None = None
        self.url = ""
        self.starts = 0
        self.faults: list[Mapping[str, str]] = []
        self._port = "0"

    def up(self) -> None:
        """Start the server unless it runs, and wait until it answers or has died; then its agent beside it."""
        if self.process is None or self.process.poll() is not None:
            self._up(self.faults.pop(0) if self.faults else {})
        if self._has_far and (self.far is None or self.far.poll() is not None):
            with contextlib.suppress(Exception):  # the server may have died again; the next `up` tries again
                self._up_far()

    def _up_far(self) -> None:
        if not self._far_token:
            with self.client() as client:
                known = any(agent.name == "far" for agent in client.agents.list())
                made = client.agents.renew_token("far") if known else client.agents.add("far")
                self._far_token = made.token
        environ = {**os.environ, **self._environ, "TRAINYARD_DATA": str(self.far_data)}
        with self.log.open("a") as log:
            self.far = subprocess.Popen(
                [sys.executable, "-m", "trainyard.cli", "agent", "--name", "far", "--url", self.url],
                env={**environ, "TRAINYARD_TOKEN": self._far_token},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _up(self, extra: Mapping[str, str]) -> None:
        deadline = time.monotonic() + OCCUPIED
        while not self._start(extra) and not extra:
            if not self._is_occupied() or time.monotonic() > deadline:
                raise AssertionError("the server does not start: " + self.log.read_text()[-2000:])

    def _is_occupied(self) -> bool:
        """Whether a part of the server's last life still has the data directory: one that is stopped can end only once
        it goes on."""
        return any(IN_USE in line for line in self.log.read_text().splitlines()[-1:])

    def _start(self, extra: Mapping[str, str]) -> bool:
        """Whether it is ready."""
        self._reap()
        environ = {**os.environ, **self._environ, **self._of_server, **extra, "TRAINYARD_DATA": str(self.data)}
        command = [*self._prefix, sys.executable, "-m", "trainyard.cli", "up", "--port", self._port, *self._arguments]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                command, env=environ, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
        self.starts += 1
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        if said.startswith(READY):
            self.url = said.removeprefix(READY).strip()
            self._port = self.url.rsplit(":", 1)[1]
        return said.startswith(READY)

    def _reap(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.process.wait()
            self.process.stdout.close()

    def client(self) -> Client:
        """A client that says at once that the server is gone: only `up` brings it back."""
        token = (self.data / "token").read_text().strip()
        return Client(url=self.url, token=token, project="default", backoff=Backoff(tries=1))

    def down(self) -> None:
        """End the server, its agent and whatever runs are left."""
        if self.far is not None:
            self.far.kill()
            self.far.wait()
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
            self._reap()
        for pid in self.runners():
            kill(pid)
        wait_until(lambda: not self.runners(), within=30, what="runners end with the stage")

    def submit(self, name: str, *, points: int = 50, training: float = 0.0, retries: int = 0) -> str:
        """Create one run of the program, with so many seconds for each point; its id. The same name makes it once,
        however often it is asked for."""
        book = str(self.books / f"{name}.jsonl")
        operation = {
            "version": 1.1,
            "kind": "component",
            "name": name,
            "termination": {"maxRetries": retries},
            "run": {
                "kind": "job",
                "container": {
                    "command": [sys.executable, str(PROGRAM), book, str(points), str(training)],
                    "resources": {"requests": {"cpu": "100m"}},
                },
            },
        }
        with self.client() as client:
            return client.runs.create(CreateRun(operation=operation), key=f"chaos-{name}").id

    def submit_surely(self, name: str, **options: Any) -> str:
        """Submit, and start the server again whenever it is down."""
        while True:
            self.up()
            with contextlib.suppress(Exception):
                return self.submit(name, **options)

    def runners(self) -> list[int]:
        """The process ids of living runners: those that hold their attempts' locks now. A number alone may be a
        stranger's by now."""
        pids = []
        for path in self._attempts():
            folder = Folder(path)
            with contextlib.suppress(OSError):
                if lock.probe(folder) is lock.Held.LIVE and (holder := lock.owner(folder)):
                    pids.append(holder.pid)
        return pids

    def _attempts(self) -> list[Path]:
        """The attempts' folders. Looks again when one went away under its eyes, which in older Pythons ends the
        search."""
        while True:
            with contextlib.suppress(FileNotFoundError):
                homes = (self.data, self.far_data / "agents" / "far")
                return [path for home in homes for path in (home / "plugins").glob("*/attempts/[!.]*/*")]

    def programs(self) -> list[int]:
        """The process ids of the commands that living runners have started."""
        runners = set(self.runners())
        return [pid for pid in processes() if parent_of(pid) in runners and str(PROGRAM) in command_of(pid)]

    def fork_servers(self) -> list[int]:
        """The process ids of the warm processes from which agents fork runners."""
        agents = {each.pid for each in (self.process, self.far) if each is not None} | set(self.parts("agent"))
        return [pid for pid in processes() if parent_of(pid) in agents and FORK_SERVER in command_of(pid)]

    def backends(self) -> list[int]:
        """The process ids of the PostgreSQL processes that serve this stage's database."""
        url = self._environ.get("TRAINYARD_DATABASE")
        return asyncio.run(_backends_of(url)) if url else []

    def processes(self, kind: str) -> list[int]:
        """The process ids of what lives of a kind: server, far, fork_server, runner, program, valkey, backend, or a
        part's role."""
        single = {"server": self.process, "far": self.far}
        if kind in single:
            found = single[kind]
            return [found.pid] if found is not None and found.poll() is None else []
        many = {
            "fork_server": self.fork_servers,
            "runner": self.runners,
            "program": self.programs,
            "valkey": self.valkeys,
            "backend": self.backends,
        }
        return list(many[kind]()) if kind in many else self.parts(kind)

    def end(self, pid: int, number: int = signal.SIGKILL) -> None:
        """Send one of these processes the signal that ends it; of its own children wait until they are dead."""
        kill(pid, number)
        for child in (self.process, self.far):
            if child is not None and child.pid == pid:
                child.wait()

    def valkeys(self) -> dict[int, str]:
        """The process ids of this stage's Valkey servers, and their sockets."""
        mine = self.process.pid if self.process else 0
        found = {}
        for pid in processes():
            command = command_of(pid)
            if "unixsocket:" in command and parent_of(pid) == mine:
                found[pid] = command.split("unixsocket:")[1].split()[0]
        return found

    def parts(self, role: str) -> list[int]:
        """The process ids of the split layout's processes in a role."""
        mine = self.process.pid if self.process else 0
        return [pid for pid in processes() if name_of(pid) == f"yard-{role}" and parent_of(pid) == mine]

    def statuses(self) -> dict[str, str]:
        """Each run's status, straight from the database."""
        if url := self._environ.get("TRAINYARD_DATABASE"):
            return asyncio.run(_from_postgres(url))
        with contextlib.closing(sqlite3.connect(f"file:{self.data / 'trainyard.db'}?mode=ro", uri=True)) as db:
            return dict(db.execute("SELECT id, status FROM run"))

    def phases(self) -> Counter[str]:
        """How many live runs are in which status now."""
        ended = {"succeeded", "failed", "stopped", "skipped"}
        try:
            return Counter(status for status in self.statuses().values() if status not in ended)
        except (sqlite3.Error, asyncpg.PostgresError):
            return Counter()


async def _from_postgres(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url)
    try:
        return {row["id"]: row["status"] for row in await connection.fetch("SELECT id, status FROM run")}
    finally:
        await connection.close()


async def _backends_of(url: str) -> list[int]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [row["pid"] for row in rows]
    finally:
        await connection.close()


def processes() -> list[int]:
    """The process ids of all that lives on this machine."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def command_of(pid: int) -> str:
    """A process's command line; empty when it is dead."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def name_of(pid: int) -> str:
    """What a process calls itself; empty when it is dead."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def parent_of(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return 0


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def check_books(stage: Stage, runs: Mapping[str, str]) -> Counter[str]:
    """Every run has ended; no attempt ran twice or beside another one; what the platform has of each equals what its
    program wrote down.

    A program that is killed between `log` and its own note leaves one point more on the platform than in its book;
    never one less. Lines are counted for attempts whose end their runner saw: a killed runner takes what was still
    in the pipe with it.
    """
    outcomes: Counter[str] = Counter()
    with stage.client() as client:
        for name, run_id in runs.items():
            run = client.runs.get(run_id)
            assert run.is_final, (name, run.status, run.reason, run.message)
            outcomes[run.status] += 1
            facts = read_book(stage.books / f"{name}.jsonl")
            check_starts(name, facts)
            check_points(client, run_id, name, facts)
            check_artifacts(client, run_id, name, facts)
            seen = {each.number for each in run.attempts if each.exit_code is not None or each.signal is not None}
            check_lines(client, run_id, name, facts, seen)
    return outcomes


def read_book(path: Path) -> list[dict]:
    """What was written down, but for a last line that a power cut or a kill has torn."""
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def check_starts(name: str, facts: list[dict]) -> None:
    starts = Counter(fact["attempt"] for fact in facts if "start" in fact)
    assert not starts or max(starts.values()) == 1, f"{name}: an attempt ran twice: {starts}"
    beside = [fact["attempt"] for fact in facts if fact.get("alone") is False]
    assert not beside, f"{name}: attempts {beside} started while an earlier one lived"
    order = [fact["attempt"] for fact in facts]
    assert order == sorted(order), f"{name}: an attempt went on after the next one had started"


def check_points(client: Client, run_id: str, name: str, facts: list[dict]) -> None:
    noted = [fact["point"] for fact in facts if "point" in fact]
    (series,) = client.runs.series(run_id, ["value"], points=0)
    columns = {column: index for index, column in enumerate(series.columns)}
    stored = [int(point[columns["step"]]) for point in series.points]
    assert len(stored) == len(set(stored)), f"{name}: points are doubled"
    assert set(noted) <= set(stored), f"{name}: lost {sorted(set(noted) - set(stored))[:5]}"
    assert len(set(stored) - set(noted)) <= len({fact["attempt"] for fact in facts}), f"{name}: points from nowhere"
    wrong = [point for point in series.points if point[columns["last"]] != point[columns["step"]]]
    assert not wrong, f"{name}: values that were never logged: {wrong[:5]}"
    metrics = {metric.name: metric.count for metric in client.runs.metrics(run_id)}
    assert metrics.get("value", 0) == len(stored), f"{name}: the aggregate counts {metrics}, the series {len(stored)}"


def check_artifacts(client: Client, run_id: str, name: str, facts: list[dict]) -> None:
    noted = {fact["artifact"]: fact["digest"] for fact in facts if "artifact" in fact}
    stored = {artifact.name: artifact.digest for artifact in client.runs.artifacts(run_id)}
    wrong = {artifact: stored.get(artifact) for artifact, digest in noted.items() if stored.get(artifact) != digest}
    assert not wrong, f"{name}: files are missing or not what was logged: {wrong}"


def check_lines(client: Client, run_id: str, name: str, facts: list[dict], whole: set[int]) -> None:
    noted = [fact["line"] for fact in facts if "line" in fact and fact["attempt"] in whole]
    said = [line.text for line in client.runs.lines(run_id) if line.text.startswith("line ")]
    stored = Counter(int(text.removeprefix("line ")) for text in said)
    assert all(stored[line] == 1 for line in noted), f"{name}: lines lost or doubled: {noted} {stored}"
