"""Servers for benchmarks: `yard up`, and a bare Litestar for the floor. Each is a process of its own on a free port
of the loopback, has a folder of its own, and is gone when its block ends.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from trainyard_core.process import die_with_parent

__all__ = ["PROJECT", "Server", "bare", "program", "yard_up"]

PROJECT = "/api/v1/projects/default"
READY_SECONDS = 30.0
HERE = Path(__file__).parent


class Server(NamedTuple):
    """One that answers. `ready` is how many seconds it took from its start to that."""

    url: str
    token: str
    pid: int
    ready: float

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 0

    @property
    def headers(self) -> dict[str, str]:
        """What every request must carry."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def client(self) -> httpx.Client:
        """For the requests around a measurement, never for those that are measured."""
        return httpx.Client(base_url=self.url, headers=self.headers, timeout=30)


@contextmanager
def yard_up(
    folder: Path, settings: Mapping[str, Any], *arguments: str, environ: Mapping[str, str] = {}
) -> Iterator[Server]:
    """`yard up` on a new data directory in `folder`, with these settings and arguments; `environ` comes to the
    environment."""
    data = folder / f"data-{time.monotonic_ns()}"
    data.mkdir(parents=True)
    lines = [f"{key} = {value!r}\n" for key, value in settings.items()]
    (data / "trainyard.toml").write_text("".join(lines).replace("'", '"'))
    command = [str(Path(sys.executable).with_name("yard")), "up", "--data", str(data), "--port", "0", *arguments]
    with program(command, data / "server.log", environ) as (process, line, seconds):
        token = (data / "token").read_text().strip()
        yield Server(line.rsplit(" ", 1)[1], token, process.pid, seconds)


@contextmanager
def bare() -> Iterator[Server]:
    """The same server software around handlers that do nothing."""
    with program([sys.executable, str(HERE / "bare_server.py")], Path(os.devnull)) as (process, line, seconds):
        yield Server(line.rsplit(" ", 1)[1], "", process.pid, seconds)


@contextmanager
def program(
    command: Sequence[str], log: Path, environ: Mapping[str, str] = {}
) -> Iterator[tuple[subprocess.Popen[bytes], str, float]]:
    """A program that says one line when it is ready: the process, the line, and after how many seconds it came. The
    program is ended with the block, and with this process."""
    started = time.perf_counter()
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**_environment(), **environ},
            preexec_fn=partial(die_with_parent, signal.SIGTERM),  # noqa: PLW1509 - one syscall, no locks
        )
    try:
        line = _line(process, log)
        yield process, line, time.perf_counter() - started
    finally:
        _end(process)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TRAINYARD_")}


def _line(process: subprocess.Popen[bytes], log: Path) -> str:
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], READY_SECONDS)[0]:
        raise RuntimeError(f"{process.args!r} was not ready in {READY_SECONDS:.0f} s")
    line = process.stdout.readline().decode().strip()
    if not line:
        told = log.read_text()[-2000:] if log.is_file() else ""
        raise RuntimeError(f"{process.args!r} ended before it was ready\n{told}")
    return line


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert process.stdout is not None
    process.stdout.close()
