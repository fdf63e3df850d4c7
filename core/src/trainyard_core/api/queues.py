"""Queues: their limits, and how many runs wait and live in each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Controller, Response, delete, get, patch, put
from litestar.params import FromPath, JSONBody

from trainyard.client import models
from trainyard_core.admission import check_amounts, check_labels
from trainyard_core.api.access import ApiRequest, allow, runtime_of
from trainyard_core.api.change import change, check_match, tell
from trainyard_core.api.name_rules import check_name
from trainyard_core.api.pagination import Cursor, Limit, after_name, following
from trainyard_core.auth import ADMIN, KNOWN
from trainyard_core.clock import rfc3339
from trainyard_core.db import admission, queues
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.row_locks import hold
from trainyard_core.errors import Conflict, Invalid, NotFound, choice

__all__ = ["Queues"]

MOST_CONCURRENCY = 2**31 - 1
MOST_PRIORITY = 1_000_000
MOST_ENTRIES = 64
_decode = msgspec.json.decode


class Queues(Controller):
    """`/queues`."""

    path = "/queues"
    tags = ("queues",)

    @get()
    async def page(self, request: ApiRequest, limit: Limit = 50, cursor: Cursor = "") -> models.QueuePage:
        """List all queues with the numbers of waiting and live runs, by name."""
        await allow(request, KNOWN)
        after = after_name(cursor)

        async def work(tx: Tx) -> models.QueuePage:
            rows = await queues.page(tx, after=after, limit=limit)
            key = rows[-1]["name"] if rows else None
            return models.QueuePage(items=await _shown(tx, rows), next=following(rows, limit, key))

        return await runtime_of(request).database.read(work)

    @get("/{name:str}")
    async def one(self, request: ApiRequest, name: FromPath[str]) -> models.Queue:
        """Return one queue."""
        await allow(request, KNOWN)
        return await runtime_of(request).database.read(lambda tx: _one(tx, name))

    @put("/{name:str}")
    async def put(
        self, request: ApiRequest, name: FromPath[str], data: JSONBody[models.QueueLimits]
    ) -> Response[models.Queue]:
        """Create a queue, or replace all limits of an existing one."""
        await allow(request, ADMIN)
        check_name("queue", name)
        _check(data)

        async def work(tx: Tx) -> models.Queue:
            await hold(tx, "queue", name)
            known = await queues.get(tx, name) is not None
            if known:
                check_match(request, await _one(tx, name))
            return await _put(tx, request, name, data, "queue_changed" if known else "queue_created")

        return await _changed(request, work)

    @patch("/{name:str}")
    async def edit(
        self, request: ApiRequest, name: FromPath[str], data: JSONBody[models.EditQueue]
    ) -> Response[models.Queue]:
        """Change a queue; fields that are left out keep their values."""
        await allow(request, ADMIN)

        async def work(tx: Tx) -> models.Queue:
            await hold(tx, "queue", name)
            now = await _one(tx, name)
            check_match(request, now)
            limits = msgspec.structs.replace(_limits(now), **_given(data))
            _check(limits)
            return await _put(tx, request, name, limits, "queue_changed")

        return await _changed(request, work)

    @delete("/{name:str}")
    async def remove(self, request: ApiRequest, name: FromPath[str]) -> None:
        """Remove a queue; refused while it contains a run that has not ended."""
        await allow(request, ADMIN)
        if name == queues.DEFAULT:
            raise Conflict(f"'{name}' is where runs wait that name no queue", fix=f"pause it: yard queues pause {name}")

        async def work(tx: Tx) -> None:
            await hold(tx, "queue", name)
            await _one(tx, name)
            if await queues.in_use(tx, name):
                raise Conflict(
                    f"queue '{name}' has runs that have not ended",
                    fix=f"stop or move them first: yard ls --queue {name}; yard queues pause {name}",
                )
            await queues.delete(tx, name)
            await tell(tx, request, "queue_deleted", queue=name)

        await change(request, work, name="queue", status=204)


async def _changed(request: ApiRequest, work: Callable[[Tx], Awaitable[models.Queue]]) -> Response[models.Queue]:
    """Make the change, and have agents look: something may start now."""
    answer = await change(request, work, name="queue")
    runtime_of(request).notifier.notify_agents()
    return answer


async def _put(tx: Tx, request: ApiRequest, name: str, limits: models.QueueLimits, kind: str) -> models.Queue:
    at, fields = runtime_of(request).clock.now(), msgspec.structs.asdict(limits)
    await queues.put(tx, name, at=at, **fields)
    await tell(tx, request, kind, queue=name, **fields)
    return await _one(tx, name)


async def _one(tx: Tx, name: str) -> models.Queue:
    row = await queues.get(tx, name)
    if row is None:
        raise NotFound(choice("queue", name, await queues.names(tx)), fix=f"create it: yard queues set {name}")
    return (await _shown(tx, [row]))[0]


async def _shown(tx: Tx, rows: list[Row]) -> list[models.Queue]:
    names = [row["name"] for row in rows]
    waiting = await queues.waiting_counts(tx, *names) if names else {}
    held = await admission.held(tx, *names)
    return [_present(row, waiting.get(row["name"], 0), *held[row["name"]]) for row in rows]


def _present(row: Row, waiting: int, live: int, used: dict[str, float]) -> models.Queue:
    return models.Queue(
        name=row["name"],
        priority=row["priority"],
        concurrency=row["concurrency"],
        quota=_decode(row["quota"]),
        paused=bool(row["paused"]),
        selector=_decode(row["selector"]),
        waiting=waiting,
        live=live,
        used={name: amount for name, amount in used.items() if amount},
        created_at=rfc3339(row["created_at"]) or "",
        updated_at=rfc3339(row["updated_at"]) or "",
    )


def _limits(queue: models.Queue) -> models.QueueLimits:
    return models.QueueLimits(
        priority=queue.priority,
        concurrency=queue.concurrency,
        quota=queue.quota,
        paused=queue.paused,
        selector=queue.selector,
    )


def _given(data: models.EditQueue) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(data).items() if value is not msgspec.UNSET}


def _check(limits: models.QueueLimits) -> None:
    """Raises Invalid for limits that make no sense."""
    if limits.concurrency is not None and not 0 <= limits.concurrency <= MOST_CONCURRENCY:
        raise Invalid("`concurrency` must be 0 or more, and below 2**31", fix="leave it out for no limit")
    if abs(limits.priority) > MOST_PRIORITY:
        raise Invalid(f"`priority` must be from -{MOST_PRIORITY} to {MOST_PRIORITY}", fix="0 is that of every queue")
    if max(len(limits.quota), len(limits.selector)) > MOST_ENTRIES:
        raise Invalid(f"a quota or selector has at most {MOST_ENTRIES} entries", fix="leave some out")
    check_amounts("quota", limits.quota)
    check_labels("selector", limits.selector)
