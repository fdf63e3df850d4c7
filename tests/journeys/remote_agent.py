"""An agent of its own as a person starts it: `yard agent`, a process beside a server."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from yard import YARD, Yard, eventually


class Far:
    """One agent's process. Started by `up` or as a context manager. Without a `token` it uses the server's data
    directory, and finds address and token there; `token` may be changed between two starts."""

    def __init__(self, yard: Yard, folder: Path, token: str, *, name: str = "far", arguments: tuple[str, ...] = ()):
        self.folder, self.token, self.name = folder, token, name
        self.data = folder / f"data-{name}" if token else yard.data
        self.log = folder / f"{name}.log"
        self.python = sys.executable
        self.environ = yard.environ
        self.user: dict[str, Any] = {}
        """Arguments of `Popen` that make it another user's."""
        self._yard, self._arguments = yard, arguments
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Far:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        if self.alive:
            self.down(signal.SIGKILL)

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def up(self) -> None:
        """Start it and wait for its session."""
        where = ["--url", self._yard.url] if self.token else []
        with self.log.open("ab") as log:
            start = log.tell()
            self._process = subprocess.Popen(
                [self.python, *YARD[1:], "agent", "--name", self.name, *where, *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**self.environ, "TRAINYARD_DATA": str(self.data), **self._secret()},
                cwd=self.folder,
                **self.user,
            )
        eventually(lambda: self._said(start), what="the agent's session begins")

    def _secret(self) -> dict[str, str]:
        return {"TRAINYARD_TOKEN": self.token} if self.token else {}

    def _said(self, start: int) -> bool:
        text = self.log.read_text()[start:]
        assert self.alive, text[-2000:]
        return f"Agent {self.name} serves" in text

    def down(self, number: int = signal.SIGTERM) -> int:
        """Tell it to end; its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(60)

    def ended(self) -> tuple[int, str]:
        """Wait until it ends by itself; its exit code and what it said last."""
        assert self._process is not None
        code = self._process.wait(60)
        return code, self.log.read_text()[-2000:]
