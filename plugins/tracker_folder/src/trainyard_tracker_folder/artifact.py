"""Keeps artifacts: one file each, the bytes and then a footer with name, size and digest.

Bytes and footer reach their place by one rename, so a reader holds either the old artifact or the new one, whole,
however often it is replaced, and a crash leaves at most a file in `incoming`, which the next upload sweeps away. The
file is named by a hash of the artifact's name (`layout`), so names keep their case and their Unicode form, and `a`
and `a/b` may both exist, on any file system. Blocking; `store` calls it in threads.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import threading
import uuid
from pathlib import Path

import msgspec

from trainyard_core.contracts.tracker import ArtifactInfo, ArtifactMissing, DigestMismatch
from trainyard_tracker_folder.layout import make_folder, sync_folder, sync_folders

__all__ = ["Incoming", "Stored", "list_all", "remove"]

_FOOTER = struct.Struct("<I4s")
_MAGIC = b"TYA1"


class Incoming:
    """An artifact while its bytes arrive. Until `keep` it is nowhere to be seen; `close` drops what was not kept.
    `close` may be called while another thread is in `write`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._fd = -1
        self._path = Path()
        self._hash = hashlib.sha256()
        self._size = 0

    def open(self, folder: Path) -> None:
        """Make the file. Call it first, and once."""
        with self._lock:
            self._refuse_closed()
            _sweep(folder)
            self._path, self._fd = _locked_file(folder)

    def write(self, data: bytes) -> None:
        """Add bytes. Raises OSError (disk full)."""
        with self._lock:
            self._put(data)
            self._hash.update(data)
            self._size += len(data)

    def keep(self, target: Path, root: Path, name: str, digest: str | None) -> ArtifactInfo:
        """Put the artifact in its place, durable. Raises DigestMismatch."""
        info = ArtifactInfo(name=name, size=self._size, digest=f"sha256:{self._hash.hexdigest()}")
        if digest is not None and digest.lower() != info.digest:
            raise DigestMismatch(f"artifact {name!r} has digest {info.digest}, not {digest}; nothing was stored")
        with self._lock:
            footer = msgspec.json.encode(info)
            self._put(footer + _FOOTER.pack(len(footer), _MAGIC))
            os.fsync(self._fd)
            make_folder(target.parent)
            self._path.replace(target)
            sync_folders(target.parent, root)
        return info

    def close(self) -> None:
        """Free the file. Idempotent."""
        with self._lock:
            self._closed = True
            if self._fd >= 0:
                self._path.unlink(missing_ok=True)
                os.close(self._fd)
                self._fd = -1

    def _put(self, data: bytes) -> None:
        self._refuse_closed()
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]

    def _refuse_closed(self) -> None:
        if self._closed:
            raise OSError("the upload was given up")


def _sweep(folder: Path) -> None:
    """Remove what dead uploads left: files that nobody holds the lock of."""
    if not folder.is_dir():
        return
    for entry in list(os.scandir(folder)):
        try:
            fd = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            Path(entry.path).unlink(missing_ok=True)
        except BlockingIOError:
            continue
        finally:
            os.close(fd)


def _locked_file(folder: Path) -> tuple[Path, int]:
    """A new file that we hold the lock of, so that no sweep takes it."""
    make_folder(folder)
    while True:
        path = folder / uuid.uuid4().hex
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX)
        if os.fstat(fd).st_nlink:
            return path, fd
        os.close(fd)  # swept between creation and lock


class Stored:
    """A stored artifact, open: it stays readable as it is when it is replaced or removed."""

    def __init__(self, path: Path, name: str) -> None:
        """Raises ArtifactMissing; OSError when the file is no artifact of ours."""
        try:
            self._file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb", buffering=0)
        except FileNotFoundError:
            raise ArtifactMissing(f"there is no artifact {name!r} in this run") from None
        try:
            self.info = self._footer(path)
        except OSError:
            self.close()
            raise

    def read(self, start: int, size: int) -> bytes:
        """The `size` bytes from `start`, which must lie within the artifact."""
        data = os.pread(self._file.fileno(), size, start)
        if len(data) != size:
            raise OSError(f"artifact {self.info.name!r} ended at byte {start + len(data)} while it was read")
        return data

    def close(self) -> None:
        """Free the file."""
        self._file.close()

    def _footer(self, path: Path) -> ArtifactInfo:
        fd = self._file.fileno()
        end = os.fstat(fd).st_size - _FOOTER.size
        try:
            length, magic = _FOOTER.unpack(os.pread(fd, _FOOTER.size, max(end, 0)))
            info = msgspec.json.decode(os.pread(fd, length, max(end - length, 0)), type=ArtifactInfo)
        except (struct.error, msgspec.DecodeError) as error:
            raise OSError(f"{path} is not a stored artifact: {error}") from error
        if magic != _MAGIC or info.size + length != end:
            raise OSError(f"{path} is not a stored artifact: its footer does not fit")
        return info


def list_all(folder: Path, prefix: str) -> list[ArtifactInfo]:
    """What is stored in a folder under names that start with `prefix`, by name."""
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        try:
            stored = Stored(path, path.name)
        except ArtifactMissing:  # removed since it was listed
            continue
        stored.close()
        found.append(stored.info)
    return sorted((info for info in found if info.name.startswith(prefix)), key=lambda info: info.name)


def remove(path: Path) -> None:
    """Remove a stored artifact for good. Idempotent."""
    if path.parent.is_dir():
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
