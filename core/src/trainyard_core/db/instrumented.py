"""A database whose transactions are watched: after each commit somebody is told, and each transaction is timed and
traced.

The engines know nothing of it; what is done with what is told is its owner's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import TypeVar

from trainyard_core import instruments, tracing
from trainyard_core.db.engine import Database, Tx

__all__ = ["ObservedDatabase"]

T = TypeVar("T")


class ObservedDatabase(Database):
    """Another database, observed. `committed` is called after each transaction that wrote, with its wakes and
    signals; `waiting` is how many transactions wait or run now."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.dialect, self.exclusive = inner.dialect, inner.exclusive
        self.committed: Callable[[dict[str, int], set[str]], None] = lambda wakes, signals: None
        self.waiting = 0

    async def write(self, work: Callable[[Tx], Awaitable[T]], *, name: str = "write") -> T:
        wakes: dict[str, int] = {}
        signals: set[str] = set()

        async def listened(tx: Tx) -> T:
            result = await work(tx)
            wakes.clear()  # of a try that was not committed
            wakes.update(tx.wakes)
            signals.clear()
            signals.update(tx.signals)
            return result

        result = await self._timed(name, listened, lambda watched: self._inner.write(watched, name=name))
        self.committed(wakes, signals)
        return result

    async def read(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        return await self._timed("read", work, self._inner.read)

    def connections(self) -> int:
        return self._inner.connections()

    async def close(self) -> None:
        await self._inner.close()

    async def _timed(
        self,
        name: str,
        work: Callable[[Tx], Awaitable[T]],
        run: Callable[[Callable[[Tx], Awaitable[T]]], Awaitable[T]],
    ) -> T:
        started, result = perf_counter(), "failed"
        self.waiting += 1
        try:
            with tracing.span("transaction", name=name):
                answer = await run(tracing.carried(work))
            result = "done"
        finally:
            self.waiting -= 1
            instruments.TRANSACTIONS.add(perf_counter() - started, name, result)
        return answer
