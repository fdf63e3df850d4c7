"""A plugin's own tables in memory: a `PluginDatabase` on SQLite, for tests of a plugin without a server.

Transactions run one after the other. As in a server, a statement that touches what does not begin with the plugin's
name is refused, one that fails undoes its transaction, and jobs and activities are there once it is committed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal, Protocol, TypeVar, cast

from trainyard_core.contracts.database import NewEvent, PluginRow, PluginTx, Target
from trainyard_core.db.engine import Tx
from trainyard_core.db.sqlite_tables import check
from trainyard_core.db.tables import rows

__all__ = ["MemoryDatabase", "MemoryTx", "Outside"]

T = TypeVar("T")


class Outside(Protocol):
    """What a transaction reaches outside of the plugin's tables."""

    def check_enqueue(self, job: str, key: str, args: Mapping[str, object] | None, at: int) -> None:
        """Raises Invalid."""

    def enqueue(self, job: str, key: str, args: Mapping[str, object] | None, at: int) -> None:
        """Once the transaction is committed."""

    def check_open_project(self, name: str) -> None:
        """Raises NotFound, Conflict."""

    def record(self, event: NewEvent) -> None:
        """Once the transaction is committed."""

    def offer_reference(self, target: Target) -> None:
        """At once."""

    def withdraw_reference(self, target: Target) -> str:
        """At once."""


class MemoryTx:
    """One transaction; a `PluginTx`. `then` is done once it is committed."""

    def __init__(self, connection: sqlite3.Connection, plugin: str, outside: Outside) -> None:
        self._connection, self._prefix, self._outside = connection, f"{plugin}_", outside
        self.dialect: Literal["sqlite", "postgresql"] = "sqlite"
        self.then: list[Callable[[], None]] = []

    async def all(self, sql: str, *args: object) -> list[PluginRow]:
        return self._execute(sql, args).fetchall()

    async def one(self, sql: str, *args: object) -> PluginRow | None:
        found: PluginRow | None = self._execute(sql, args).fetchone()
        return found

    async def run(self, sql: str, *args: object) -> int:
        return max(0, self._execute(sql, args).rowcount)

    async def many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        for row in rows:
            self._execute(sql, row)

    async def query(self, query: Any) -> list[PluginRow]:
        return [*await rows(cast("Tx", self), query)]

    async def enqueue(self, job: str, key: str, args: Mapping[str, object] | None = None, *, at: int = 0) -> None:
        self._outside.check_enqueue(job, key, args, at)
        self.then.append(lambda: self._outside.enqueue(job, key, args, at))

    async def check_open_project(self, name: str) -> None:
        self._outside.check_open_project(name)

    async def record(self, event: NewEvent) -> None:
        self.then.append(lambda: self._outside.record(event))

    async def offer_reference(self, target: Target) -> None:
        self._outside.offer_reference(target)

    async def withdraw_reference(self, target: Target) -> str:
        return self._outside.withdraw_reference(target)

    def _execute(self, sql: str, args: tuple[object, ...]) -> sqlite3.Cursor:
        check(self._connection, sql, self._prefix)
        return self._connection.execute(sql, cast("tuple[Any, ...]", args))


class MemoryDatabase:
    """The tables of one plugin; a `PluginDatabase`."""

    def __init__(self, plugin: str, outside: Outside) -> None:
        self._plugin, self._outside, self._turn = plugin, outside, asyncio.Lock()
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA foreign_keys = ON")

    async def read(self, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        return (await self._transaction(work, "ROLLBACK", "ON"))[0]

    async def write(self, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        result, tx = await self._transaction(work, "COMMIT", "OFF")
        for each in tx.then:
            each()
        return result

    def close(self) -> None:
        """Forget the tables."""
        self._connection.close()

    async def _transaction(
        self, work: Callable[[PluginTx], Awaitable[T]], end: str, only_reads: str
    ) -> tuple[T, MemoryTx]:
        tx = MemoryTx(self._connection, self._plugin, self._outside)
        async with self._turn:
            self._connection.execute(f"PRAGMA query_only = {only_reads}")
            self._connection.execute("BEGIN")
            try:
                result = await work(tx)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute(end)
        return result, tx
