"""A request as data, and the reading of its answer, for both clients. Pure: it opens no connection and reads no clock.
It decides which error an answer becomes; `requests` knows the routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import quote

import msgspec

from trainyard.client.errors import ApiError, BadName, ClientError, WrongServer, error_for
from trainyard.client.float_text import read
from trainyard.client.models import LogLine, LogPage, Metric, MetricPage, Problem
from trainyard.client.sse import Event
from trainyard.client.version_skew import explained
from trainyard.track import version

__all__ = [
    "API",
    "EVENT_STREAM",
    "PREFIX",
    "Request",
    "headers_for",
    "lines_of",
    "metrics_of",
    "path_of",
    "read_answer",
    "read_error",
]

API = version.API
PREFIX = f"/api/{API}"
EVENT_STREAM = "text/event-stream"

T = TypeVar("T")
Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request(Generic[T]):
    """A request and the type of its answer. `repeatable`: sending it twice has the effect of sending it once. The body
    is `content`, or the bytes of `file`, which is opened anew for each try."""

    method: str
    path: str
    answer: type[T]
    query: Query = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    file: Path | None = None
    repeatable: bool = True

    def with_header(self, name: str, value: str) -> Request[T]:
        return replace(self, headers={**self.headers, name: value})


def path_of(*parts: str, tail: str = "") -> str:
    """A path below the API's prefix. Parts are escaped whole; `tail` keeps its slashes. Raises BadName."""
    try:
        escaped = [quote(part, safe="") for part in parts]
        return "/".join([PREFIX, *escaped, *([quote(tail, safe="/")] if tail else [])])
    except UnicodeEncodeError as error:
        raise BadName(f"{error.object!a} is not valid UTF-8", fix="use a name that is") from error


def headers_for(request: Request[T], token: str) -> dict[str, str]:
    """All headers of a request."""
    own = {"Accept": "application/json", version.HEADER: version.told(), **request.headers}
    if token:
        own["Authorization"] = f"Bearer {token}"
    return own


def read_answer(request: Request[T], status: int, body: bytes, *, server: str, theirs: str = "") -> T:
    """The answer to a request. Raises the error that the answer stands for. `server` is its name in errors, `theirs`
    its version, empty if it sent none."""
    if not 200 <= status < 300:
        raise read_error(request, status, body, server=server, theirs=theirs)
    if request.answer is bytes:
        return body  # type: ignore[return-value]  # T is bytes here
    if request.answer is type(None):
        return None  # T is None here: the answer has no body
    try:
        return read(body, request.answer)
    except msgspec.MsgspecError as error:
        wrong = _wrong(request, f"answered {status} with a body that this client cannot read ({error})", server)
        raise explained(wrong, theirs, server=server) from error


def read_error(request: Request[T], status: int, body: bytes, *, server: str, theirs: str = "") -> ClientError:
    """The error that an answer stands for."""
    try:
        error: ClientError = error_for(msgspec.json.decode(body, type=Problem))
    except msgspec.MsgspecError:
        error = _without_problem(request, status, server)
    return explained(error, theirs, server=server)


def lines_of(event: Event) -> Sequence[LogLine]:
    """The log lines in an event `lines`; none in any other event."""
    return msgspec.json.decode(event.data, type=LogPage).items if event.name == "lines" else []


def metrics_of(event: Event) -> Sequence[Metric]:
    """The metrics of an event `metrics`."""
    return read(event.data, MetricPage).items


def _without_problem(request: Request[T], status: int, server: str) -> ClientError:
    """The error for an answer that is no Problem: a 5xx or 429 is from a proxy in between, any other from a server that
    is not ours."""
    if status >= 500 or status == 429:
        return _from_gateway(request, status, server)
    return _wrong(request, f"answered {status}", server)


def _from_gateway(request: Request[T], status: int, server: str) -> ApiError:
    return error_for(
        Problem(
            type="about:blank",
            title=f"{server} answered {status} to {request.method} {request.path}",
            status=status,
            code="gateway",
            fix="the server, or a proxy in front of it, has a problem; try again later",
            retryable=status in (429, 502, 503, 504),
        )
    )


def _wrong(request: Request[T], what: str, server: str) -> WrongServer:
    return WrongServer(
        f"{server} {what} to {request.method} {request.path}: it is no Trainyard server that speaks API {API}",
        fix="check the address, or install the version of `trainyard` that fits the server",
    )
