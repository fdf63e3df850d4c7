"""Server-sent events on the wire: how an event is written, and the response that sends them for as long as somebody
listens.

A client that leaves is noticed at once and its stream is told to stop, not cancelled: what a cancelled generator
awaits on its way out would fail (litestar#3772). Only one that does not come to its end is cancelled after some
seconds: its client takes nothing any more.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec
from litestar import Request
from litestar.response import Stream
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Send

from trainyard_core.errors import Invalid
from trainyard_core.work.subscription import BYE, DENIED, GONE, OVERFLOW, Subscription

__all__ = ["LARGEST", "PING", "EventStream", "end_event", "event", "moved", "place", "wanted"]

EVENTS = "text/event-stream"
LARGEST = (1 << 63) - 1
DIGITS = re.compile("[0-9]{1,19}")
PING = b": ping\n\n"
RETRY = 1000
"""Milliseconds that clients are asked to wait before they come again."""
PATIENCE = 5.0
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
_FAREWELLS = {
    BYE: "the server goes down; come again",
    DENIED: "the token may not see this any more",
    OVERFLOW: "the client was too slow; come again with Last-Event-ID",
}
_encode = msgspec.json.Encoder().encode


def wanted(request: Request[Any, Any, Any]) -> bool:
    """Whether the client asks for a stream."""
    return EVENTS in request.headers.get("accept", "")


def place(last_event_id: str, otherwise: int | None = None) -> int | None:
    """The activity after which a stream goes on. Raises Invalid for a `Last-Event-ID` that is no activity's id."""
    if not last_event_id:
        return otherwise
    id = int(last_event_id) if DIGITS.fullmatch(last_event_id) else -1
    if not 0 <= id <= LARGEST:
        raise Invalid("`Last-Event-ID` is not one of ours", fix="send the id of the last event, or leave it out")
    return id


def event(name: str, data: msgspec.Struct | dict[str, Any], *, id: str | int = "") -> bytes:
    """One event; with `id`, one that a client may go on after."""
    mark = f"id: {id}\n" if id != "" else ""
    return f"event: {name}\n{mark}data: ".encode() + _encode(data) + b"\n\n"


def moved(id: int) -> bytes:
    """No event, but a sign of life, and a place to go on from."""
    return b"id: %d\n: ping\n\n" % id


def end_event(subscription: Subscription, *, last: str | int = "") -> bytes:
    """The last event of a stream that ended for another reason than its subject; nothing for a client that left."""
    if subscription.ended not in _FAREWELLS:
        return b""
    said = {"reason": _FAREWELLS[subscription.ended], **({"last": last} if last != "" else {})}
    return b"retry: %d\n" % RETRY + event(subscription.ended, said, id=last)


class EventStream(Stream):
    """A response of events. The pieces are to end by themselves once their listener has ended."""

    def __init__(self, pieces: AsyncGenerator[bytes, None], subscription: Subscription) -> None:
        super().__init__(pieces, media_type=EVENTS, headers=_HEADERS)
        self._pieces, self._subscription = pieces, subscription

    def to_asgi_response(self, app: Any, request: Any, **given: Any) -> ASGIResponse:
        """The response as an ASGI application."""
        headers = {**self.headers, **(given.get("headers") or {})}
        return _EventResponse(
            self._pieces, self._subscription, headers=headers, is_head_response=bool(given.get("is_head_response"))
        )


class _EventResponse(ASGIResponse):
    __slots__ = ("_pieces", "_subscription")
    _should_set_content_length = False

    def __init__(self, pieces: AsyncGenerator[bytes, None], subscription: Subscription, **more: Any) -> None:
        super().__init__(media_type=EVENTS, **more)
        self._pieces, self._subscription = pieces, subscription

    async def send_body(self, send: Send, receive: Receive) -> None:
        patience = _SendTimeout(self._subscription)
        watching = asyncio.create_task(self._until_gone(receive))
        try:
            async with aclosing(self._pieces) as pieces:
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except asyncio.CancelledError:
            if not patience.is_over:
                raise
        finally:
            patience.end()
            watching.cancel()

    async def _until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue
        self._subscription.end(GONE)


class _SendTimeout:
    """Cancels the task that makes it, some seconds after the listener has ended, unless it `end`s before."""

    def __init__(self, subscription: Subscription) -> None:
        self._task = asyncio.current_task()
        self._timer: asyncio.TimerHandle | None = None
        self.is_over = False
        subscription.on_end = self._begin
        if subscription.ended:
            self._begin()

    def _begin(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._run_out)

    def _run_out(self) -> None:
        self.is_over = True
        assert self._task is not None
        self._task.cancel()

    def end(self) -> None:
        """It has come to its end."""
        if self._timer is not None:
            self._timer.cancel()
