"""A download over any number of connections, also from later processes. The file appears only when it is complete.

Until then it grows beside its target under a name made from its digest, so that it holds the beginning of exactly these
bytes; the next connection requests the rest of them (`Range`, `If-Range`). The digest is checked before the file is
renamed. The part of a large file is kept after a failure, for the next try.
"""

from __future__ import annotations

import fcntl
import hashlib
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from trainyard.client.errors import DigestMismatch, NotReachable
from trainyard.client.upload import Progress
from trainyard.client.wire import Request

__all__ = ["Partial"]

KEEP_FROM = 1024 * 1024
"""The size from which the part of a download is kept, in bytes."""
PIECE = 1024 * 1024
UNKNOWN = -1


class Partial:
    """The growing file of one download. Use it as a context manager; `is_done` says that the target is complete."""

    def __init__(self, target: Path, name: str, progress: Progress) -> None:
        self._target, self._name, self._progress = target, name, progress
        self._file: IO[bytes] | None = None
        self._beside = target
        self._hash = hashlib.sha256()
        self._have = self._size = self._reported = 0
        self._promised = self._etag = ""
        self.is_done = False

    def __enter__(self) -> Partial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._drop(keep=self._have >= KEEP_FROM and bool(self._etag))

    def rest_of(self, request: Request[bytes]) -> Request[bytes]:
        """The request for the bytes that are missing."""
        if not self._have or not self._etag:
            return request
        return request.with_header("Range", f"bytes={self._have}-").with_header("If-Range", self._etag)

    def accepts(self, status: int, headers: Mapping[str, str]) -> bool:
        """Read the head of an answer. True when its body is to be written; otherwise send `rest_of` the request."""
        if status == 206:
            if not headers.get("content-range", "").startswith(f"bytes {self._have}-"):
                raise NotReachable(f"artifact {self._name!r}: the server sent another part than was requested")
            return True
        self._begin(headers)
        return self._have == 0 and self._size != 0

    def write(self, data: bytes) -> None:
        """Append bytes of the body."""
        assert self._file is not None
        self._file.write(data)
        self._hash.update(data)
        self._have += len(data)
        self._progress(self._have, self._size)

    def has_advanced(self) -> bool:
        """Whether any bytes have arrived since the last call."""
        before, self._reported = self._reported, self._have
        return self._have > before

    def finish(self) -> None:
        """Rename the file to its target if it is complete; if not, more is to be requested. Raises DigestMismatch."""
        if self._have < self._size:
            return
        assert self._file is not None
        self._file.flush()
        found = "sha256:" + self._hash.hexdigest()
        if self._promised.startswith("sha256:") and self._promised != found:
            self._drop(keep=False)
            raise DigestMismatch(f"artifact {self._name!r} arrived as {found} and should be {self._promised}")
        self._beside.replace(self._target)
        self._file.close()
        self._file, self.is_done = None, True
        self._progress(self._have, self._have)

    def _begin(self, headers: Mapping[str, str]) -> None:
        """Continue the file that holds the beginning of these bytes, or start one."""
        promised = headers.get("digest", "")
        if self._file is not None:
            self._drop(keep=False)
        self._size = int(headers.get("content-length", UNKNOWN))
        resumable = promised and self._size != UNKNOWN
        self._promised, self._etag = promised, headers.get("etag", "") if resumable else ""
        self._open()

    def _open(self) -> None:
        known = self._promised.removeprefix("sha256:")[:16] if self._etag else ""
        stem = f".{self._target.name[:64]}."
        self._beside = self._target.with_name(stem + (f"{known}.part" if known else secrets.token_hex(8)))
        self._file = self._beside.open("a+b")
        if known and not self._is_ours():
            self._file.close()
            self._beside = self._target.with_name(stem + secrets.token_hex(8))
            self._file = self._beside.open("a+b")
        self._file.seek(0)
        self._hash, self._have = hashlib.sha256(), 0
        while piece := self._file.read(PIECE):
            self._hash.update(piece)
            self._have += len(piece)
        if self._have > self._size >= 0:
            self._file.truncate(0)
            self._hash, self._have = hashlib.sha256(), 0
        self._reported = self._have

    def _is_ours(self) -> bool:
        """Whether no other process downloads the same bytes to the same target."""
        assert self._file is not None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _drop(self, *, keep: bool) -> None:
        assert self._file is not None
        self._file.close()
        self._file, self._have = None, 0
        if not keep:
            with suppress(FileNotFoundError):
                self._beside.unlink()
