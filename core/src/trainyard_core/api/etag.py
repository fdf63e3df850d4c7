"""ETags: every JSON answer to a GET has one, made from its bytes, and a request that names it gets 304 instead."""

from __future__ import annotations

import hashlib
from typing import cast

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

__all__ = ["etag_of", "etags"]

LENGTH = 32


def etag_of(body: bytes) -> str:
    """The strong ETag of a representation."""
    return f'"{hashlib.blake2b(body, digest_size=LENGTH // 2).hexdigest()}"'


def etags(app: ASGIApp) -> ASGIApp:
    """A middleware that tags what `app` answers to GET."""

    async def tagged(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] == "GET":
            wanted = Headers.from_scope(scope).get("if-none-match", "")
            send = _EtagResponse(send, wanted)
        await app(scope, receive, send)

    return tagged


class _EtagResponse:
    """Holds the start of an answer back until its body is known; streams pass as they are."""

    def __init__(self, send: Send, wanted: str) -> None:
        self._send, self._wanted = send, wanted
        self._start: HTTPResponseStartEvent | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_json(message):
            self._start = message
            return
        if message["type"] == "http.response.body" and self._start is not None:
            start, self._start = self._start, None
            if not message["more_body"]:
                message = cast("Message", {**message, "body": self._tag(start, message["body"])})
            await self._send(start)
        await self._send(message)

    def _tag(self, start: HTTPResponseStartEvent, body: bytes) -> bytes:
        headers, tag = MutableScopeHeaders.from_message(start), etag_of(body)
        headers["etag"] = tag
        if self._wanted and (self._wanted.strip() == "*" or tag in self._wanted):
            start["status"] = 304
            for name in ("content-length", "content-type"):
                if name in headers:
                    del headers[name]
            return b""
        return body


def _is_json(start: HTTPResponseStartEvent) -> bool:
    return start["status"] == 200 and any(
        name.lower() == b"content-type" and value.startswith(b"application/json") for name, value in start["headers"]
    )
