"""Folders below the root, reached step by step and never through a symbolic link.

Each step is opened relative to the one before (openat with O_NOFOLLOW), so it does not matter what a program that can
write below the root swaps for a link between a look and a use. The root itself is the operator's and may be a link.
Files are named relative to such a folder; whoever uses them passes its descriptor. Blocking.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from trainyard_core.contracts.tracker import BadName
from trainyard_tracker_folder.layout import make_folder

__all__ = ["made", "names_in", "open_file", "opened", "sync_chain"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def opened(root: Path, parts: Sequence[str]) -> Iterator[int]:
    """The descriptor of a folder. Raises FileNotFoundError, BadName for a symbolic link."""
    fd = _open_root(root)
    try:
        for count, part in enumerate(parts, 1):
            fd = _step(fd, part, root.joinpath(*parts[:count]))
        yield fd
    finally:
        os.close(fd)


@contextmanager
def made(root: Path, parts: Sequence[str]) -> Iterator[int]:
    """The same of a folder that is made when it is missing, for its owner only. Raises BadName."""
    make_folder(root)
    fd = _open_root(root)
    try:
        for count, part in enumerate(parts, 1):
            with suppress(FileExistsError):
                os.mkdir(part, 0o700, dir_fd=fd)
                os.fsync(fd)
            fd = _step(fd, part, root.joinpath(*parts[:count]))
        yield fd
    finally:
        os.close(fd)


def sync_chain(root: Path, parts: Sequence[str]) -> None:
    """Make the entries of a folder and of those above it, up to the root, survive a power cut, whoever made them."""
    for count in range(len(parts), -1, -1):
        with opened(root, parts[:count]) as fd:
            os.fsync(fd)


def open_file(folder: int, name: str, flags: int) -> int:
    """A regular file in an opened folder. Raises OSError: ELOOP for a symbolic link, EINVAL for what is no file."""
    fd = os.open(name, flags | _FILE, 0o600, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "it is no regular file", name)
    return fd


def names_in(folder: int) -> list[str]:
    """The names in an opened folder, sorted."""
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries)


def _open_root(root: Path) -> int:
    return os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _step(above: int, part: str, path: Path) -> int:
    """One folder further; the descriptor above is closed when that worked."""
    try:
        fd = os.open(part, _FOLDER, dir_fd=above)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise BadName(
                f"{path} is a symbolic link or no folder; the tracker follows no link below its root"
            ) from None
        raise
    os.close(above)
    return fd
