"""A folder for a server of the tests: in memory where there is room, and never left behind. What a killed process could
not remove is removed by the next one that wants a folder.
"""

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
    """A new folder in `root` (None: in memory, or where temporary files are). Its file `held` is locked for as long as
    this process lives and has not closed it."""

    def __init__(self, root: Path | None = None) -> None:
        root = root or _root()
        _forget_the_dead(root)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        unlocked = self.path / f".{HELD}"  # it has its name only once it is locked: nobody takes it for a dead one's
        self._lock = os.open(unlocked, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        unlocked.rename(self.path / HELD)

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _root() -> Path:
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
        return MEMORY
    return Path(tempfile.gettempdir())


def _forget_the_dead(root: Path) -> None:
    """Remove the folders that nobody holds any more. Those of other users are left to them."""
    for held in root.glob(f"{PREFIX}*/{HELD}"):
        with suppress(OSError):  # gone meanwhile, somebody else's, or held
            lock = os.open(held, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(held.parent, ignore_errors=True)
            finally:
                os.close(lock)
