"""One root of attempts for a test, and the check that nothing of it lives on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainyard_core.hookspecs import Context
from trainyard_core.testing.receiver import Receiver
from trainyard_scheduler_process.scheduler import ProcessScheduler
from trainyard_scheduler_process.settings import Settings


class Site:
    """A data directory of one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "plugin"
        self.root = self.folder / "attempts"
        self.scratch = folder / "scratch"
        self.scratch.mkdir()

    def make_scheduler(self, url: str = "") -> ProcessScheduler:
        return ProcessScheduler.from_context(Context(folder=self.folder, settings=Settings(cpu=4, gpu=2), url=url))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Afterwards no process knows the folder by its arguments or environment, and nobody listens in it."""
    site = Site(tmp_path)
    yield site
    others = (
        entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit() and entry.name != str(os.getpid())
    )
    left = [pid for pid in others if _knows(pid, tmp_path)]
    assert not left, f"processes left: {left}"
    watch = site.root / ".watch"
    assert not watch.exists() or not list(watch.iterdir())


def _knows(pid: str, folder: Path) -> bool:
    text = b""
    for name in ("environ", "cmdline"):
        try:
            text += Path("/proc", pid, name).read_bytes()
        except OSError:
            continue
    try:
        handles = [str(entry.readlink()) for entry in Path("/proc", pid, "fd").iterdir()]
    except OSError:
        handles = []
    return str(folder).encode() in text or any(handle.startswith(str(folder)) for handle in handles)


@pytest.fixture
def runtime() -> Iterator[Receiver]:
    with Receiver() as runtime:
        yield runtime


@pytest.fixture
def moved(runtime: Receiver) -> Iterator[Receiver]:
    """The same platform at another address, with the frames that it has already."""
    with Receiver() as moved:
        moved.frames = runtime.frames
        yield moved
