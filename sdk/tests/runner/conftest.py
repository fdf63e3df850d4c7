"""An attempt's folder as a scheduler would write it, and a runner in a process of its own."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trainyard.runner import proc
from trainyard.runner.environ import mark_of
from trainyard.runner.layout import Folder, fold, read_json, write_json, write_whole
from trainyard.track.frames import Kind, Line, scan, unpack_lines


class Attempt:
    """One attempt below a root of its own."""

    def __init__(self, root: Path, workload: dict[str, Any]) -> None:
        self.folder: Folder = fold(root, "run", 1)
        self.folder.path.mkdir(parents=True)
        write_whole(self.folder.token, b"secret")
        base = {"version": 1, "run": "run", "attempt": 1, "project": "p", "env": {}, "grace": 5.0}
        write_json(self.folder.workload, {**base, **workload})

    def start(self, **env: str) -> subprocess.Popen[bytes]:
        """A runner in the foreground of a process."""
        return subprocess.Popen(
            [sys.executable, "-m", "trainyard.runner", str(self.folder.path)],
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
        )

    def run(self, **env: str) -> dict[str, Any]:
        """A whole life; what `exit.json` says."""
        with self.start(**env) as process:
            assert process.wait(60) == 0
        return self.exit

    @property
    def exit(self) -> dict[str, Any]:
        told = read_json(self.folder.exit)
        assert told is not None, "there is no exit.json"
        return told

    def frames(self, kind: Kind) -> list[bytes]:
        """The payloads of one kind in the spool, in order."""
        segments = sorted(self.folder.spool.glob("*/*.tyf"))
        return [frame.payload for path in segments for frame in scan(path.read_bytes())[0] if frame.kind is kind]

    @property
    def lines(self) -> list[Line]:
        """What the pump wrote."""
        return [line for payload in self.frames(Kind.LOGS) for line in unpack_lines(payload)]

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.lines]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for payload in self.frames(Kind.EVENTS) for event in json.loads(payload)]


@pytest.fixture
def wait_for() -> Callable[[Path], None]:
    """Waits until a file is there, at most 30 s."""

    def wait(path: Path) -> None:
        deadline = time.monotonic() + 30
        while not path.exists():
            assert time.monotonic() < deadline, f"{path} did not appear"
            select.select([], [], [], 0.01)

    return wait


@pytest.fixture
def attempt(tmp_path: Path) -> Iterator[Any]:
    """Makes an attempt from a `sh` script or fields of the workload; no process of it may live on."""
    made: list[Attempt] = []

    def make(script: str = "", **workload: Any) -> Attempt:
        made.append(Attempt(tmp_path / f"root{len(made)}", {"command": ["sh", "-c", script], **workload}))
        return made[-1]

    yield make
    left = [process for one in made for process in proc.marked(mark_of(one.folder))]
    assert not left, f"processes left: {left}"
