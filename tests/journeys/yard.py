"""A server as a person starts it, and the ways in which a person speaks to it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from trainyard.client import Client
from trainyard.client.models import CreateRun, RunRecord

T = TypeVar("T")
PATIENCE = 60.0
YARD = [sys.executable, "-W", "ignore", "-m", "trainyard.cli"]


def eventually(condition: Callable[[], T], *, within: float = PATIENCE, what: str = "") -> T:
    """What the condition returned once it was true. Fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {within:g} s: {what or condition}"
        signal.sigtimedwait([], 0.05)
    return found


def paths_below(folder: Path) -> list[Path]:
    """Files and folders below a folder, however deep; what goes while it is listed may be left out."""
    return [Path(place, name) for place, folders, files in os.walk(folder) for name in (*folders, *files)]


def interruptible() -> None:
    """A child hears SIGINT, also where these tests run in the background of a shell, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Yard:
    """One data directory and its server. Started by `up` or as a context manager; `down` checks what is left."""

    def __init__(self, folder: Path, *, arguments: Sequence[str] = (), environ: Mapping[str, str] = {}) -> None:
        self.folder, self.data = folder, folder / "data"
        self._arguments = [*arguments]
        self._port = "0"
        own = {"TRAINYARD_DATA": str(self.data), "TMPDIR": str(folder), "TRAINYARD_BACKOFF_FIRST": "0.2"}
        own["TRAINYARD_CONFIG"] = str(folder / "config")
        own["TRAINYARD_SYSTEM_PERIOD"] = "0"  # the metrics of a run are those that it logs, however slow the machine is
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRAINYARD_")}
        self.environ = {**inherited, **own, **environ}
        self.log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Yard:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        """Start it and wait until it says where it serves; the second time on the same port."""
        with self.log.open("ab") as log:
            start = log.tell()
            self._process = subprocess.Popen(
                [*YARD, "up", "--port", self._port, *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environ,
                cwd=self.folder,
            )
        line = eventually(lambda: self._said(start), what="yard up serves")
        self.url = line.rpartition(" ")[2]
        self._port = self.url.rpartition(":")[2]

    def at_any_port(self) -> None:
        """The next `up` is at another port."""
        self._port = "0"

    def down(self, number: int = signal.SIGTERM) -> None:
        """Tell it to end; it ends in order and takes its files and helpers with it."""
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(PATIENCE)
        if number == signal.SIGKILL:  # what was killed cannot tidy up after itself
            for left in self.folder.glob("yard-*"):
                shutil.rmtree(left)
        if number == signal.SIGTERM:
            assert code == 0, self.log.read_text()[-2000:]
            assert not (self.data / "server.json").exists()
            assert not list(self.folder.glob("yard-*")), "Valkey's folder is left"

    def _said(self, start: int) -> str:
        assert self._process is not None
        text = self.log.read_text()[start:]
        assert self._process.poll() is None, text[-2000:]
        return next((line for line in text.splitlines() if line.startswith("Trainyard serves at ")), "")

    def client(self) -> Client:
        """The SDK's client, as it finds the server by its data directory."""
        return Client(url=self.url, token=(self.data / "token").read_text().strip(), project="default")

    def command(self, *arguments: str, code: int | None = 0, **environ: str) -> str:
        """What a `yard` command prints; it must end with `code` unless that is None."""
        done = subprocess.run(
            [*YARD, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            env={**self.environ, **environ},
            cwd=self.folder,
        )
        assert code in (None, done.returncode), (
            f"yard {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done.stdout + done.stderr


def submit(
    client: Client, script: str, *, cpu: str = "100m", queue: str = "", python: bool = False, **top: object
) -> RunRecord:
    """Create a run of a shell script or a Python program."""
    command = [sys.executable, "-W", "ignore", "-c", script] if python else ["sh", "-c", script]
    operation: dict[str, object] = {
        "version": 1.1,
        "kind": "operation",
        **({"queue": queue} if queue else {}),
        **top,
        "component": {
            "run": {
                "kind": "job",
                "container": {"command": command, "resources": {"requests": {"cpu": cpu, "memory": "16Mi"}}},
            }
        },
    }
    return client.runs.create(CreateRun(operation=operation))


def ended(client: Client, run: str, *, within: float = PATIENCE) -> RunRecord:
    """The run once it has ended."""
    return client.runs.wait(run, timeout=within)


def reached(client: Client, run: str, status: str) -> RunRecord:
    """The run once it has that status."""
    return eventually(
        lambda: found if (found := client.runs.get(run)).status == status else None, what=f"{run} {status}"
    )
