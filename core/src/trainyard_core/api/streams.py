"""A run as it goes on: its output, its metrics, its statuses, until it has ended and all is sent.

`lines` carries a whole page of output and the cursor after it as its id, `status` the id of its activity: a client that
comes again with `Last-Event-ID` misses and repeats nothing. A stream reads what has changed when something has changed,
shares that reading with the other streams of its run, and never holds more than one page, so a slow client costs no
memory.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from functools import partial
from time import monotonic
from typing import TypeVar

import msgspec

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, can, runtime_of
from trainyard_core.api.event_stream import PING, EventStream, end_event, event
from trainyard_core.api.runs import whole_run
from trainyard_core.api.single_flight import SingleFlight
from trainyard_core.api.stream_auth import StreamAuthorization
from trainyard_core.auth import READ
from trainyard_core.contracts.tracker import LogPage, RunRef, Tracker
from trainyard_core.db import activities, runs, tracking
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Forbidden, Invalid
from trainyard_core.lifecycle import FINAL
from trainyard_core.runtime import Runtime
from trainyard_core.work import serializers
from trainyard_core.work.subscription import Subscription

__all__ = ["log_page", "logs", "metrics", "statuses"]

T = TypeVar("T")
PAGE = 500
LOOK = 3.0
"""Seconds after which a stream looks although nobody told it of anything."""
PING_EVERY = 15.0


def log_page(page: LogPage) -> models.LogPage:
    """A page of output on the wire."""
    return models.LogPage(items=[serializers.line(each) for each in page.lines], next=page.cursor, more=page.more)


def logs(request: ApiRequest, tracker: Tracker, run: RunRef, cursor: str) -> EventStream:
    """Pages of output as they come, then the run."""
    return _stream(request, run, lambda stream: _logs(stream, tracker, cursor))


def metrics(request: ApiRequest, run: RunRef) -> EventStream:
    """The metrics that changed, as they change, then the run."""
    return _stream(request, run, _metrics)


def statuses(request: ApiRequest, run: RunRef, after: int) -> EventStream:
    """The statuses after an activity and the metrics that changed, as they come, then the run."""
    return _stream(request, run, lambda stream: _statuses(stream, after))


class _Changes(msgspec.Struct, frozen=True):
    """An event with metrics that have changed, empty if none have; the version to go on from; whether more have."""

    event: bytes
    version: int
    more: bool


class _Stream:
    """What the streams of a run have in common."""

    def __init__(self, runtime: Runtime, run: RunRef, subscription: Subscription, sharing: SingleFlight) -> None:
        self.runtime, self.run, self.subscription = runtime, run, subscription
        self._sharing = sharing
        self._version = 0
        self._pinged = monotonic()

    @property
    def over(self) -> bool:
        """Whether it ends for another reason than the run."""
        return bool(self.subscription.ended)

    async def has_ended(self) -> bool:
        """Whether the run has. Asked before reading, so that nothing that came before the end is missed."""
        return await self._read("ended", self._is_final)

    async def end(self, *, id: str = "") -> bytes:
        """The last event: the run as it has ended."""
        run = self.run.run
        return await self._sharing.read((run, "end", id), lambda: self._end(id))

    async def changed(self) -> AsyncIterator[bytes]:
        """Events with the metrics that are not as they were the last time, a page each."""
        more = True
        while more and not self.over:
            found = await self._read("changes", partial(self._changes, since=self._version), self._version)
            self._version, more = found.version, found.more
            yield found.event

    async def statuses(self, after: int) -> list[Row]:
        """The activities of its statuses after one of them."""
        return await self._read("statuses", partial(self._statuses, after=after), after)

    async def _read(self, what: str, work: Callable[[Tx], Awaitable[T]], since: int = 0) -> T:
        """Read once for all streams of this run that ask for the same now."""
        key = (self.run.run, what, since)
        return await self._sharing.read(key, lambda: self.runtime.database.read(work))

    async def _is_final(self, tx: Tx) -> bool:
        row = await runs.get(tx, self.run.run)
        return row is None or row["status"] in FINAL

    async def _statuses(self, tx: Tx, *, after: int) -> list[Row]:
        return await activities.of_run(tx, self.run.run, after=after, kind="status")

    async def _end(self, id: str) -> bytes:
        return event("end", await whole_run(self.runtime.database, self.run.run), id=id)

    async def _changes(self, tx: Tx, *, since: int) -> _Changes:
        names, version = await tracking.changed_metrics(tx, self.run.run, since=since, limit=PAGE)
        if not names:
            return _Changes(b"", since, False)
        items = [serializers.metric(row) for row in await tracking.metrics(tx, self.run.run, names=names)]
        return _Changes(event("metrics", models.MetricPage(items=items)), version, len(names) == PAGE)

    async def wait(self) -> bytes:
        """Until there may be something; a ping when it is time for one."""
        await self.subscription.wait(LOOK)
        if monotonic() - self._pinged < PING_EVERY:
            return b""
        self._pinged = monotonic()
        return PING


def _stream(request: ApiRequest, run: RunRef, source: Callable[[_Stream], AsyncIterator[bytes]]) -> EventStream:
    runtime = runtime_of(request)
    rights: StreamAuthorization = request.app.state.rights
    sharing: SingleFlight = request.app.state.sharing
    subscription = runtime.event_feed.subscribe_run(run.run)

    async def check() -> None:
        if not await can(request, READ, project=run.project, run=run.run):
            raise Forbidden(f"{request.user.name} may not read run {run.run} any more")

    async def pieces() -> AsyncGenerator[bytes, None]:
        with subscription, rights.held(subscription, request, check):
            yield PING
            async for piece in source(_Stream(runtime, run, subscription, sharing)):
                if piece:
                    yield piece
            yield end_event(subscription)

    return EventStream(pieces(), subscription)


async def _logs(stream: _Stream, tracker: Tracker, cursor: str) -> AsyncIterator[bytes]:
    while not stream.over:
        ended = await stream.has_ended()
        try:
            page = await tracker.read_logs(stream.run, cursor=cursor, limit=PAGE)
        except ValueError as error:
            raise Invalid(f"the cursor is not one of ours: {error}", fix="start over without it") from error
        if page.lines:
            cursor = page.cursor
            yield event("lines", log_page(page), id=cursor)
        elif ended:
            yield await stream.end(id=cursor)
            return
        if not page.more and not ended:
            yield await stream.wait()


async def _metrics(stream: _Stream) -> AsyncIterator[bytes]:
    while not stream.over:
        ended = await stream.has_ended()
        async for changes in stream.changed():
            yield changes
        if ended:
            yield await stream.end()
            return
        yield await stream.wait()


async def _statuses(stream: _Stream, after: int) -> AsyncIterator[bytes]:
    while not stream.over:
        ended = await stream.has_ended()
        rows = await stream.statuses(after)
        for row in rows:
            after = row["id"]
            yield event("status", serializers.transition(row), id=after)
        async for changes in stream.changed():
            yield changes
        if ended:
            yield await stream.end()
            return
        yield await stream.wait()
