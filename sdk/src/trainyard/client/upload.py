"""How a file goes up, whichever transport carries it: as a dialog of requests and answers.

Small files go in one request. Larger ones go in parts to an upload that the server knows by name and digest, so that
any later call, also of another process, goes on where this one was cut. The transport sends each request (again, where
that is safe); when a part turns out to have arrived already, or partly, the server is asked where to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Generic, TypeVar

from trainyard.client import requests
from trainyard.client.errors import ClientError, Conflict, NotFound
from trainyard.client.folders import check_file
from trainyard.client.models import Artifact, NewUpload, Upload
from trainyard.client.wire import Request

__all__ = ["PART", "SMALL", "Dialog", "Progress", "quietly", "uploading"]

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Told of bytes that are done, and of all."""
Steps = Generator[Request[Any], Any, T]
SMALL = 8 * 1024 * 1024
"""Files up to this size go in one request."""
PART = 16 * 1024 * 1024
"""Bytes of one part; it is held in memory while it is sent."""
AGAIN = 3
"""How often an upload that the server has lost is begun again."""


def quietly(done: int, size: int) -> None:
    """Tells nobody."""


class Dialog(Generic[T]):
    """Requests that follow from the answers to earlier ones. `request` is the next one to send, None at the end."""

    def __init__(self, steps: Steps[T]) -> None:
        self._steps = steps
        self.request: Request[Any] | None = None
        self._result: list[T] = []

    def start(self) -> None:
        """Work out the first request. May block, as the others: it reads files."""
        self._go(lambda: next(self._steps))

    def answered(self, answer: object) -> None:
        """Go on with the answer to `request`."""
        self._go(lambda: self._steps.send(answer))

    def failed(self, error: ClientError) -> None:
        """Go on with what became of `request` instead. Raises it when the dialog knows no way on."""
        self._go(lambda: self._steps.throw(error))

    def outcome(self) -> T:
        """What came of it, at the end."""
        assert self.request is None
        return self._result[0]

    def _go(self, step: Callable[[], Request[Any]]) -> None:
        try:
            self.request = step()
        except StopIteration as done:
            self.request = None
            self._result.append(done.value)


def uploading(
    project: str, ref: str, name: str, source: Path | bytes, *, kind: str, progress: Progress
) -> Steps[Artifact]:
    """The dialog that stores a file or bytes. Raises BadName for what is no regular file or no name, Invalid when the
    bytes changed meanwhile, what requests raise."""
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if isinstance(source, Path):
        check_file(name, kind, source)
    digest = requests.digest_of(source)
    if size > SMALL:
        wish = NewUpload(name=name, size=size, digest=digest, kind=kind)
        stored = yield from _in_parts(project, ref, wish, source, progress)
        if stored is not None:
            return stored
    answer: Artifact = yield requests.put_artifact(project, ref, name, source, digest=digest, kind=kind)
    progress(size, size)
    return answer


def _in_parts(
    project: str, ref: str, wish: NewUpload, source: Path | bytes, progress: Progress
) -> Steps[Artifact | None]:
    """None when the server's tracker takes no parts."""
    for attempt in range(AGAIN):
        try:
            upload: Upload = yield requests.open_upload(project, ref, wish)
            while not upload.done:
                progress(upload.offset, wish.size)
                upload = yield from _part(project, ref, upload, source)
        except Conflict as error:
            if error.code != "uploads_unsupported":
                raise
            return None
        except NotFound:  # the server gave the upload up meanwhile; a run that is gone is told by the next try
            if attempt + 1 == AGAIN:
                raise
            continue
        progress(wish.size, wish.size)
        return Artifact(name=wish.name, size=wish.size, digest=wish.digest, kind=wish.kind, at=upload.updated_at)
    return None


def _part(project: str, ref: str, upload: Upload, source: Path | bytes) -> Steps[Upload]:
    part = _read(source, upload.offset, max(PART, upload.step))
    try:
        answer: Upload = yield requests.append_upload(project, ref, upload.id, upload.offset, part)
    except Conflict as error:
        if error.code != "upload_offset":
            raise
        answer = yield requests.get_upload(project, ref, upload.id)
    return answer


def _read(source: Path | bytes, offset: int, most: int) -> bytes:
    if isinstance(source, bytes):
        return source[offset : offset + most]
    with source.open("rb") as file:
        file.seek(offset)
        return file.read(most)
