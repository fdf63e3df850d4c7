"""What both clients share: the settings of httpx, the meaning of its errors, when a request is repeated, and how a
followed stream continues after a cut. Only this module, `file_token` and the clients use httpx, as `http` loads it."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from trainyard.client.discovery import Endpoint, without_secrets
from trainyard.client.errors import ClientError, DigestMismatch, NotReachable, WrongServer
from trainyard.client.file_token import token_file_auth
from trainyard.client.http import httpx
from trainyard.client.retry import Backoff
from trainyard.client.sse import Event, EventReader
from trainyard.client.wire import EVENT_STREAM, Request

__all__ = [
    "CHUNK",
    "Digest",
    "EventHooks",
    "Follower",
    "atomic_write",
    "check_stream",
    "check_version",
    "may_repeat",
    "reachable",
    "settings_for",
    "stream_backoff",
]

CHUNK = 256 * 1024
_CONNECT = 10.0
_SILENCE = 60.0  # the server pings a quiet stream every 15 seconds


EventHooks = Mapping[str, list[Callable[..., Any]]]
"""As in httpx: functions by the events `request` and `response`, each called with the request or the response."""


def settings_for(endpoint: Endpoint, timeout: float) -> dict[str, Any]:
    """Arguments for httpx. Proxies and a private CA come from the environment (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE),
    but no proxy is used for a server on this machine."""
    local = _is_loopback(endpoint.url)
    return {
        "base_url": endpoint.url,
        "timeout": httpx.Timeout(timeout, connect=min(timeout, _CONNECT)),
        "auth": token_file_auth(endpoint),
        "trust_env": not local,
        "verify": not (local and endpoint.url.startswith("http://")),  # loading certificates costs 50 ms
    }


@contextmanager
def reachable(endpoint: Endpoint) -> Iterator[None]:
    """Turn every failure to get an answer into NotReachable, which holds neither the request nor its token."""
    try:
        yield
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise NotReachable(
            f"no answer from {without_secrets(endpoint.url)} (address from {endpoint.source}): "
            f"{str(error) or type(error).__name__}",
            fix="see whether it runs: `yard up` starts one on this machine",
        ) from error


def may_repeat(request: Request[Any], error: ClientError, failures: int, backoff: Backoff) -> bool:
    """Whether to repeat a request after so many failures in a row."""
    return request.repeatable and error.retryable and not backoff.is_over(failures)


def check_stream(request: Request[Any], content_type: str, server: str) -> None:
    """Raises WrongServer for an answer that is no event stream."""
    if content_type.partition(";")[0].strip() != EVENT_STREAM:
        raise WrongServer(
            f"{server} answered {request.path} with {content_type or 'no content type'} and not with {EVENT_STREAM}",
            fix="check the address and whatever stands between here and the server",
        )


def check_version(theirs: str, ours: str, server: str) -> None:
    """Raises WrongServer for a server of another API version."""
    if theirs != ours:
        raise WrongServer(
            f"{server} speaks API {theirs} and this client speaks {ours}",
            fix="install the version of `trainyard` that fits the server",
        )


@dataclass
class Follower:
    """A followed stream over any number of connections. Every event is returned once: each connection resumes after the
    last whole event. Any event resets the count of failures. After `deadline`, a time of the monotonic clock,
    TimeoutError is raised instead of waiting on."""

    request: Request[bytes]
    backoff: Backoff
    failures: int = 0
    ended: bool = False
    deadline: float = math.inf
    _last_id: str = ""
    _reader: EventReader | None = None

    def connect(self) -> Request[bytes]:
        """The request of the next connection."""
        self._reader = EventReader(self._last_id)
        return self.request.with_header("Last-Event-ID", self._last_id) if self._last_id else self.request

    def timeout(self, timeout: float) -> httpx.Timeout:
        """Time limits for the next connection: the server may send nothing for as long as four pings. `timeout` is the
        client's own."""
        left = max(self.deadline - time.monotonic(), 0.001)
        return httpx.Timeout(min(_SILENCE, left), connect=min(timeout, _CONNECT, left))

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that a chunk completes. They count as received."""
        assert self._reader is not None
        events = self._reader.feed(chunk)
        self.failures = 0
        self._last_id = self._reader.last_id
        self.ended = self.ended or any(event.name == "end" for event in events)
        self._check_deadline()
        return events

    def delay(self, error: ClientError | None) -> float:
        """How long to wait before the next connection, in seconds. `error` ended the last connection; None means that
        the stream just stopped. Raises it when another try makes no sense."""
        self.failures += 1
        error = error or NotReachable("the server ended the stream early")
        if error.retryable:
            self._check_deadline()
        if not error.retryable or self.backoff.is_over(self.failures):
            raise error
        return min(self.backoff.delay(self.failures), max(self.deadline - time.monotonic(), 0.0))

    def _check_deadline(self) -> None:
        if not self.ended and time.monotonic() >= self.deadline:
            raise TimeoutError("the stream has not ended in time")


def stream_backoff(backoff: Backoff) -> Backoff:
    """The policy for streams and downloads: twice as many tries, so that they survive a restart of the server."""
    return replace(backoff, tries=backoff.tries * 2)


class Digest:
    """Checks bytes against a `Digest: sha256:<hex>` header as they arrive. Without the header nothing is checked."""

    def __init__(self, promised: str) -> None:
        self._promised = promised
        self._hash = hashlib.sha256()

    def update(self, chunk: bytes) -> None:
        self._hash.update(chunk)

    def check(self, name: str) -> None:
        """Raises DigestMismatch."""
        found = "sha256:" + self._hash.hexdigest()
        if self._promised.startswith("sha256:") and self._promised != found:
            raise DigestMismatch(f"artifact {name!r} arrived as {found} and should be {self._promised}")


@contextmanager
def atomic_write(target: Path) -> Iterator[IO[bytes]]:
    """A file that is written beside its target and renamed to it when all went well."""
    beside = target.with_name(f".{target.name[:64]}.{secrets.token_hex(8)}")
    try:
        with beside.open("xb") as file:
            yield file
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
