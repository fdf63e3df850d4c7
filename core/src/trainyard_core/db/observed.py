"""A database whose transactions are watched: after each commit somebody is told, and each transaction is timed.

The engines know nothing of it; what is done with what is told is its owner's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import TypeVar

from trainyard_core.db.engine import Database, Tx

__all__ = ["ObservedDatabase"]

T = TypeVar("T")


class ObservedDatabase(Database):
    """Another database, observed. `committed` is called after each transaction that wrote, `timed` after every one
    with its name (`read` for one that reads), its seconds from the call to the answer, and whether it went well."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.dialect, self.exclusive = inner.dialect, inner.exclusive
        self.committed: Callable[[], None] = lambda: None
        self.timed: Callable[[str, float, bool], None] = lambda name, seconds, well: None

    async def write(self, work: Callable[[Tx], Awaitable[T]], *, name: str = "write") -> T:
        started, well = perf_counter(), False
        try:
            result = await self._inner.write(work, name=name)
            well = True
        finally:
            self.timed(name, perf_counter() - started, well)
        self.committed()
        return result

    async def read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        started, well = perf_counter(), False
        try:
            result = await self._inner.read(work)
            well = True
        finally:
            self.timed("read", perf_counter() - started, well)
        return result

    def connections(self) -> int:
        return self._inner.connections()

    async def close(self) -> None:
        await self._inner.close()
