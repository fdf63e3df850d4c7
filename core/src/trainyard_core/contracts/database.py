"""The database as a plugin has it: the tables of its own, in transactions.

Names. Every table and index of a plugin begins with the plugin's name and `_`. A statement that names another table is
refused with `ForeignTable`: core's rows are read and changed through the platform, which checks who does it. This keeps
a mistake from spreading; it is no wall against code in the same process.

Transactions. A function of a `PluginTx` awaits nothing but its `PluginTx`: on SQLite the whole function makes one hop
to the writer thread. It may run more than once and has effects in the database only. One whose statement takes longer
than `STATEMENT_TIMEOUT` is ended, and nothing of it is there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal, Protocol, TypeVar

import msgspec

__all__ = ["STATEMENT_TIMEOUT", "ForeignTable", "NewEvent", "PluginDatabase", "PluginRow", "PluginTx", "Target"]

T = TypeVar("T")
STATEMENT_TIMEOUT = 10.0
"""Seconds that a statement of a plugin may take on PostgreSQL, and a whole transaction that only reads on both."""


class ForeignTable(ValueError):
    """A statement names a table that is not the plugin's."""


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An activity that is to be recorded: what has happened (`kind`), in which project (empty: in the deployment), who
    did it (`Actor.name`), when (microseconds since 1970 UTC), and what is told of it."""

    kind: str
    actor: str
    at: int
    project: str = ""
    data: Mapping[str, Any] = {}


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A version that runs may refer to, as a `Resolution` names it, in the project of its references."""

    project: str
    kind: str
    name: str
    version: str
    digest: str


class PluginRow(Protocol):
    """One row of an answer, read by column name."""

    def __getitem__(self, name: str, /) -> Any: ...


class PluginTx(Protocol):
    """One transaction. Statements are written with `?` for each argument and run on both databases as they are, but for
    what `dialect` tells apart."""

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]: ...

    async def all(self, sql: str, *args: object) -> list[PluginRow]:
        """Every row of the answer. Raises ForeignTable."""

    async def one(self, sql: str, *args: object) -> PluginRow | None:
        """The first row, or None. Raises ForeignTable."""

    async def run(self, sql: str, *args: object) -> int:
        """A statement that answers with no rows: how many it has inserted, changed or deleted. Raises ForeignTable."""

    async def many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        """One statement for each row of arguments. Raises ForeignTable."""

    async def query(self, query: Any) -> list[PluginRow]:
        """Run a Piccolo query (`piccolo.query.base.Query`) of the plugin's tables in this transaction. Raises
        ForeignTable."""

    async def enqueue(self, job: str, key: str, args: Mapping[str, object] | None = None, *, at: int = 0) -> None:
        """Enqueue a job of the plugin: it is there when, and only if, this transaction is committed. See
        `contracts.job`."""

    async def check_open_project(self, name: str) -> None:
        """Raises NotFound for a project that is not there, Conflict for one that is archived. The project is not
        deleted before the transaction, which is one that writes, ends."""

    async def record(self, event: NewEvent) -> None:
        """Add an activity to the log: it is there when, and only if, this transaction is committed."""

    async def offer_reference(self, target: Target) -> None:
        """Runs may refer to this version again. To be called when a version is made that may have been withdrawn
        before."""

    async def withdraw_reference(self, target: Target) -> str:
        """Refuse runs that would refer to this version from now on, and return "" - or, if a run refers to it already,
        refuse nothing and return the id of such a run. Runs of the project that are being created meanwhile wait
        until this transaction ends, so that none of them refers to what is deleted in it."""


class PluginDatabase(Protocol):
    """Transactions on the plugin's tables."""

    async def read(self, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        """Run a transaction that only reads; all of it sees one moment."""

    async def write(self, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        """Run a transaction that writes, and return what it returned once it is committed."""
