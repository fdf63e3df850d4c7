"""Uploads as a dialog of requests and answers, independent of the client that sends them.

A small file is one request. A larger one is sent in parts to an upload that the server knows by name and digest, so
that any later call, also from another process, continues where this one was cut. The client sends each request, and
repeats it where that is safe; when a part has arrived already, or partly, the server is asked where to continue.
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

__all__ = ["PART", "SMALL", "Dialog", "Progress", "ignore_progress", "upload_steps"]

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Called with the number of bytes that are done, and of all bytes."""
Steps = Generator[Request[Any], Any, T]
SMALL = 8 * 1024 * 1024
"""Files up to this size go in one request."""
PART = 16 * 1024 * 1024
"""Bytes of one part; it is held in memory while it is sent."""
AGAIN = 3
"""How often an upload that the server has dropped is started."""


def ignore_progress(done: int, size: int) -> None:
    """Show no progress."""


class Dialog(Generic[T]):
    """Requests that depend on the answers to earlier ones. `request` is the next one to send, None at the end. The
    methods may block: they read files."""

    def __init__(self, steps: Steps[T]) -> None:
        self._steps = steps
        self.request: Request[Any] | None = None
        self._result: list[T] = []

    def start(self) -> None:
        """Compute the first request."""
        self._advance(lambda: next(self._steps))

    def answered(self, answer: object) -> None:
        """Continue with the answer to `request`."""
        self._advance(lambda: self._steps.send(answer))

    def failed(self, error: ClientError) -> None:
        """Continue with the error that `request` ended with. Raises it when the dialog cannot go on."""
        self._advance(lambda: self._steps.throw(error))

    def result(self) -> T:
        """The result, once `request` is None."""
        assert self.request is None
        return self._result[0]

    def _advance(self, step: Callable[[], Request[Any]]) -> None:
        try:
            self.request = step()
        except StopIteration as done:
            self.request = None
            self._result.append(done.value)


def upload_steps(
    project: str, ref: str, name: str, source: Path | bytes, *, kind: str, progress: Progress
) -> Steps[Artifact]:
    """The steps that store a file or bytes. Raises BadName for what is no regular file or no name, Invalid when the
    bytes changed meanwhile, and what the requests raise."""
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if isinstance(source, Path):
        check_file(name, kind, source)
    digest = requests.digest_of(source)
    if size > SMALL:
        body = NewUpload(name=name, size=size, digest=digest, kind=kind)
        stored = yield from _in_parts(project, ref, body, source, progress)
        if stored is not None:
            return stored
    answer: Artifact = yield requests.put_artifact(project, ref, name, source, digest=digest, kind=kind)
    progress(size, size)
    return answer


def _in_parts(
    project: str, ref: str, body: NewUpload, source: Path | bytes, progress: Progress
) -> Steps[Artifact | None]:
    """None when the server's tracker does not accept parts."""
    for attempt in range(AGAIN):
        try:
            upload: Upload = yield requests.open_upload(project, ref, body)
            while not upload.done:
                progress(upload.offset, body.size)
                upload = yield from _part(project, ref, upload, source)
        except Conflict as error:
            if error.code != "uploads_unsupported":
                raise
            return None
        except NotFound:  # the server dropped the upload; if the run is gone, the next try says so
            if attempt + 1 == AGAIN:
                raise
            continue
        progress(body.size, body.size)
        return Artifact(name=body.name, size=body.size, digest=body.digest, kind=body.kind, at=upload.updated_at)
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
