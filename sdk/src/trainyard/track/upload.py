"""A file's way to the server: in one request, or in parts where it is large or somebody in between allows less.

Parts go to an upload that the server knows by name and digest, so a pass that was cut goes on where it was. When an
answer says that a request is too large (413, which proxies with a limit of their own say), requests become smaller from
then on. What a refusal means for the run is `shipper`'s to say.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import IO, Any

from trainyard.track.wire import Answer, quoted

__all__ = ["LARGEST", "LEAST", "Upload"]

LARGEST = 8 * 1024 * 1024
"""The most bytes of a file in one request."""
LEAST = 64 * 1024
"""Requests are not made smaller than this."""
_AGAIN = 3
"""How often an upload that the server has given up is begun again."""
_STALLED = 16
"""How many answers in a row may bring an upload no further."""
_BYTES = "application/octet-stream"

Call = Callable[[str, str, "bytes | IO[bytes]", dict[str, str]], Answer]


class Upload:
    """Puts files below the run at `path`. `call` sends a request and raises when there is no answer. Not for several
    threads at once."""

    def __init__(self, call: Call, path: str) -> None:
        self._call = call
        self._path = path
        self._most = LARGEST

    def put(self, event: Mapping[str, Any], file: IO[bytes]) -> Answer:
        """Store the bytes of an `artifact` event. Returns the last answer: success, or why the file was refused."""
        size = os.fstat(file.fileno()).st_size
        if size <= self._most:
            answer = self._whole(event, file, size)
            if answer.status != 413 or size <= LEAST:
                return answer
            self._most = max(LEAST, size // 2)
        return self._in_parts(event, file, size)

    def _whole(self, event: Mapping[str, Any], file: IO[bytes], size: int) -> Answer:
        file.seek(0)
        path = f"{self._path}/artifacts/{quoted(event['name'])}?kind={quoted(event.get('kind', 'file'))}"
        headers = {"Content-Type": _BYTES, "Content-Length": str(size), "Digest": event["digest"]}
        return self._call("PUT", path, file, headers)

    def _in_parts(self, event: Mapping[str, Any], file: IO[bytes], size: int) -> Answer:
        for _ in range(_AGAIN):
            answer = self._open(event, size)
            if answer.code == "uploads_unsupported":
                return self._whole(event, file, size)
            answer = self._fill(answer, file)
            if answer.status != 404:
                break
        return answer

    def _open(self, event: Mapping[str, Any], size: int) -> Answer:
        request = {"name": event["name"], "size": size, "digest": event["digest"], "kind": event.get("kind", "file")}
        return self._call(
            "POST", f"{self._path}/uploads", json.dumps(request).encode(), {"Content-Type": "application/json"}
        )

    def _fill(self, answer: Answer, file: IO[bytes]) -> Answer:
        """Send parts from where the upload is until it is done or refused."""
        furthest, stalled = -1, 0
        while answer.is_success and not answer.body.get("done"):
            if not {"id", "offset", "step"} <= answer.body.keys():
                raise ConnectionError(f"{answer.status} is no answer about an upload")
            offset = int(answer.body["offset"])
            stalled = 0 if offset > furthest else stalled + 1
            furthest = max(furthest, offset)
            if stalled > _STALLED:
                raise ConnectionError(f"the upload does not get beyond byte {offset}")
            answer = self._part(answer.body, file, offset)
        return answer

    def _part(self, upload: Mapping[str, Any], file: IO[bytes], offset: int) -> Answer:
        file.seek(offset)
        part = file.read(max(self._most, int(upload["step"])))
        path = f"{self._path}/uploads/{quoted(upload['id'])}"
        answer = self._call("PATCH", path, part, {"Content-Type": _BYTES, "Upload-Offset": str(offset)})
        is_too_large = answer.status == 413 and self._most > LEAST
        if is_too_large:
            self._most = max(LEAST, min(self._most, len(part)) // 2)
        return self._call("GET", path, b"", {}) if is_too_large or answer.code == "upload_offset" else answer
