"""uvicorn's HTTP protocol, with bounds on what a client may send before it has said what it wants, and how slowly.

A request's head is bounded in bytes and lines (431 and the end of the connection), and in time (408): before its token
is known it costs little and does not last. A body must come, on average, as fast as the slowest network would bring
it; while the server itself does not read, no time is counted. Between requests uvicorn's keep-alive time holds.

What is written in one turn of the loop is sent in one piece. An answer is its head and its body; sent apart they cost
two system calls here and two wake-ups at the client.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from trainyard_core.api.problems import PROBLEM, encoded
from trainyard_core.errors import HeaderTooLarge, RequestTimeout, TrainyardError

__all__ = ["BoundedProtocol"]

MOST = 64 * 1024
MOST_HEAD = 64 * 1024
MOST_LINES = 1000
HEAD_SECONDS = 30.0
BODY_SECONDS = 60.0
SLOWEST = 500
"""Bytes a second that a body must have on average, over each period of `BODY_SECONDS`."""
LINGER = 1.0
"""Seconds for which a client may read why it was refused, before its connection is reset."""


class _ReadState(Enum):
    """What a connection waits for from its client."""

    NOTHING = 0
    HEAD = 1
    BODY = 2


class BoundedProtocol(HttpToolsProtocol):
    """As uvicorn's own, with the module's bounds, over a transport that gathers."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_BufferedTransport(transport, self.loop))  # type: ignore[arg-type]
        self._refused = False
        self._unused = 0
        self._await(_ReadState.HEAD)
        self._watch = self.loop.call_later(HEAD_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._awaited is _ReadState.NOTHING:
            self._await(_ReadState.HEAD)
        self._unused += len(data)
        super().data_received(data)
        if self._unused > MOST_HEAD and not self._refused:
            self._refuse(HeaderTooLarge(MOST_HEAD, MOST_LINES))

    def on_message_begin(self) -> None:
        if self._awaited is not _ReadState.HEAD:
            self._await(_ReadState.HEAD)  # behind a request that ended in the same bytes
            self._unused = 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self._refused:
            return
        if len(self.headers) > MOST_LINES or self._head_size() > MOST_HEAD:
            self._refuse(HeaderTooLarge(MOST_HEAD, MOST_LINES))
            return
        self._await(_ReadState.BODY)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._refused:
            return
        self._unused = 0
        self._came += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._refused:
            return
        self._await(_ReadState.NOTHING)
        super().on_message_complete()

    def _await(self, what: _ReadState) -> None:
        """Count from now on: time, bytes of a body, and bytes that are neither of one nor complete a head."""
        self._awaited, self._since, self._came, self._unused = what, self.loop.time(), 0, 0

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _look(self) -> None:
        """End the connection when what it waits for is late; else look again when it may be."""
        if self._is_late() and not self._refused:
            self._refuse(RequestTimeout(self._awaited.name.lower()))
            return
        if self._is_due() or self._is_held():
            self._await(self._awaited)
        self._watch = self.loop.call_at(self._since + self._patience(), self._look)

    def _patience(self) -> float:
        return BODY_SECONDS if self._awaited is _ReadState.BODY else HEAD_SECONDS

    def _is_due(self) -> bool:
        return self.loop.time() - self._since >= self._patience()

    def _is_late(self) -> bool:
        """Whether the client has had its time: for a whole head, or for so much of a body."""
        if self._awaited is _ReadState.NOTHING or not self._is_due() or self._is_held():
            return False
        return self._awaited is _ReadState.HEAD or self._came < BODY_SECONDS * SLOWEST

    def _is_held(self) -> bool:
        """Whether it is this side that does not read, or has not yet told the client to go on."""
        return self.flow.read_paused or (self._is_answering() and self.cycle.waiting_for_100_continue)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, error: TrainyardError) -> None:
        """Take nothing more. The client is told why, if it waits for an answer of which nothing has been sent."""
        self._refused = True
        if self._awaited is _ReadState.BODY:
            waits = not self.cycle.response_started and not self.pipeline
        else:
            waits = self._unused > 0 and not self._is_answering()
        if not waits or self.transport.is_closing():
            self.transport.close()
            return
        self.transport.write(_answer(error))
        self.transport.write_eof()
        self.transport.pause_reading()
        self._watch.cancel()
        self._watch = self.loop.call_later(LINGER, self.transport.close)


def _answer(error: TrainyardError) -> bytes:
    body = encoded(error)
    head = f"content-type: {PROBLEM}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return STATUS_LINE[error.status] + head.encode() + body


class _BufferedTransport:
    """A transport whose writes leave together, at the end of the turn or when there are many bytes; all else is
    the transport's own."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send, soon."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > MOST:
            self._flush()

    def write_eof(self) -> None:
        """Send what is gathered, then nothing more."""
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        """Send what is gathered, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        parts, self._parts, self._size = self._parts, [], 0
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))
