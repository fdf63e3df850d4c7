"""SQLite: one kept writer connection on its own thread with group commit, and four readers on theirs.

The file is in WAL mode with `synchronous=FULL`: what was committed survives a power cut. This process must be the
file's only writer; two servers on one data directory are refused before they come here.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from trainyard_core import failpoints
from trainyard_core.db import sqlite_tables
from trainyard_core.db.engine import (
    READ_TIMEOUT,
    Database,
    Dialect,
    Row,
    Tx,
    UniqueViolation,
    full,
    out_of_range,
    outage,
)
from trainyard_core.errors import QueryTimeout, StartRefused, TrainyardError, Unavailable

__all__ = ["SQLiteDatabase"]

T = TypeVar("T")
READERS = 4
GROUP = 128
TIMEOUT = 30.0
INSTRUCTIONS = 100_000
"""Of SQLite's machine, some milliseconds, after which a read looks at the clock."""
OUTAGES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
"""What SQLite answers when the file, its disk or the machine is at fault, and not the statement."""
PRAGMAS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "cache_size=-32768",
    "wal_autocheckpoint=8000",
)


class _Job(NamedTuple):
    work: Callable[[Tx], Awaitable[Any]]
    name: str
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


class _SQLiteTx:
    """A `Tx` whose awaits never suspend: it is used on the thread that owns the connection."""

    dialect: Dialect = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.wakes: dict[str, int] = {}
        self.signals: set[str] = set()
        self._connection = connection
        self._execute = connection.execute
        self._executemany = connection.executemany

    async def all(self, sql: str, *args: object) -> list[Row]:
        return self._execute(sql, args).fetchall()

    async def one(self, sql: str, *args: object) -> Row | None:
        rows: list[Row] = self._execute(sql, args).fetchall()
        return rows[0] if rows else None

    async def run(self, sql: str, *args: object) -> int:
        return max(0, self._execute(sql, args).rowcount)

    async def many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._executemany(sql, rows)

    async def confine(self, plugin: str) -> None:
        connection = self._connection
        self._execute, self._executemany = connection.execute, connection.executemany
        if plugin:
            self._execute = partial(_checked, connection, f"{plugin}_", connection.execute)
            self._executemany = partial(_checked, connection, f"{plugin}_", connection.executemany)


def _checked(
    connection: sqlite3.Connection, prefix: str, run: Callable[[str, Any], sqlite3.Cursor], sql: str, args: Any = ()
) -> sqlite3.Cursor:
    sqlite_tables.check(connection, sql, prefix)
    return run(sql, args)


