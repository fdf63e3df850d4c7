"""Streams to attempts that are processes of this machine: the log of the runner, programs beside the attempt, and
connections to ports on which its processes listen."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from trainyard.runner import lock, proc
from trainyard.runner.environ import mark_of
from trainyard.runner.layout import Folder, read_json
from trainyard_core.contracts.scheduler import SchedulerRefused, StreamOutput

__all__ = ["Connection", "Program", "connect", "log_of", "start"]

PIECE = 64 * 1024
GATE = 5.0
"""Seconds that a program may take from the gate of its runner to its first instruction."""
LOOK = 0.5
"""Seconds between two looks at a log that is followed."""
_LISTENS = "0A"
"""The state of a listening socket in `/proc/net/tcp`."""


class Program:
    """A program beside an attempt, with a process group of its own."""

    exit_code: int | None = None

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def output(self) -> AsyncIterator[StreamOutput]:
        assert self._process.stdout is not None and self._process.stderr is not None
        pieces: asyncio.Queue[StreamOutput | None] = asyncio.Queue(4)
        readers = [
            asyncio.create_task(_read(self._process.stdout, "stdout", pieces)),
            asyncio.create_task(_read(self._process.stderr, "stderr", pieces)),
        ]
        try:
            for _ in readers:
                while (piece := await pieces.get()) is not None:
                    yield piece
            code = await self._process.wait()
            self.exit_code = 128 - code if code < 0 else code
        finally:
            for reader in readers:
                reader.cancel()

    async def write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        with suppress(ConnectionError):
            self._process.stdin.write(data)
            await self._process.stdin.drain()

    async def close_input(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def aclose(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()


async def _read(stream: asyncio.StreamReader, channel: str, pieces: asyncio.Queue[StreamOutput | None]) -> None:
    while data := await stream.read(PIECE):
        await pieces.put(StreamOutput(data, "stderr" if channel == "stderr" else "stdout"))
    await pieces.put(None)


async def start(folder: Folder, command: Sequence[str]) -> Program:
    """Start a program where the attempt's own runs. Raises SchedulerRefused."""
    pid = await _pid(folder)
    manifest = read_json(folder.workload) or {}
    try:
        environ = _environment(pid)
        for name in manifest.get("secret_env", ()):
            environ.pop(name, None)
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=f"/proc/{pid}/cwd",
            env=environ,
            start_new_session=True,
        )
    except OSError as error:
        raise SchedulerRefused(f"cannot run '{command[0]}': {error.strerror or error}") from error
    return Program(process)


async def _pid(folder: Folder) -> int:
    """The process of the attempt's program, once it is the program: a child of the runner stands at a gate before.
    Raises SchedulerRefused when it does not run."""
    deadline = time.monotonic() + GATE
    while (started := _started(folder)) is not None and time.monotonic() < deadline:
        process = proc.look(started["pid"])
        if process is None or process.ticks != started["start_ticks"] or process.dead:
            break
        if any(each.pid == process.pid for each in proc.marked(mark_of(folder))):
            return process.pid
        await asyncio.sleep(0.01)
    raise SchedulerRefused("its program does not run now: wait until it has started")


def _started(folder: Folder) -> dict[str, Any] | None:
    is_live = lock.probe(folder) is lock.Held.LIVE and not folder.exit.exists()
    return read_json(folder.started) if is_live else None


def _environment(pid: int) -> dict[str, str]:
    """What a program was started with."""
    raw = Path(f"/proc/{pid}/environ").read_bytes()
    pairs = (entry.partition(b"=") for entry in raw.split(b"\0") if entry)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


class Connection:
    """A connection to a port of an attempt."""

    exit_code: int | None = None

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def output(self) -> AsyncIterator[StreamOutput]:
        while data := await self._reader.read(PIECE):
            yield StreamOutput(data)

    async def write(self, data: bytes) -> None:
        with suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    async def close_input(self) -> None:
        if self._writer.can_write_eof():
            with suppress(OSError):
                self._writer.write_eof()

    async def aclose(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


async def connect(folder: Folder, port: int) -> Connection:
    """Connect to a port on which a process of the attempt listens. Raises SchedulerRefused when none does: what else
    listens on this machine is not the attempt's."""
    address = await asyncio.to_thread(_listening, folder, port)
    if address is None:
        raise SchedulerRefused(f"no program of it listens on port {port}: start one, or give another port")
    try:
        return Connection(*await asyncio.open_connection(address, port))
    except OSError as error:
        raise SchedulerRefused(f"port {port} takes no connection: {error.strerror or error}") from error


def _listening(folder: Folder, port: int) -> str | None:
    """The address of this machine at which a process of the attempt listens on a port; None: at none."""
    pids = {process.pid for process in proc.marked(mark_of(folder))}
    sockets = {inode for pid in pids for inode in _sockets(pid)}
    for table, loopback in (("tcp", "127.0.0.1"), ("tcp6", "::1")):
        for local, state, inode in _table(Path("/proc/net") / table):
            if state == _LISTENS and inode in sockets and int(local.rpartition(":")[2], 16) == port:
                return loopback if table == "tcp6" and not local.startswith("0" * 32) else "127.0.0.1"
    return None


def _table(path: Path) -> Iterator[tuple[str, str, str]]:
    """Local address, state and inode of each socket."""
    with suppress(OSError):
        for line in path.read_text().splitlines()[1:]:
            fields = line.split()
            yield fields[1], fields[3], fields[9]


def _sockets(pid: int) -> Iterator[str]:
    """The inodes of the sockets that a process holds."""
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                if (target := os.readlink(entry.path)).startswith("socket:["):  # noqa: PTH115 - a Path would read it anew
                    yield target[8:-1]


async def log_of(folder: Folder, *, tail: int, follow: bool) -> AsyncIterator[bytes]:
    """The log of the runner. Raises SchedulerRefused when there is none yet."""
    try:
        file = folder.log.open("rb")
    except FileNotFoundError:
        raise SchedulerRefused("its runner has written no log") from None
    with file:
        lines = file.readlines()
        if begin := b"".join(lines[len(lines) - tail :] if tail else []):
            yield begin
        while follow:
            is_over = folder.exit.exists() or lock.probe(folder) is not lock.Held.LIVE
            if data := file.read(PIECE):
                yield data
            elif is_over:
                return
            else:
                await asyncio.sleep(LOOK)
