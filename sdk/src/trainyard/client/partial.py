"""A file that comes down over any number of connections, also of later processes, and appears whole or not at all.

Until then it grows beside its target under a name made of its digest, so that what is there already is certain to be of
the same bytes; the next connection asks for the rest of exactly these (`Range`, `If-Range`). The digest is checked
before the file takes its name. What is there of a large file stays after a failure, for the next try.
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

WORTH = 1024 * 1024
"""Bytes from which on a broken download is kept."""
PIECE = 1024 * 1024
UNKNOWN = -1


class Partial:
    """The growing file of one download. Use it as a context manager; `is_done` tells that the target is there."""

    def __init__(self, target: Path, name: str, progress: Progress) -> None:
        self._target, self._name, self._progress = target, name, progress
        self._file: IO[bytes] | None = None
        self._beside = target
        self._hash = hashlib.sha256()
        self._have = self._size = self._told = 0
        self._promised = self._etag = ""
        self.is_done = False

    def __enter__(self) -> Partial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._drop(keep=self._have >= WORTH and bool(self._etag))

    def asking(self, request: Request[bytes]) -> Request[bytes]:
        """The request for what is missing."""
        if not self._have or not self._etag:
            return request
        return request.with_header("Range", f"bytes={self._have}-").with_header("If-Range", self._etag)

    def takes(self, status: int, headers: Mapping[str, str]) -> bool:
        """Look at the head of an answer: whether its body is to be written. When not, ask again, for the rest."""
        if status == 206:
            if not headers.get("content-range", "").startswith(f"bytes {self._have}-"):
                raise NotReachable(f"artifact {self._name!r}: another part came than was asked for")
            return True
        self._begin(headers)
        return self._have == 0 and self._size != 0

    def write(self, data: bytes) -> None:
        """Add bytes that came."""
        assert self._file is not None
        self._file.write(data)
        self._hash.update(data)
        self._have += len(data)
        self._progress(self._have, self._size)

    def moved(self) -> bool:
        """Whether anything has come since this was asked last."""
        before, self._told = self._told, self._have
        return self._have > before

    def finish(self) -> None:
        """Give the file its name if it is whole; if it is not, there is more to ask for. Raises DigestMismatch."""
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
        """A whole artifact is offered: go on with the file that grows for exactly these bytes, or begin one."""
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
        self._told = self._have

    def _is_ours(self) -> bool:
        """Whether no other process brings the same file to the same place."""
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
