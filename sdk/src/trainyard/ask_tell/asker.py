"""Which program on this machine runs the trials of a sweep, and which have died.

An asker is a file in the folder of its sweep, flock'ed for as long as the program lives; it appears once, already
locked. A file that can be locked is that of a program that has died: what it still tracked is shipped, and the server
gives its trials up. Programs on other machines are not known here; the server's `tracked_silence` is for them.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from trainyard.track.folder import data_dir
from trainyard.track.run_metadata import read_about
from trainyard.track.sync import find_spools, sync

__all__ = ["Asker", "bury", "dead", "ship_left"]

_PATIENCE = 5.0


class Asker:
    """This program among those that ask for trials of a sweep. Raises OSError when the data directory cannot be
    written."""

    def __init__(self, sweep: str) -> None:
        self.name = os.urandom(12).hex()
        self._path = _folder(sweep) / self.name
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._path.with_name(f".{self.name}")
        self._file = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        beside.rename(self._path)

    def leave(self) -> None:
        """It has no trial any more. Idempotent."""
        if self._file >= 0:
            self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = -1
            with suppress(OSError):
                self._path.parent.rmdir()  # the last one tidies up


def dead(sweep: str) -> list[str]:
    """The askers of this machine that died without leaving."""
    try:
        paths = [path for path in _folder(sweep).iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:
        return []
    return sorted(path.name for path in paths if not _lives(path))


def ship_left(askers: Collection[str]) -> None:
    """Ship what programs that died have tracked and not shipped. What cannot be shipped now stays for `yard sync`."""
    for root in find_spools(data_dir()):
        if read_about(root).get("asker") in askers:
            sync(root, patience=_PATIENCE)


def bury(sweep: str, askers: Collection[str]) -> None:
    """The server has given their trials up."""
    for name in askers:
        (_folder(sweep) / name).unlink(missing_ok=True)


def _folder(sweep: str) -> Path:
    return data_dir() / "asking" / sweep


def _lives(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True  # it has just left
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
