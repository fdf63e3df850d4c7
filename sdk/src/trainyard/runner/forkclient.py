"""Starts runners for a scheduler: through a fork server, or each in a fresh interpreter. It loads nothing of what a
runner does.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

__all__ = ["ForkServer", "spawn"]


class ForkServer:
    """A fork server (`forkserver`), from the scheduler's side. Safe to use from several threads."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = dict(env)
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """The server's process; None before the first request."""
        return self._process.pid if self._process else None

    def launch(self, folder: Path, ready: int) -> bool:
        """Have a runner forked for `folder`. False when the server cannot be used now."""
        with self._guard:
            for _ in range(2):
                try:
                    socket.send_fds(self._connected(), [os.fsencode(folder)], [ready])
                except OSError:
                    self._forget()
                    continue
                return True
        return False

    def _connected(self) -> socket.socket:
        if self._socket is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "trainyard.runner.forkserver", str(theirs.fileno()), str(os.getpid())],
                    env=self._env,
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
            self._socket = ours
        return self._socket

    def _forget(self) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            _end(self._process)
        self._socket = self._process = None

    def close(self) -> None:
        """End the server. Runners go on. May be called again."""
        with self._guard:
            self._forget()


def _end(process: subprocess.Popen[bytes]) -> None:
    """It ends by itself when its socket is closed; one that does not is killed."""
    try:
        process.wait(timeout=2.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def spawn(folder: Path, ready: int, env: Mapping[str, str]) -> None:
    """Start a runner in a fresh interpreter. Returns once it is on its own."""
    command = [sys.executable, "-P", "-m", "trainyard.runner", "--detach", "--ready", str(ready), str(folder)]
    subprocess.run(
        command, env=dict(env), cwd="/", pass_fds=[ready], check=True, stdin=subprocess.DEVNULL, start_new_session=True
    )
