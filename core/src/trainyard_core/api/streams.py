"""A run as it goes on: its output, its metrics, its statuses, until it has ended and all is sent.

`lines` carries a whole page of output and the cursor after it as its id, `status` the id of its activity: a client
that comes again with `Last-Event-ID` misses and repeats nothing. A stream reads when there is news and never holds
more than one page, so a slow client costs no memory.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from time import monotonic

from trainyard.client import models
from trainyard_core.api import present
from trainyard_core.api.access import Asked, can, platform_of
from trainyard_core.api.event_stream import PING, EventStream, event, farewell
from trainyard_core.api.rights import Rights
from trainyard_core.api.runs import whole_run
from trainyard_core.auth import READ
from trainyard_core.contracts.tracker import LogPage, RunRef, Tracker
from trainyard_core.db import activities, tracking
from trainyard_core.db.engine import Row
from trainyard_core.errors import Forbidden, Invalid
from trainyard_core.platform import Platform
from trainyard_core.work.listening import Listener

__all__ = ["log_page", "logs", "metrics", "statuses"]

PAGE = 500
LOOK = 3.0
"""Seconds after which a stream looks although nobody told it of anything."""
PING_EVERY = 15.0


def log_page(page: LogPage) -> models.LogPage:
    """A page of output on the wire."""
    return models.LogPage(items=[present.line(each) for each in page.lines], next=page.cursor, more=page.more)


def logs(request: Asked, tracker: Tracker, run: RunRef, cursor: str) -> EventStream:
    """Pages of output as they come, then the run."""
    return _stream(request, run, lambda stream: _logs(stream, tracker, cursor))


def metrics(request: Asked, run: RunRef) -> EventStream:
    """The metrics that changed, as they change, then the run."""
    return _stream(request, run, _metrics)


def statuses(request: Asked, run: RunRef, after: int) -> EventStream:
    """The statuses after an activity and the metrics that changed, as they come, then the run."""
    return _stream(request, run, lambda stream: _statuses(stream, after))


class _Stream:
    """What the streams of a run share."""

    def __init__(self, platform: Platform, run: RunRef, listener: Listener) -> None:
        self.platform, self.run, self.listener = platform, run, listener
        self._sent: dict[str, models.Metric] = {}
        self._pinged = monotonic()

    @property
    def over(self) -> bool:
        """Whether it ends for another reason than the run."""
        return bool(self.listener.ended)

    async def ended(self) -> models.Run | None:
        """The run, if it has ended. Asked before reading, so that nothing that came before the end is missed."""
        found = await whole_run(self.platform, self.run.run)
        return found if found.is_final else None

    async def changed(self) -> list[models.Metric]:
        """The metrics that are not as they were the last time."""
        rows = await self.platform.database.read(lambda tx: tracking.metrics(tx, self.run.run))
        now = {row["name"]: present.metric(row) for row in rows}
        changed = [metric for name, metric in now.items() if self._sent.get(name) != metric]
        self._sent = now
        return changed

    async def statuses(self, after: int) -> list[Row]:
        """The activities of its statuses after one of them."""
        run = self.run.run
        return await self.platform.database.read(lambda tx: activities.of_run(tx, run, after=after, kind="status"))

    async def wait(self) -> bytes:
        """Until there may be something; a ping when it is time for one."""
        await self.listener.wait(LOOK)
        if monotonic() - self._pinged < PING_EVERY:
            return b""
        self._pinged = monotonic()
        return PING


def _stream(request: Asked, run: RunRef, source: Callable[[_Stream], AsyncIterator[bytes]]) -> EventStream:
    platform = platform_of(request)
    rights: Rights = request.app.state.rights
    listener = platform.news.listen(run.run)

    async def check() -> None:
        if not can(request, READ, project=run.project, run=run.run):
            raise Forbidden(f"{request.user.name} may not read run {run.run} any more")

    async def pieces() -> AsyncGenerator[bytes, None]:
        with listener, rights.held(listener, request, check):
            yield PING
            async for piece in source(_Stream(platform, run, listener)):
                if piece:
                    yield piece
            yield farewell(listener)

    return EventStream(pieces(), listener)


async def _logs(stream: _Stream, tracker: Tracker, cursor: str) -> AsyncIterator[bytes]:
    while not stream.over:
        ended = await stream.ended()
        try:
            page = await tracker.read_logs(stream.run, cursor=cursor, limit=PAGE)
        except ValueError as error:
            raise Invalid(f"the cursor is not one of ours: {error}", fix="start over without it") from error
        if page.lines:
            cursor = page.cursor
            yield event("lines", log_page(page), id=cursor)
        elif ended is not None:
            yield event("end", ended, id=cursor)
            return
        if not page.more and ended is None:
            yield await stream.wait()


async def _metrics(stream: _Stream) -> AsyncIterator[bytes]:
    while not stream.over:
        ended = await stream.ended()
        if changed := await stream.changed():
            yield event("metrics", models.MetricPage(items=changed))
        if ended is not None:
            yield event("end", ended)
            return
        yield await stream.wait()


async def _statuses(stream: _Stream, after: int) -> AsyncIterator[bytes]:
    while not stream.over:
        ended = await stream.ended()
        rows = await stream.statuses(after)
        for row in rows:
            after = row["id"]
            yield event("status", present.transition(row), id=after)
        if changed := await stream.changed():
            yield event("metrics", models.MetricPage(items=changed))
        if ended is not None:
            yield event("end", ended)
            return
        yield await stream.wait()
