"""Tombstones: the names of attempts that were released, so that a submit which comes late starts none of them again.

All tombstones of a day are names of one file, so that none costs a file of its own. They are kept for longer than a
call that was made before the release can be under way.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path

from trainyard.runner.layout import Folder, write_whole

__all__ = ["entomb", "expire"]

_DAY = 86400
_KEPT = 2 * _DAY
"""Seconds after which a tombstone goes, counted from the first of its day: each is kept for one day at least."""


def entomb(folder: Folder) -> None:
    """Make the tombstone of an attempt, and the folder that it lies in. Idempotent."""
    folder.tombstone.parent.mkdir(exist_ok=True)
    shared = folder.tombstone.with_name(f".{int(time.time() // _DAY)}")
    while not folder.tombstone.exists():
        try:
            folder.tombstone.hardlink_to(shared)
        except FileNotFoundError:
            _make(shared)
        except FileExistsError:
            return
        except OSError as error:
            if error.errno != errno.EMLINK:
                raise
            write_whole(shared, b"")  # it has as many names as a file may have: the next ones are another's


def _make(shared: Path) -> None:
    with contextlib.suppress(FileExistsError):
        os.close(os.open(shared, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))


def expire(root: Path) -> None:
    """Drop the tombstones below `root` that no late submit can ask about any more."""
    oldest = time.time() - _KEPT
    for path in (root / ".released").glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < oldest:
                path.unlink()
