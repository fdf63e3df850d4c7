"""What can be seen of requests: an id of each, its time and a line of the log. The id is on the answer and in every
line of the log that the request causes; it is timed by the route that it matched; and it is a line itself when logs are
verbose.

This is around everything, so that also what no route matched is seen.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from itertools import count
from time import perf_counter
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from trainyard_core import instruments, log_context, logs, tracing

__all__ = ["RequestLog"]

_SANE = re.compile(rb"[A-Za-z0-9_.:-]{1,64}")
_METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
log = structlog.get_logger("trainyard.api")


class RequestLog:
    """An ASGI application, seen."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._process, self._numbers = secrets.token_hex(4), count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        answer = _Response(send, self._id(scope))
        bound = log_context.bind(lambda: _facts(scope, answer))
        try:
            with _span(scope):
                await self._app(scope, receive, answer)
                tracing.note(route=scope.get("path_template"), status=answer.status)
        finally:
            _tell(scope, answer)
            log_context.unbind(bound)

    def _id(self, scope: Scope) -> bytes:
        """The id that the client has given it, or a new one."""
        for name, value in scope["headers"]:
            if name == b"x-request-id" and _SANE.fullmatch(value):
                return value
        return b"%b-%x" % (self._process.encode(), next(self._numbers))


def _span(scope: Scope) -> AbstractContextManager[None]:
    """The request's span, below its caller's."""
    if not tracing.is_on():
        return tracing.span("request")
    caller = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return tracing.span("request", parent=caller)


class _Response:
    """Sends an answer, with the request's id on it."""

    __slots__ = ("_send", "_started", "id", "seconds", "status")

    def __init__(self, send: Send, id: bytes) -> None:
        self._send, self._started, self.id = send, perf_counter(), id
        self.status, self.seconds = 0, 0.0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.seconds = message["status"], perf_counter() - self._started
            message["headers"] = [*message["headers"], (b"x-request-id", self.id)]
        await self._send(message)


def _facts(scope: Scope, answer: _Response) -> Mapping[str, object]:
    """What a line of the log tells of its request; looked up only when there is a line."""
    told: dict[str, object] = {"request": answer.id.decode()}
    given: Mapping[str, Any] = scope.get("path_params") or {}
    for fact, parameter in (("project", "project"), ("run", "ref"), ("agent", "name" if _of_agent(scope) else "")):
        if parameter in given:
            told[fact] = given[parameter]
    actor = scope.get("user")
    if actor is not None:
        told["actor"] = actor.name
    return told


def _of_agent(scope: Scope) -> bool:
    return "/agents/" in str(scope.get("path_template", ""))


def _tell(scope: HTTPScope, answer: _Response) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "other"
    route = scope.get("path_template") or "unmatched"
    instruments.REQUESTS.add(answer.seconds, method, route, str(answer.status))
    if logs.is_verbose():
        ms = round(1000 * answer.seconds, 2)
        log.debug("request", method=method, route=route, path=scope["path"], status=answer.status, ms=ms)
