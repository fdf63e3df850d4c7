"""Looks again whether those who stream may still: when something about access has changed, and every few seconds for
tokens that expire. A stream whose asker may not see it any more ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog

from trainyard_core.api.access import ApiRequest
from trainyard_core.api.authentication import asker
from trainyard_core.auth import Actor
from trainyard_core.errors import Forbidden, NotFound
from trainyard_core.work.event_feed import ACCESS, EventFeed
from trainyard_core.work.subscription import DENIED, Subscription

__all__ = ["StreamAuthorization"]

EVERY = 10.0
SOON = 0.3
"""After a change, a second look: the first may have come before what was remembered was forgotten."""
log = structlog.get_logger("trainyard.api")
Check = Callable[[], Awaitable[None]]


class StreamAuthorization:
    """The streams of one process and who asked for them."""

    def __init__(self, event_feed: EventFeed) -> None:
        self._event_feed = event_feed
        self._held: dict[Subscription, tuple[ApiRequest, Check]] = {}
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def held(self, subscription: Subscription, request: ApiRequest, check: Check) -> Iterator[None]:
        """Within the block `check` is called now and then, with the asker as it is then in `request.user`. When it
        raises, or the token is not valid any more, the listener ends."""
        self._held[subscription] = (request, check)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch(), name="rights")
        try:
            yield
        finally:
            del self._held[subscription]
            if not self._held:
                self._event_feed.receive((ACCESS,))

    async def _watch(self) -> None:
        with self._event_feed.subscribe_run(ACCESS) as changes:
            while self._held and not changes.ended:
                await changes.wait(EVERY)
                for pause in (0, SOON):
                    if self._held and not changes.ended:
                        await asyncio.sleep(pause)
                        await self._look()

    async def _look(self) -> None:
        seen: dict[str, Actor | None] = {}
        for subscription, (request, check) in list(self._held.items()):
            try:
                token = request.headers.get("authorization", "")
                if not token or token not in seen:
                    seen[token] = await asker(request)
                await self._judge(subscription, request, check, seen[token])
            except Exception:
                log.exception("cannot tell whether a stream may go on; it does")

    async def _judge(self, subscription: Subscription, request: ApiRequest, check: Check, actor: Actor | None) -> None:
        if actor is None:
            subscription.end(DENIED)
            return
        request.scope["user"] = actor
        try:
            await check()
        except (Forbidden, NotFound):
            subscription.end(DENIED)
