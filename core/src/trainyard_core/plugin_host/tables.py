"""The database as one plugin has it: transactions that reach its own tables only, end in time, and may enqueue its
jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol, TypeVar

import msgspec

from trainyard_core.authorization import no_project
from trainyard_core.contracts.database import NewEvent, PluginRow, PluginTx, Target
from trainyard_core.db import activities, projects, references
from trainyard_core.db.engine import Database, Dialect, Tx
from trainyard_core.db.row_locks import keep
from trainyard_core.db.tables import rows
from trainyard_core.errors import Conflict
from trainyard_core.work.idempotency import Claim

__all__ = ["ConfinedTx", "Enqueue", "PluginTables"]

T = TypeVar("T")


class Enqueue(Protocol):
    """Enqueues a job of a plugin in a transaction of core's tables."""

    async def __call__(
        self, tx: Tx, plugin: str, job: str, key: str, args: Mapping[str, object] | None, *, at: int
    ) -> None: ...


class ConfinedTx:
    """A transaction that is confined to a plugin's tables; a `PluginTx`."""

    def __init__(self, tx: Tx, plugin: str, enqueue: Enqueue) -> None:
        self._tx, self._plugin, self._enqueue = tx, plugin, enqueue
        self.dialect: Dialect = tx.dialect

    async def all(self, sql: str, *args: object) -> list[PluginRow]:
        return [*await self._tx.all(sql, *args)]

    async def one(self, sql: str, *args: object) -> PluginRow | None:
        return await self._tx.one(sql, *args)

    async def run(self, sql: str, *args: object) -> int:
        return await self._tx.run(sql, *args)

    async def many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        await self._tx.many(sql, rows)

    async def query(self, query: Any) -> list[PluginRow]:
        return [*await rows(self._tx, query)]

    async def enqueue(self, job: str, key: str, args: Mapping[str, object] | None = None, *, at: int = 0) -> None:
        async with self._core() as tx:
            await self._enqueue(tx, self._plugin, job, key, args, at=at)

    async def check_open_project(self, name: str) -> None:
        async with self._core() as tx:
            row = await projects.get(tx, name) if await keep(tx, "project", name) else None
            if row is None:
                raise no_project(name)
            if row["archived_at"] is not None:
                fix = f"open it again: yard projects archive {name} --undo"
                raise Conflict(f"project '{name}' is archived", fix=fix)

    async def record(self, event: NewEvent) -> None:
        new = activities.NewActivity(
            project=event.project, run=None, kind=event.kind, actor=event.actor, at=event.at, data={**event.data}
        )
        async with self._core() as tx:
            await activities.append(tx, new)

    async def offer_reference(self, target: Target) -> None:
        async with self._core() as tx:
            await references.offer(tx, target)

    async def withdraw_reference(self, target: Target) -> str:
        async with self._core() as tx:
            return await references.withdraw(tx, target)

    @asynccontextmanager
    async def _core(self) -> AsyncIterator[Tx]:
        """Within the block the transaction reaches core's tables."""
        await self._tx.confine("")
        try:
            yield self._tx
        except BaseException:
            with suppress(Exception):  # PostgreSQL runs nothing any more in a transaction that has failed
                await self._tx.confine(self._plugin)
            raise
        await self._tx.confine(self._plugin)


class PluginTables:
    """The transactions of one plugin; a `PluginDatabase`."""

    def __init__(self, database: Database, plugin: str, enqueue: Enqueue) -> None:
        self._database, self._plugin, self._enqueue = database, plugin, enqueue

    async def read(self, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        return await self._database.read(lambda tx: self._confined(tx, work))

    async def write(self, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        return await self._database.write(lambda tx: self._confined(tx, work), name=self._plugin)

    async def change(self, work: Callable[[PluginTx], Awaitable[T]], answer: type[T], claim: Claim | None) -> T:
        """As `write`. With a claim that another request has made, return the answer that it got, which is of the type
        `answer`. Raises IdempotencyReused."""

        async def whole(tx: Tx) -> T:
            if claim is not None and not await claim.take(tx):
                kept = await claim.find(tx)
                return msgspec.json.decode(kept.response or "null", type=answer)
            result = await self._confined(tx, work)
            if claim is not None:
                await tx.confine("")
                await claim.keep(tx, answer=msgspec.json.encode(result).decode(), status=200)
            return result

        return await self._database.write(whole, name=self._plugin)

    async def _confined(self, tx: Tx, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        await tx.confine(self._plugin)
        return await work(ConfinedTx(tx, self._plugin, self._enqueue))
