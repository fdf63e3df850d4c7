"""Server-sent events: a run's output and metrics as they come, until the run has ended and all is sent.

`lines` carries a whole page of output and the cursor after it as its id: a client that reconnects with
`Last-Event-ID` misses and repeats nothing. A comment is sent every 15 seconds. A stream reads when there is news
and never holds more than one page, so a slow client costs no memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from trainyard.client import models
from trainyard_core.api import present
from trainyard_core.api.access import Asked
from trainyard_core.api.runs import whole_run
from trainyard_core.clock import SECOND
from trainyard_core.contracts.tracker import LogPage, RunRef, Tracker
from trainyard_core.db import tracking
from trainyard_core.errors import Invalid
from trainyard_core.platform import Platform

__all__ = ["answer", "log_page", "logs", "metrics", "wanted"]

PAGE = 500
LOOK = 1.0
PING = 15 * SECOND
_encode = msgspec.json.Encoder().encode


def wanted(request: Asked) -> bool:
    """Whether the client asks for a stream."""
    return "text/event-stream" in request.headers.get("accept", "")


def answer(messages: AsyncIterator[ServerSentEventMessage]) -> ServerSentEvent:
    """A stream as a response."""
    return ServerSentEvent(messages)


def log_page(page: LogPage) -> models.LogPage:
    """A page of output on the wire."""
    return models.LogPage(items=[present.line(each) for each in page.lines], next=page.cursor, more=page.more)


async def logs(platform: Platform, tracker: Tracker, run: RunRef, cursor: str) -> AsyncIterator[ServerSentEventMessage]:
    """Pages of output as they come, then the run."""
    pings = _Pings(platform)
    while not platform.news.closing:
        ended = await _ended(platform, run.run)
        try:
            page = await tracker.read_logs(run, cursor=cursor, limit=PAGE)
        except ValueError as error:
            raise Invalid(f"the cursor is not one of ours: {error}", fix="start over without it") from error
        if page.lines:
            cursor = page.cursor
            yield _message("lines", log_page(page), cursor)
        elif ended is not None:
            yield _message("end", ended, cursor)
            return
        if not page.more and ended is None:
            await platform.news.wait(run.run, LOOK)
        for ping in pings.due():
            yield ping


async def metrics(platform: Platform, run: str) -> AsyncIterator[ServerSentEventMessage]:
    """The metrics that changed, as they change, then the run."""
    pings = _Pings(platform)
    sent: dict[str, models.Metric] = {}
    while not platform.news.closing:
        ended = await _ended(platform, run)
        rows = await platform.database.read(lambda tx: tracking.metrics(tx, run))
        now = {row["name"]: present.metric(row) for row in rows}
        changed = [metric for name, metric in now.items() if sent.get(name) != metric]
        if changed:
            sent = now
            yield _message("metrics", models.MetricPage(items=changed), "")
        if ended is not None:
            yield _message("end", ended, "")
            return
        await platform.news.wait(run, LOOK)
        for ping in pings.due():
            yield ping


async def _ended(platform: Platform, run: str) -> models.Run | None:
    """The run, if it has ended. Asked before reading, so that nothing that came before the end is missed."""
    found = await whole_run(platform, run)
    return found if found.is_final else None


def _message(event: str, data: msgspec.Struct, cursor: str) -> ServerSentEventMessage:
    return ServerSentEventMessage(event=event, data=_encode(data).decode(), id=cursor or None)


class _Pings:
    """A comment now and then, so that proxies and clients know that the stream lives."""

    def __init__(self, platform: Platform) -> None:
        self._clock = platform.clock
        self._last = platform.clock.now()

    def due(self) -> list[ServerSentEventMessage]:
        """One ping when it is time."""
        now = self._clock.now()
        if now - self._last < PING:
            return []
        self._last = now
        return [ServerSentEventMessage(comment="ping")]
