"""Starts runners: from the warm fork server, or from a fresh interpreter when that one cannot be had. Blocking.

Runners get the allow-listed environment only, as if the virtual environment of this server were activated.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Mapping
from pathlib import Path

from trainyard.runner import failpoints, lock
from trainyard.runner.environ import base_of
from trainyard.runner.forkclient import ForkServer, spawn
from trainyard.runner.layout import Folder

__all__ = ["Launcher", "runner_environment"]

_READY_SECONDS = 10.0


class Launcher:
    """One for each scheduler instance. Safe to use from several threads."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = dict(env)
        self._server = ForkServer(env)

    @property
    def server_pid(self) -> int | None:
        """The fork server's process; None before the first launch."""
        return self._server.pid

    def launch(self, folder: Folder) -> None:
        """Start a runner and wait until the attempt's lock is taken, by it or by another. Raises RuntimeError when
        it is not."""
        if not (self._launch_warm(folder) or self._launch_cold(folder)):
            raise RuntimeError(f"no runner started for {folder.run}/{folder.attempt}; {folder.log} may say why")

    def close(self) -> None:
        """End the fork server. Runners go on."""
        self._server.close()

    def _launch_warm(self, folder: Folder) -> bool:
        read, write = os.pipe()
        try:
            sent = self._server.launch(folder.path, write)
        finally:
            os.close(write)
        return _taken(folder, read, heard=sent)

    def _launch_cold(self, folder: Folder) -> bool:
        read, write = os.pipe()
        try:
            spawn(folder.path, write, self._env)
        finally:
            os.close(write)
        return _taken(folder, read, heard=True)


def _taken(folder: Folder, ready: int, *, heard: bool) -> bool:
    """Wait for the runner's byte, or for the end of the runner; the lock has the last word."""
    try:
        if heard:
            _wait_for(ready, _READY_SECONDS)
    finally:
        os.close(ready)
    return lock.probe(folder) is not lock.Held.NEVER


def _wait_for(descriptor: int, seconds: float) -> None:
    """Until there is something to read. A server may have more open files than `select` can tell apart."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    waiting.poll(seconds * 1000)


def runner_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for runners and commands, made from the server's."""
    env = base_of(environ)
    if failpoints.VARIABLE in environ:
        env[failpoints.VARIABLE] = environ[failpoints.VARIABLE]
    if "VIRTUAL_ENV" not in env and sys.prefix != sys.base_prefix:
        env["VIRTUAL_ENV"] = sys.prefix
        env["PATH"] = os.pathsep.join([str(Path(sys.prefix, "bin")), env.get("PATH", os.defpath)])
    return env
