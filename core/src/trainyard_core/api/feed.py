"""What happens, as a stream: the activities of a project or of all that the asker sees, each once and in order.

A client that comes with a `Last-Event-ID` is given what it has missed from the database, page by page, until it has
caught up with the tail of this process; from there on it shares what the tail reads. What comes too fast for a client
ends its stream, and it comes again.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager

import msgspec

from trainyard_core.api.access import ApiRequest, runtime_of
from trainyard_core.api.event_stream import EventStream, end_event, moved
from trainyard_core.api.stream_auth import StreamAuthorization
from trainyard_core.db import activities
from trainyard_core.db.engine import Row
from trainyard_core.runtime import Runtime
from trainyard_core.work import serializers
from trainyard_core.work.subscription import Batch, LogSubscription

__all__ = ["follow"]

PAGE = 500
_encode = msgspec.json.Encoder().encode
AccessCheck = AbstractContextManager[None]
Scope = Callable[[], Awaitable[frozenset[str] | None]]


async def follow(request: ApiRequest, scope: Scope, *, after: int | None) -> EventStream:
    """The stream of activities after an id (None: from now on) in the projects that `scope` gives (None: all); it is
    called again when rights may have changed, and raises when nothing is to be seen any more."""
    runtime, rights = runtime_of(request), _rights(request)
    subscription = runtime.event_feed.subscribe(await scope())

    async def check() -> None:
        subscription.projects = await scope()

    feed = _Feed(runtime, subscription, after, lambda: rights.held(subscription, request, check))
    return EventStream(feed.pieces(), subscription)


def _rights(request: ApiRequest) -> StreamAuthorization:
    rights: StreamAuthorization = request.app.state.rights
    return rights


class _Feed:
    def __init__(
        self, runtime: Runtime, subscription: LogSubscription, after: int | None, held: Callable[[], AccessCheck]
    ) -> None:
        self._event_feed, self._database = runtime.event_feed, runtime.database
        self._subscription, self._after, self._held = subscription, after, held

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The stream's bytes."""
        mine = self._subscription
        with mine, self._held():
            cursor = await self._start()
            yield moved(cursor)
            async for rows in self._missed(cursor):
                yield b"".join(map(_piece, rows))
            while not mine.ended:
                if given := await mine.next():
                    yield b"".join(map(_encoded, given))
                elif not mine.ended:
                    yield moved(max(mine.taken, self._event_feed.position))
            yield end_event(mine, last=mine.taken)

    async def _start(self) -> int:
        """Where to begin; never beyond the end of the log, where an id of another database may be."""
        position = await self._event_feed.settled()
        if self._after is None:
            return position
        if self._after <= position:
            return self._after
        return min(self._after, await self._database.read(activities.newest))

    async def _missed(self, cursor: int) -> AsyncIterator[Sequence[Row]]:
        """What the tail has passed already; then the subscription has joined it."""
        mine = self._subscription
        mine.taken = cursor
        while not mine.ended and cursor < (upto := self._event_feed.position):
            rows = await self._page(cursor, upto)
            cursor = rows[-1]["id"] if len(rows) == PAGE else upto
            if rows:
                yield rows
                mine.taken = cursor
        mine.join(cursor)

    async def _page(self, after: int, upto: int) -> list[Row]:
        projects = self._subscription.projects
        return await self._database.read(
            lambda tx: activities.page(tx, after=after, upto=upto, projects=projects, limit=PAGE)
        )


def _encoded(batch: Batch) -> bytes:
    """A batch as bytes, made once for all who get it."""
    if not batch.data:
        batch.data = b"".join(map(_piece, batch.rows))
    return batch.data


def _piece(row: Row) -> bytes:
    return b"event: activity\nid: %d\ndata: %b\n\n" % (row["id"], _encode(serializers.activity(row)))
