"""Artifacts that arrive in pieces: one growing file each, whose size says how far the upload is.

Nothing else is kept about it, so any process goes on where the file ends, also after a kill at any byte. Each piece is
written under a lock on the file and only where the file ends, hence two senders of one upload cannot mix. The finished
file gets its footer and moves to the artifacts by the same rename as any other (`artifact`); a footer that a crash left
behind is cut off by its declared size. What is remembered between calls, the hash of what went by, only saves reading
the bytes again. Blocking; `tracker` calls it in threads.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from trainyard_core import failpoints
from trainyard_core.contracts.tracker import (
    ArtifactInfo,
    ArtifactMissing,
    RunRef,
    Upload,
    UploadTooLong,
    WrongOffset,
)
from trainyard_tracker_folder import artifact, safe_path
from trainyard_tracker_folder.layout import Layout, file_name

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["Uploads"]

_PIECE = 1024 * 1024
_REMEMBER = 256


class Uploads:
    """The unfinished artifacts of a layout."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._hashes = _Hashes()

    def offset(self, run: RunRef, upload: Upload) -> int:
        """How many bytes are kept and synced."""
        try:
            with self._locked(run, upload) as (fd, _):
                os.fsync(fd)
                return min(os.fstat(fd).st_size, upload.size)
        except FileNotFoundError:
            return upload.size if self._finished(run, upload) else 0

    def write(self, run: RunRef, upload: Upload, at: int, data: bytes) -> int:
        """Add bytes where the file ends. Returns its new end. Raises WrongOffset, UploadTooLong, OSError."""
        if at + len(data) > upload.size:
            raise UploadTooLong(f"upload of {upload.name!r} has {upload.size} bytes, and more than that came")
        if at == 0:
            self._begin(run, upload)
        with self._held(run, upload) as (fd, _):
            end = os.lseek(fd, 0, os.SEEK_END)
            if end != at:
                raise WrongOffset(min(end, upload.size))
            hashed = self._hashes.take(run, upload, at)
            artifact.write_all(fd, data)
            if hashed is not None:
                hashed.update(data)
                self._hashes.keep(run, upload, at + len(data), hashed)
        return at + len(data)

    def finish(self, run: RunRef, upload: Upload) -> ArtifactInfo:
        """Make the artifact. Raises WrongOffset, DigestMismatch."""
        if upload.size == 0:
            self._begin(run, upload)
        try:
            with self._locked(run, upload) as (fd, folder):
                if info := self._finished(run, upload):
                    os.unlink(file_name(upload.id), dir_fd=folder)
                    return info
                return self._publish(run, upload, fd, folder)
        except FileNotFoundError:
            if info := self._finished(run, upload):
                return info
            raise WrongOffset(0) from None

    def drop(self, run: RunRef, upload: Upload) -> None:
        """Remove the bytes. Idempotent."""
        self._hashes.take(run, upload, -1)
        with suppress(FileNotFoundError), self._locked(run, upload) as (_, folder):
            os.unlink(file_name(upload.id), dir_fd=folder)
            os.fsync(folder)

    def _publish(self, run: RunRef, upload: Upload, fd: int, folder: int) -> ArtifactInfo:
        end = os.lseek(fd, 0, os.SEEK_END)
        if end < upload.size:
            raise WrongOffset(end)
        hashed = self._hashes.take(run, upload, upload.size)
        if end > upload.size:  # a footer that a crash left here
            os.ftruncate(fd, os.lseek(fd, upload.size, os.SEEK_SET))
        info = ArtifactInfo(name=upload.name, size=upload.size, digest=_digest(fd, upload.size, hashed))
        if info.digest != upload.digest.lower():
            os.unlink(file_name(upload.id), dir_fd=folder)
            raise artifact.wrong_digest(info, upload.digest)
        failpoints.point("upload:before_rename")
        artifact.publish(self._layout, run, fd, folder, file_name(upload.id), info)
        failpoints.point("upload:after_rename")
        return info

    def _finished(self, run: RunRef, upload: Upload) -> ArtifactInfo | None:
        """The artifact, if this upload has become it."""
        try:
            stored = artifact.Stored.find(self._layout, run, upload.name)
        except ArtifactMissing:
            return None
        stored.close()
        is_it = (stored.info.size, stored.info.digest) == (upload.size, upload.digest.lower())
        return stored.info if is_it else None

    def _begin(self, run: RunRef, upload: Upload) -> None:
        """Make the file, unless it is there or was finished."""
        parts = self._layout.parts(run, "uploads")
        with safe_path.made(self._layout.root, parts) as folder:
            if file_name(upload.id) in safe_path.names_in(folder) or self._finished(run, upload):
                return
            os.close(safe_path.open_file(folder, file_name(upload.id), os.O_RDWR | os.O_CREAT))
        safe_path.sync_chain(self._layout.root, parts)

    @contextmanager
    def _held(self, run: RunRef, upload: Upload) -> Iterator[tuple[int, int]]:
        """As `_locked`, but a file that is not there is a wrong offset."""
        try:
            with self._locked(run, upload) as held:
                yield held
        except FileNotFoundError:
            raise WrongOffset(upload.size if self._finished(run, upload) else 0) from None

    @contextmanager
    def _locked(self, run: RunRef, upload: Upload) -> Iterator[tuple[int, int]]:
        """The upload's file and its folder, for us alone. Raises FileNotFoundError, also when another call finished or
        dropped it while we waited."""
        with safe_path.opened(self._layout.root, self._layout.parts(run, "uploads")) as folder:
            file = file_name(upload.id)
            fd = safe_path.open_file(folder, file, os.O_RDWR)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                _refuse_moved(fd, folder, file)
                yield fd, folder
            finally:
                os.close(fd)


def _refuse_moved(fd: int, folder: int, file: str) -> None:
    """Raises FileNotFoundError when the open file is no longer the one of that name."""
    if not os.path.samestat(os.fstat(fd), os.stat(file, dir_fd=folder, follow_symlinks=False)):
        raise FileNotFoundError(file)


def _digest(fd: int, size: int, hashed: _Hash | None) -> str:
    """The digest of the first `size` bytes: as they went by, or read again."""
    if hashed is None:
        hashed = hashlib.sha256()
        for at in range(0, size, _PIECE):
            hashed.update(os.pread(fd, min(_PIECE, size - at), at))
    return f"sha256:{hashed.hexdigest()}"


class _Hashes:
    """The hashes of uploads whose bytes all went through this process, by how many they were. Whoever takes one owns
    it; the oldest is forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[RunRef, str], tuple[int, _Hash]] = OrderedDict()

    def take(self, run: RunRef, upload: Upload, at: int) -> _Hash | None:
        """The hash of the first `at` bytes, if it is known."""
        with self._lock:
            size, hashed = self._kept.pop((run, upload.id), (0, hashlib.sha256()))
        return hashed if size == at else None

    def keep(self, run: RunRef, upload: Upload, at: int, hashed: _Hash) -> None:
        """Remember it for the next piece."""
        with self._lock:
            self._kept[run, upload.id] = at, hashed
            if len(self._kept) > _REMEMBER:
                self._kept.popitem(last=False)
