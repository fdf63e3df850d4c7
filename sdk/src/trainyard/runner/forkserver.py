"""A warm process that forks runners, so that the life of a small attempt costs milliseconds.

A scheduler starts it and holds one end of a socket pair; a request is the path of an attempt's folder and, beside
it, the descriptor that the runner tells its lock on. The server ends when that socket does, or when its parent is gone,
for a child of the scheduler that never became another program holds the scheduler's end open. It asks for the parent
once a second; PDEATHSIG would kill it with the thread that started it. Runners are in sessions of their own and do not
notice. What it loses by dying is nothing: the client then starts a fresh interpreter for each runner.
"""

from __future__ import annotations

import contextlib
import gc
import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from trainyard.runner import proc
from trainyard.runner.__main__ import run
from trainyard.runner.layout import Folder
from trainyard.track import shipper

__all__ = ["ForkServer", "serve", "spawn"]

_WARM = (http.client, shipper)
"""Imported for the runners, that need them a moment after the fork."""
_LONGEST = 16 * 1024
_PARENT_SECONDS = 1.0


def serve(requests: socket.socket, parent: int) -> None:
    """Fork a runner for each request until the other end is closed or `parent`, a process id, is our parent no
    more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended runners leave no zombie
    proc.boot()  # kept for every runner
    gc.collect()
    gc.freeze()
    while os.getppid() == parent:
        if not select.select([requests], [], [], _PARENT_SECONDS)[0]:
            continue
        path, handles, _, _ = socket.recv_fds(requests, _LONGEST, 1)
        if not path:
            return
        if os.fork() == 0:
            _child(requests, Path(os.fsdecode(path)), handles[0])
        for handle in handles:
            os.close(handle)


def _child(requests: socket.socket, path: Path, ready: int) -> None:
    """Be the runner. Never returns."""
    code = 1
    try:
        requests.close()
        run(Folder(path), ready, detach=True)
        code = 0
    except BaseException:  # recorded in runner.log; nothing may unwind into the server's loop
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


class ForkServer:
    """The scheduler's side. Safe to use from several threads."""

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


if __name__ == "__main__":
    with contextlib.suppress(ConnectionError), socket.socket(fileno=int(sys.argv[1])) as inherited:
        serve(inherited, int(sys.argv[2]))
