"""What a database is to all other code: transactions, whether SQLite with one writer thread or a PostgreSQL pool
runs them, behind one small interface.

A transaction is an async function of a `Tx`. On PostgreSQL it runs as it reads. On SQLite the whole function makes
one hop to the writer thread, where its awaits complete at once: it must await nothing but its `Tx`. Transactions
that wait together are committed together (each in its own savepoint), so that one fsync serves many; an answer is
given only after the commit.

SQL is written with `?` for each argument; it becomes `$1` for PostgreSQL.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from itertools import count
from typing import Any, Literal, Protocol, TypeVar

from trainyard_core.errors import Invalid, StorageFull, TrainyardError, Unavailable

__all__ = [
    "READ_TIMEOUT",
    "Database",
    "Dialect",
    "Row",
    "Tx",
    "UniqueViolation",
    "full",
    "numbered",
    "out_of_range",
    "outage",
    "placeholders",
    "schema_of",
]

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]
READ_TIMEOUT = 10.0
"""Seconds after which a read is ended, unless the settings say otherwise."""


class UniqueViolation(TrainyardError):
    """A row with that key is there already."""

    code, status, title = "conflict", 409, "It exists already"


class Row(Protocol):
    """One row of an answer, read by column name."""

    def __getitem__(self, name: str, /) -> Any: ...


class Tx(Protocol):
    """One transaction. Await its methods and nothing else. `wakes` are the runs, each with its `wake_seq`, that
    somebody should look at as soon as it is committed; that they want it is written down as well. So is what `signals`
    say: that there are new jobs, for example."""

    dialect: Dialect
    wakes: dict[str, int]
    signals: set[str]

    async def all(self, sql: str, *args: object) -> list[Row]:
        """Every row of the answer."""

    async def one(self, sql: str, *args: object) -> Row | None:
        """The first row, or None."""

    async def run(self, sql: str, *args: object) -> int:
        """A statement that answers with no rows: how many it has inserted, changed or deleted."""

    async def many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        """One statement for each row of arguments."""

    async def confine(self, plugin: str) -> None:
        """From now on reach the tables of that plugin only; of core again with an empty name. A statement that touches
        others raises ForeignTable, or on PostgreSQL does not find them."""


class Database(ABC):
    """A database that is open. `close` waits for what was started."""

    dialect: Dialect
    exclusive = False
    """Whether this process is the only one that writes here, so that what it read may be remembered until it writes."""

    @abstractmethod
    async def write(self, work: Callable[[Tx], Awaitable[T]], *, name: str = "write") -> T:
        """Run a transaction that writes, and return what it returned once it is committed. `name` is its fault
        point."""

    @abstractmethod
    async def read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Run a transaction that only reads, beside the writers. All of it sees one moment, however many statements it
        has; so it should be short, and whoever reads a lot reads in pages. Raises QueryTimeout when it takes too long
        once it has begun, so that no question keeps others from being answered."""

    @abstractmethod
    def connections(self) -> int:
        """How many connections are open now."""

    @abstractmethod
    async def close(self) -> None:
        """Finish and disconnect."""


def schema_of(plugin: str) -> str:
    """The schema that holds a plugin's tables on PostgreSQL."""
    return f"plugin_{plugin}"


_QUOTED_OR_PLACEHOLDER = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*[\s\S]*?\*/)|\?""")


@lru_cache(maxsize=2048)
def numbered(sql: str) -> str:
    """`?` placeholders as `$1`, `$2`, ..., but for those in literals, quoted names and comments."""
    number = count(1)
    return _QUOTED_OR_PLACEHOLDER.sub(lambda found: found[1] or f"${next(number)}", sql)


def placeholders(sql: str) -> int:
    """How many arguments a statement takes."""
    return sum(not found[1] for found in _QUOTED_OR_PLACEHOLDER.finditer(sql))


def out_of_range(error: Exception) -> Invalid:
    """The error of a value that no column holds."""
    return Invalid(f"a value is out of range: {error}", fix="use a smaller number")


def outage() -> Unavailable:
    """The error of a database that cannot be used for now, whatever was asked of it."""
    return Unavailable("the database cannot be used at the moment", fix="try again; the server's log says why")


def full() -> StorageFull:
    """The error of a full disk."""
    return StorageFull("the database's disk is full; nothing was written", fix="free space and try again")
