"""PostgreSQL through one asyncpg pool. A transaction that only reads is REPEATABLE READ: all its statements see one
moment, as on SQLite. One that writes is READ COMMITTED: each statement sees what is committed by then, so a decision
holds the rows that it is made on, or is a compare-and-set on the row itself.

A deadlock or a serialization failure is tried again here; a lost connection is the caller's to hear of, for a
commit may have happened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import asyncpg

from trainyard_core import failpoints
from trainyard_core.contracts.database import STATEMENT_TIMEOUT, ForeignTable
from trainyard_core.db.engine import (
    READ_TIMEOUT,
    Database,
    Dialect,
    Row,
    Tx,
    UniqueViolation,
    full,
    numbered,
    out_of_range,
    outage,
    schema_of,
)
from trainyard_core.errors import QueryTimeout, TrainyardError, Unavailable

__all__ = ["PostgresDatabase"]

T = TypeVar("T")
ATTEMPTS = 5
POOL = 10
CLOSING = 5.0
IDLE = 15.0
"""Seconds for which a transaction may stand still. The server ends it then, so that a process that was frozen holds no
row for longer than a lease."""
OUTAGES = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InternalServerError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
"""What is raised when the server or the way to it is at fault, and not the statement."""


class _PostgresTx:
    dialect: Dialect = "postgresql"

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy) -> None:
        self.wakes: dict[str, int] = {}
        self.signals: set[str] = set()
        self._core = connection
        self._connection: Any = connection
        self._core_path: str | None = None

    async def all(self, sql: str, *args: object) -> list[Row]:
        return [*await self._connection.fetch(numbered(sql), *_clean(args))]

    async def one(self, sql: str, *args: object) -> Row | None:
        row: Row | None = await self._connection.fetchrow(numbered(sql), *_clean(args))
        return row

    async def run(self, sql: str, *args: object) -> int:
        said: str = await self._connection.execute(numbered(sql), *_clean(args))
        count = said.rpartition(" ")[2]  # of "UPDATE 3" and "INSERT 0 1"; "CREATE TABLE" has none
        return int(count) if count.isdecimal() else 0

    async def many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        await self._connection.executemany(numbered(sql), [_clean(row) for row in rows])

    async def confine(self, plugin: str) -> None:
        if self._core_path is None:
            self._core_path = await self._core.fetchval("SELECT current_setting('search_path')")
        path = f'"{schema_of(plugin)}"' if plugin else self._core_path
        limit = f"{STATEMENT_TIMEOUT:g}s" if plugin else "0"
        await self._core.execute(
            "SELECT set_config('search_path', $1, true), set_config('statement_timeout', $2, true)", path, limit
        )
        self._connection = _Confined(self._core, plugin) if plugin else self._core


class _Confined:
    """A connection that sees one plugin's tables, and says so where a statement names another."""

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy, plugin: str) -> None:
        self._connection, self._plugin = connection, plugin

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        return partial(self._ask, getattr(self._connection, name))

    async def _ask(self, ask: Callable[..., Awaitable[T]], *args: object) -> T:
        try:
            return await ask(*args)
        except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
            raise ForeignTable(
                f"{error}: what this plugin has begins with '{self._plugin}_'; reach other data through the platform"
            ) from error


class PostgresDatabase(Database):
    """See the module. Open it with `open`."""

    dialect: Dialect = "postgresql"

    def __init__(self, pool: asyncpg.Pool, *, read_timeout: float = READ_TIMEOUT) -> None:
        self._pool, self._read_timeout = pool, read_timeout

    @classmethod
    async def open(cls, url: str, *, read_timeout: float = READ_TIMEOUT) -> PostgresDatabase:
        """Connect. Raises Unavailable when there is no server or it refuses us."""
        try:
            # without a minimum: the pool would try to keep it while the server is away, and log each failure at length
            limits = {"idle_in_transaction_session_timeout": str(int(IDLE * 1000))}
            pool = await asyncpg.create_pool(url, min_size=0, max_size=POOL, command_timeout=60, server_settings=limits)
            async with pool.acquire():
                pass
        except (OSError, asyncpg.PostgresError) as error:
            raise Unavailable(
                f"PostgreSQL cannot be reached: {error}",
                fix="check `database` in the settings and that the server runs",
            ) from error
        return cls(pool, read_timeout=read_timeout)

    async def write(self, work: Callable[[Tx], Awaitable[T]], *, name: str = "write") -> T:
        for left in reversed(range(ATTEMPTS)):
            try:
                return await self._once(work, name)
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                if not left:
                    raise
        raise AssertionError("unreachable")

    async def read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        with _translating():
            async with (
                self._pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                return await self._in_time(work, _PostgresTx(connection))

    async def _in_time(self, work: Callable[[Tx], Awaitable[T]], tx: Tx) -> T:
        """What takes too long is cancelled, also in the server."""
        try:
            async with asyncio.timeout(self._read_timeout):
                return await work(tx)
        except TimeoutError as error:
            raise QueryTimeout(self._read_timeout) from error

    def connections(self) -> int:
        return int(self._pool.get_size())

    async def close(self) -> None:
        try:
            async with asyncio.timeout(CLOSING):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def _once(self, work: Callable[[Tx], Awaitable[T]], name: str) -> T:
        with _translating():
            async with self._pool.acquire() as connection:
                async with connection.transaction():
                    result = await work(_PostgresTx(connection))
                    failpoints.point(f"{name}:before_commit")
                failpoints.point(f"{name}:after_commit")
                return result


def _clean(args: tuple[object, ...]) -> tuple[object, ...]:
    """NUL is the one character that PostgreSQL's text does not hold."""
    if any(isinstance(arg, str) and "\0" in arg for arg in args):
        return tuple(arg.replace("\0", "\ufffd") if isinstance(arg, str) else arg for arg in args)
    return args


@contextmanager
def _translating() -> Iterator[None]:
    """What goes wrong inside is raised as an error that a caller can act on, if there is one for it."""
    try:
        yield
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if (translated := _translated(error)) is None:
            raise
        raise translated from error


def _translated(error: Exception) -> TrainyardError | None:
    if isinstance(error, asyncpg.UniqueViolationError):
        return UniqueViolation(str(error))
    if isinstance(error, asyncpg.DiskFullError):
        return full()
    if isinstance(error, asyncpg.DataError | asyncpg.NumericValueOutOfRangeError):
        return out_of_range(error)
    return outage() if isinstance(error, OUTAGES) else None