class SQLiteDatabase(Database):
    """See the module. `path` may not be `:memory:`: readers would see another database. Raises StartRefused for what is
    no database."""

    dialect: Dialect = "sqlite"
    exclusive = True

    def __init__(self, path: str, *, read_timeout: float = READ_TIMEOUT) -> None:
        self._path, self._read_timeout = path, read_timeout
        self._closed = False
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._questions: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._open: list[sqlite3.Connection] = []
        self._writer_connection = _opened(path)
        self._open.append(self._writer_connection)
        works = [("trainyard-write", self._write_forever), *[("trainyard-read", self._read_forever)] * READERS]
        self._threads = [threading.Thread(target=work, name=name, daemon=True) for name, work in works]
        for thread in self._threads:
            thread.start()

    async def write(self, work: Callable[[Tx], Awaitable[T]], *, name: str = "write") -> T:
        return await self._put(self._jobs, work, name)

    async def read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        return await self._put(self._questions, work, "read")

    def connections(self) -> int:
        return len(self._open)

    async def close(self) -> None:
        self._closed = True
        self._jobs.put(None)
        for _ in range(READERS):
            self._questions.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        for connection in self._open:
            connection.close()
        self._open.clear()

    async def _put(self, jobs: queue.SimpleQueue[_Job | None], work: Callable[[Tx], Awaitable[T]], name: str) -> T:
        if self._closed:
            raise Unavailable("the database is closed", fix="the server is going down; try again later")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        jobs.put(_Job(work, name, loop, future))
        return await future

    def _read_forever(self) -> None:
        """Answer questions until told to stop. The connection is opened for the first, so that one that cannot be
        opened fails that question and not the thread."""
        reader: _Reader | None = None
        while (job := self._questions.get()) is not None:
            if job.future.cancelled():
                continue
            try:
                reader = reader or self._reader()
                _answer([(job, reader.read(job.work), None)])
            except BaseException as error:
                if reader is not None and reader.connection.in_transaction:  # it could not even end it
                    self._drop(reader.connection)
                    reader = None
                _answer([(job, None, _translated(error))])

    def _drop(self, connection: sqlite3.Connection) -> None:
        self._open.remove(connection)
        connection.close()

    def _reader(self) -> _Reader:
        connection = _connect(self._path)
        connection.execute("PRAGMA query_only=ON")
        self._open.append(connection)
        return _Reader(connection, self._read_timeout)

    def _write_forever(self) -> None:
        """Take jobs in groups until told to stop."""
        while (first := self._jobs.get()) is not None:
            group, more = self._gather(first)
            self._commit_group(group)
            if not more:
                return

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        """What waits now, and whether to go on afterwards."""
        group = [first]
        while len(group) < GROUP:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return group, False
            group.append(job)
        return group, True

    def _commit_group(self, group: list[_Job]) -> None:
        connection = self._writer_connection
        results: list[tuple[_Job, Any, BaseException | None]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            run = self._run_one if len(group) > 1 else self._run_alone
            results = [run(connection, job) for job in group]
            for job in group:
                failpoints.point(f"{job.name}:before_commit")
            connection.execute("COMMIT")
            for job in group:
                failpoints.point(f"{job.name}:after_commit")
        except BaseException as error:
            with suppress(sqlite3.Error):  # a dead disk may fail this too; then the next group begins with it
                connection.execute("ROLLBACK")
            results = [(job, None, _translated(error)) for job in group]
        _answer(results)

    def _run_alone(self, connection: sqlite3.Connection, job: _Job) -> tuple[_Job, Any, BaseException | None]:
        """Without a savepoint, for there is no other to be kept apart from: with one, SQLite goes through all that the
        transaction has changed so far at the end of each statement."""
        return job, _drive(job.work, _SQLiteTx(connection)), None

    def _run_one(self, connection: sqlite3.Connection, job: _Job) -> tuple[_Job, Any, BaseException | None]:
        connection.execute("SAVEPOINT one")
        try:
            result = _drive(job.work, _SQLiteTx(connection))
        except BaseException as error:
            if not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO one")
            connection.execute("RELEASE one")
            return job, None, _translated(error)
        connection.execute("RELEASE one")
        return job, result, None


class _Reader:
    """A connection that reads, each time for so many seconds at most."""

    def __init__(self, connection: sqlite3.Connection, timeout: float) -> None:
        self.connection, self._timeout = connection, timeout
        self._deadline = 0.0
        connection.set_progress_handler(self._is_late, INSTRUCTIONS)

    def read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Run a transaction that only reads. Raises QueryTimeout."""
        self._deadline = time.monotonic() + self._timeout
        self.connection.execute("BEGIN")
        try:
            return _drive(work, _SQLiteTx(self.connection))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            raise QueryTimeout(self._timeout) from error
        finally:
            self.connection.execute("COMMIT")

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline


def _opened(path: str) -> sqlite3.Connection:
    try:
        _make_private(path)
        return _connect(path)
    except (OSError, sqlite3.Error) as error:
        raise StartRefused(
            f"the database {path} cannot be used: {error}",
            fix="restore the file from a backup, or move it away to start with an empty one",
        ) from error


def _make_private(path: str) -> None:
    """Create the file for its owner alone, for it holds the key of runs' tokens; its journals take its mode.

    A file that is there is left alone: to open and close it would drop the locks that SQLite holds in this process.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=TIMEOUT, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    connection.row_factory = sqlite3.Row
    try:
        _enter_wal(connection)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _enter_wal(connection: sqlite3.Connection) -> None:
    """Whoever opens the file first makes it a WAL file. Meanwhile others are refused at once, without SQLite's own
    patience."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _drive(work: Callable[[Tx], Awaitable[T]], tx: Tx) -> T:
    """Run an async function that never suspends."""
    steps = work(tx).__await__()
    try:
        next(steps)
    except StopIteration as done:
        result: T = done.value
        return result
    raise RuntimeError("a transaction awaited something that is not its Tx")


def _translated(error: BaseException) -> BaseException:
    """The error that a caller can act on; any other one as it is."""
    found = _known(error)
    if found is None:
        return error
    found.__cause__ = error
    return found


def _known(error: BaseException) -> TrainyardError | None:
    if isinstance(error, OverflowError):
        return out_of_range(error)
    if not isinstance(error, sqlite3.Error):
        return None
    if isinstance(error, sqlite3.IntegrityError) and "UNIQUE" in str(error):
        return UniqueViolation(str(error))
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # what it is, without where it came about
    if code == sqlite3.SQLITE_FULL:
        return full()
    return outage() if code in OUTAGES else None


def _answer(results: list[tuple[_Job, Any, BaseException | None]]) -> None:
    """Hand the results to their loops, one wake-up for each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Job, Any, BaseException | None]]] = {}
    for result in results:
        by_loop.setdefault(result[0].loop, []).append(result)
    for loop, mine in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, mine)
        except RuntimeError:
            continue  # that loop is closed: nobody waits any more


def _resolve(results: list[tuple[_Job, Any, BaseException | None]]) -> None:
    for job, value, error in results:
        if job.future.done():
            continue
        if error is None:
            job.future.set_result(value)
        else:
            job.future.set_exception(error)
