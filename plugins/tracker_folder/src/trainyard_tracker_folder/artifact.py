"""Keeps artifacts: one file each, the bytes and then a footer with name, size and digest.

Bytes and footer reach their place by one rename, so a reader holds either the old artifact or the new one, whole,
however often it is replaced, and a crash leaves at most a file in `incoming`, which the next upload sweeps away. The
file is named by a hash of the artifact's name (`layout`), so names keep their case and their Unicode form, and `a`
and `a/b` may both exist, on any file system. Folders are reached by `place`. Blocking; `tracker` calls it in threads.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import threading
import uuid
from contextlib import suppress

import msgspec

from trainyard_core.contracts.tracker import ArtifactInfo, ArtifactMissing, DigestMismatch, RunRef
from trainyard_tracker_folder import safe_path
from trainyard_tracker_folder.layout import Layout, file_name

__all__ = ["Incoming", "Stored", "list_all", "publish", "remove", "write_all", "wrong_digest"]

_FOOTER = struct.Struct("<I4s")
_MAGIC = b"TYA1"


class Incoming:
    """An artifact while its bytes arrive in one call. Until `keep` it is nowhere to be seen; `close` drops what was
    not kept. `close` may be called while another thread is in `write`."""

    def __init__(self, layout: Layout, run: RunRef) -> None:
        self._layout, self._run = layout, run
        self._lock = threading.Lock()
        self._closed = False
        self._fd = -1
        self._file = ""
        self._hash = hashlib.sha256()
        self._size = 0

    def open(self) -> None:
        """Make the file. Call it first, and once."""
        with self._lock, safe_path.made(self._layout.root, self._parts) as folder:
            self._refuse_closed()
            _sweep(folder)
            self._file, self._fd = _locked_file(folder)

    def write(self, data: bytes) -> None:
        """Add bytes. Raises OSError (disk full)."""
        with self._lock:
            self._refuse_closed()
            write_all(self._fd, data)
            self._hash.update(data)
            self._size += len(data)

    def keep(self, name: str, digest: str | None) -> ArtifactInfo:
        """Put the artifact in its place, durable. Raises DigestMismatch."""
        info = ArtifactInfo(name=name, size=self._size, digest=f"sha256:{self._hash.hexdigest()}")
        if digest is not None and digest.lower() != info.digest:
            raise wrong_digest(info, digest)
        with self._lock, safe_path.opened(self._layout.root, self._parts) as folder:
            self._refuse_closed()
            publish(self._layout, self._run, self._fd, folder, self._file, info)
        return info

    def close(self) -> None:
        """Free the file. Idempotent."""
        with self._lock:
            self._closed = True
            if self._fd >= 0:
                with suppress(FileNotFoundError), safe_path.opened(self._layout.root, self._parts) as folder:
                    os.unlink(self._file, dir_fd=folder)
                os.close(self._fd)
                self._fd = -1

    @property
    def _parts(self) -> tuple[str, str, str]:
        return self._layout.parts(self._run, "incoming")

    def _refuse_closed(self) -> None:
        if self._closed:
            raise OSError("the upload was given up")


def publish(layout: Layout, run: RunRef, fd: int, folder: int, file: str, info: ArtifactInfo) -> None:
    """Make the artifact `info` of the open file `file` in `folder`, which holds its bytes and is positioned at their
    end: footer, sync, rename, in this order."""
    footer = msgspec.json.encode(info)
    write_all(fd, footer + _FOOTER.pack(len(footer), _MAGIC))
    os.fsync(fd)
    parts = layout.parts(run, "artifacts")
    with safe_path.made(layout.root, parts) as target:
        os.replace(file, file_name(info.name), src_dir_fd=folder, dst_dir_fd=target)
    safe_path.sync_chain(layout.root, parts)


def wrong_digest(info: ArtifactInfo, promised: str) -> DigestMismatch:
    """The error of bytes that are not those of their digest."""
    return DigestMismatch(f"artifact {info.name!r} has digest {info.digest}, not {promised[:80]}; nothing was stored")


def write_all(fd: int, data: bytes) -> None:
    """Every byte at the file's position. Raises OSError with some of them written."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _sweep(folder: int) -> None:
    """Remove what dead uploads left: files that nobody holds the lock of."""
    for name in safe_path.names_in(folder):
        try:
            fd = safe_path.open_file(folder, name, os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
        except BlockingIOError:
            continue
        finally:
            os.close(fd)


def _locked_file(folder: int) -> tuple[str, int]:
    """A new file that we hold the lock of, so that no sweep takes it."""
    while True:
        name = uuid.uuid4().hex
        fd = safe_path.open_file(folder, name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        fcntl.flock(fd, fcntl.LOCK_EX)
        if os.fstat(fd).st_nlink:
            return name, fd
        os.close(fd)  # swept between creation and lock


class Stored:
    """A stored artifact, open: it stays readable as it is when it is replaced or removed."""

    def __init__(self, folder: int, file: str, name: str) -> None:
        """`name` is for messages. Raises ArtifactMissing; OSError when the file is no artifact of ours."""
        self._fd = -1
        try:
            self._fd = safe_path.open_file(folder, file, os.O_RDONLY)
        except FileNotFoundError:
            raise _missing(name) from None
        try:
            self.info = self._footer()
        except OSError as error:
            self.close()
            raise OSError(f"the file {file} of {name!r} is not a stored artifact: {error}") from error

    @classmethod
    def find(cls, layout: Layout, run: RunRef, name: str) -> Stored:
        """The artifact of that name, which has been checked. Raises ArtifactMissing, BadName, OSError."""
        try:
            with safe_path.opened(layout.root, layout.parts(run, "artifacts")) as folder:
                return cls(folder, file_name(name), name)
        except FileNotFoundError:
            raise _missing(name) from None

    def read(self, start: int, size: int) -> bytes:
        """The `size` bytes from `start`, which must lie within the artifact."""
        data = os.pread(self._fd, size, start)
        if len(data) != size:
            raise OSError(f"artifact {self.info.name!r} ended at byte {start + len(data)} while it was read")
        return data

    def close(self) -> None:
        """Free the file. Idempotent."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        self.close()  # a reader that is cancelled while a thread opens the file never gets it

    def _footer(self) -> ArtifactInfo:
        fd = self._fd
        end = os.fstat(fd).st_size - _FOOTER.size
        try:
            length, magic = _FOOTER.unpack(os.pread(fd, _FOOTER.size, max(end, 0)))
            info = msgspec.json.decode(os.pread(fd, length, max(end - length, 0)), type=ArtifactInfo)
        except (struct.error, msgspec.DecodeError) as error:
            raise OSError(str(error)) from error
        if magic != _MAGIC or info.size + length != end:
            raise OSError("its footer does not fit")
        return info


def list_all(layout: Layout, run: RunRef, prefix: str) -> list[ArtifactInfo]:
    """What a run has stored under names that start with `prefix`, by name."""
    found = []
    with suppress(FileNotFoundError), safe_path.opened(layout.root, layout.parts(run, "artifacts")) as folder:
        for file in safe_path.names_in(folder):
            with suppress(ArtifactMissing):  # removed since it was listed
                stored = Stored(folder, file, file)
                stored.close()
                found.append(stored.info)
    return sorted((info for info in found if info.name.startswith(prefix)), key=lambda info: info.name)


def remove(layout: Layout, run: RunRef, name: str) -> None:
    """Remove a stored artifact for good. Idempotent."""
    with suppress(FileNotFoundError), safe_path.opened(layout.root, layout.parts(run, "artifacts")) as folder:
        with suppress(FileNotFoundError):
            os.unlink(file_name(name), dir_fd=folder)
        os.fsync(folder)


def _missing(name: str) -> ArtifactMissing:
    return ArtifactMissing(f"there is no artifact {name!r} in this run")
