"""The database as one plugin has it: transactions that reach its own tables only, end in time, and may enqueue its
jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from trainyard_core.contracts.database import PluginRow, PluginTx
from trainyard_core.db.engine import Database, Dialect, Tx
from trainyard_core.db.tables import rows

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

    async def run(self, sql: str, *args: object) -> None:
        await self._tx.run(sql, *args)

    async def many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        await self._tx.many(sql, rows)

    async def query(self, query: Any) -> list[PluginRow]:
        return [*await rows(self._tx, query)]

    async def enqueue(self, job: str, key: str, args: Mapping[str, object] | None = None, *, at: int = 0) -> None:
        await self._tx.confine("")
        await self._enqueue(self._tx, self._plugin, job, key, args, at=at)
        await self._tx.confine(self._plugin)


class PluginTables:
    """The transactions of one plugin; a `PluginDatabase`."""

    def __init__(self, database: Database, plugin: str, enqueue: Enqueue) -> None:
        self._database, self._plugin, self._enqueue = database, plugin, enqueue

    async def read(self, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        return await self._database.read(lambda tx: self._confined(tx, work))

    async def write(self, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        return await self._database.write(lambda tx: self._confined(tx, work), name=self._plugin)

    async def _confined(self, tx: Tx, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        await tx.confine(self._plugin)
        return await work(ConfinedTx(tx, self._plugin, self._enqueue))
