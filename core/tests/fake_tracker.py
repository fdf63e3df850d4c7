"""Where core's tests keep points and lines: the installed folder tracker, and one that fails when it is told to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from trainyard_core.contracts.tracker import Tracker
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.hookspecs import Context
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings


def folder_tracker(folder: Path) -> Tracker:
    """The tracker that is installed beside core."""
    registry = Registry.load(["tracker_folder"])
    plugin, provider = registry.trackers.get("folder")
    section = registry.section(plugin, Settings(data=folder))
    return provider.build(Context(folder=folder, settings=section))


class Failing:
    """A tracker that fails so many appends, before or after they took effect; otherwise it is another one."""

    def __init__(self, tracker: Tracker, *, before: int = 0, after: int = 0) -> None:
        self._tracker, self.before, self.after = tracker, before, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tracker, name)

    async def append(self, *args: Any) -> int:
        if self.before:
            self.before -= 1
            raise OSError("no network")
        durable = await self._tracker.append(*args)
        if self.after:
            self.after -= 1
            raise OSError("the answer was lost")
        return durable


class Counting:
    """A database that counts the statements of its transactions that write, a row of many as one, and keeps the
    greatest number of arguments that one of them has."""

    def __init__(self, database: Database) -> None:
        self._database, self.statements, self.arguments = database, 0, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def write(self, work: Any, **more: Any) -> Any:
        return await self._database.write(lambda tx: work(_CountingTx(tx, self)), **more)

    def count(self, *rows: Sequence[object]) -> None:
        self.statements += len(rows)
        self.arguments = max([self.arguments, *map(len, rows)])


class _CountingTx:
    def __init__(self, tx: Tx, counting: Counting) -> None:
        self._tx, self._counting = tx, counting

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    async def all(self, sql: str, *args: object) -> list[Row]:
        self._counting.count(args)
        return await self._tx.all(sql, *args)

    async def one(self, sql: str, *args: object) -> Row | None:
        self._counting.count(args)
        return await self._tx.one(sql, *args)

    async def run(self, sql: str, *args: object) -> int:
        self._counting.count(args)
        return await self._tx.run(sql, *args)

    async def many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        given = [*rows]
        self._counting.count(*given)
        await self._tx.many(sql, given)
