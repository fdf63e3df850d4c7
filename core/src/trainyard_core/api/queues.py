"""Queues: their limits, and how many runs wait and live in each."""

from __future__ import annotations

import msgspec
from litestar import Controller, get, put
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard_core.api import present
from trainyard_core.api.access import Asked, allow, platform_of
from trainyard_core.api.naming import check_name
from trainyard_core.auth import ADMIN, READ
from trainyard_core.db import queues
from trainyard_core.db.engine import Tx
from trainyard_core.errors import Invalid

__all__ = ["Queues"]


class QueueLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A queue's limits. `concurrency` null: none."""

    concurrency: int | None = None
    paused: bool = False


class Queues(Controller):
    """`/queues`."""

    path = "/"
    tags = ("queues",)

    @get("/queues")
    async def queues(self, request: Asked) -> list[models.Queue]:
        """All queues with how many runs wait and live in each."""
        allow(request, READ)
        return await platform_of(request).database.read(_queues)

    @put("/queues/{name:str}")
    async def put_queue(self, request: Asked, name: FromPath[str], data: JSONBody[QueueLimits]) -> models.Queue:
        """Create a queue or change its limits."""
        allow(request, ADMIN)
        check_name("queue", name)
        if data.concurrency is not None and data.concurrency < 0:
            raise Invalid("`concurrency` must be 0 or more", fix="leave it out for no limit")
        platform, at = platform_of(request), platform_of(request).clock.now()

        async def work(tx: Tx) -> list[models.Queue]:
            await queues.put(tx, name, concurrency=data.concurrency, paused=data.paused, at=at)
            return await _queues(tx)

        found = await platform.database.write(work, name="queue")
        platform.doorbell.call_agents()
        return next(queue for queue in found if queue.name == name)


async def _queues(tx: Tx) -> list[models.Queue]:
    waiting = await queues.waiting_counts(tx)
    world = await queues.world(tx, capacity={})
    return [present.queue(state, waiting.get(name, 0)) for name, state in sorted(world.queues.items())]
