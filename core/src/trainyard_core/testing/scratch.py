"""Folders for the servers of tests: in memory where there is room, and removed at the end. The folder of a process that
was killed is removed by the next process that makes one."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

__all__ = ["Scratch"]

MEMORY = Path("/dev/shm")
ROOM = 2 << 30
"""Free bytes of memory for which a folder is made there: files are copied there in a tenth of the time."""
PREFIX = "trainyard-test-"
HELD = "held"


class Scratch:
    """A new folder in `root` (None: in memory, or where temporary files are). Its file `held` stays locked until
    `close` or the end of this process."""

    def __init__(self, root: Path | None = None) -> None:
        root = root or _root()
        _forget_the_dead(root)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        unlocked = self.path / f".{HELD}"  # renamed once it is locked: no process removes it before
        self._lock = os.open(unlocked, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        unlocked.rename(self.path / HELD)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _root() -> Path:
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
        return MEMORY
    return Path(tempfile.gettempdir())


def _forget_the_dead(root: Path) -> None:
    """Remove the folders whose lock nobody holds. Folders of other users stay."""
    for held in root.glob(f"{PREFIX}*/{HELD}"):
        with suppress(OSError):  # gone meanwhile, somebody else's, or held
            lock = os.open(held, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(held.parent, ignore_errors=True)
            finally:
                os.close(lock)
