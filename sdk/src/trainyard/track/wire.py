"""One kept connection to the server, with the standard library only: what the shipper needs of HTTP and no more.

The connection is made on first use and made again when the server closed it between two requests. Answers are read
whole. What an answer means is the caller's to say.
"""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Mapping
from typing import IO, Any, NamedTuple
from urllib.parse import quote, urlsplit

from trainyard.track import version

__all__ = ["Answer", "Unreachable", "Wire", "quoted"]

API = f"/api/{version.API}"
_PIECE = 1024 * 1024


class Unreachable(ConnectionError):
    """No answer: the server is down, does not answer in time, or does not speak HTTP. Nothing is known about what
    it did with the request."""


class Answer(NamedTuple):
    """What the server said; `body` is decoded JSON when it is an object, else empty."""

    status: int
    body: dict[str, Any]
    retry_after: float

    @property
    def is_success(self) -> bool:
        """Whether the server did what it was asked."""
        return 200 <= self.status < 300

    @property
    def is_refusal(self) -> bool:
        """Whether the same request would be refused again: time-outs, overload, faults of the server and a token that
        may be replaced are none."""
        passing = self.status in (401, 408, 425, 429) or self.status >= 500 or bool(self.body.get("retryable"))
        return not self.is_success and not passing

    @property
    def code(self) -> str:
        """The problem's stable code, if there is one."""
        return str(self.body.get("code", ""))

    @property
    def words(self) -> str:
        """The problem in the server's words."""
        said = self.body.get("detail") or self.body.get("title") or ""
        return f"{self.status} {self.code or http.client.responses.get(self.status, '')}: {said}".rstrip(": ")


class Wire:
    """Requests to the server at `url`, one at a time. `timeout` seconds bound every wait for the peer."""

    def __init__(self, url: str, timeout: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"server URL {url!r}: use http://host:port or https://host:port")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._made = kind(parts.hostname, parts.port, timeout=timeout, blocksize=256 * 1024)
        self._prefix = parts.path.rstrip("/") + API
        self._used = False

    def send(self, method: str, path: str, body: bytes | IO[bytes], headers: Mapping[str, str]) -> Answer:
        """One request. A kept connection that the server has closed meanwhile is made again once. Raises
        Unreachable."""
        kept = self._used
        try:
            return self._once(method, path, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as error:
            self.close()
            if not kept:
                raise Unreachable(str(error) or type(error).__name__) from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(str(error) or type(error).__name__) from error
        except ValueError:  # its text holds the header, which may be the token
            self.close()
            raise Unreachable("the token has characters that cannot be sent") from None
        if not isinstance(body, bytes):
            body.seek(0)
        return self.send(method, path, body, headers)

    def _once(self, method: str, path: str, body: bytes | IO[bytes], headers: Mapping[str, str]) -> Answer:
        sent, is_whole = {**headers, version.HEADER: version.told()}, False
        try:
            self._made.request(method, self._prefix + path, body=body, headers=sent)
            is_whole = True
        except (BrokenPipeError, ConnectionResetError):
            if self._made.sock is None:  # it was never connected
                raise
            # who refuses a large body may not read it all, and has answered
        answer = self._made.getresponse()
        data = answer.read()
        if not is_whole:
            self.close()
        self._used = is_whole
        return Answer(answer.status, _object(data), _seconds(answer.headers.get("Retry-After")))

    def download(self, path: str, headers: Mapping[str, str], out: IO[bytes]) -> Answer:
        """Read `path`, and add the bytes of a success to `out`: from its start, unless the answer goes on from where
        it is (206). They may be fewer than were promised. Raises Unreachable when nothing came."""
        self.close()
        try:
            self._made.request("GET", self._prefix + path, headers={**headers, version.HEADER: version.told()})
            answer = self._made.getresponse()
            is_success = answer.status in (200, 206)
            first = answer.read(_PIECE) if is_success else answer.read()
            if is_success and not first:
                raise Unreachable("the answer broke off before its first byte")
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(str(error) or type(error).__name__) from error
        if is_success:
            self._write(answer, first, out)
        self.close()
        return Answer(answer.status, {} if is_success else _object(first), _seconds(answer.headers.get("Retry-After")))

    def _write(self, answer: http.client.HTTPResponse, piece: bytes, out: IO[bytes]) -> None:
        if answer.status == 200:
            out.seek(0)
            out.truncate()
        while piece:
            out.write(piece)
            try:
                piece = answer.read(_PIECE)
            except (OSError, http.client.HTTPException):
                return

    def close(self) -> None:
        """Close the connection; the next request makes another."""
        self._made.close()
        self._used = False


def quoted(part: str) -> str:
    """A name as a part of a path; `/` stays."""
    return quote(part, safe="/")


def _object(data: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        decoded = json.loads(data)
        if isinstance(decoded, dict):
            return decoded
    return {}


def _seconds(text: str | None) -> float:
    with contextlib.suppress(TypeError, ValueError):
        return max(0.0, min(300.0, float(text or 0)))
    return 0.0
