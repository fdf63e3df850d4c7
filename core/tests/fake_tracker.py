"""Where core's tests keep points and lines: the installed folder tracker, and one that fails when it is told to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from trainyard.track import frames
from trainyard.track.frames import Kind
from trainyard_core.contracts.tracker import Tracker
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.hookspecs import Context
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings
from trainyard_core.testing.tracker_tools import metric_frame


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


def metric(writer: str, seq: int, values: dict[str, list[float]], *, first: int = 0, final: bool = False) -> bytes:
    """A frame of metrics, one row a step from `first` on."""
    from array import array

    rows = len(next(iter(values.values())))
    steps = array("q", range(first, first + rows))
    block = frames.Block(tuple(values), steps, steps, [array("d", column) for column in values.values()])
    return frames.encode(Kind.METRICS, writer, seq, frames.pack_metrics([block]), final=final)


def rows(writer: str, seq: int, name: str, points: list[tuple[int, float]], *, time: int = 0) -> bytes:
    """A frame of one metric's points, each a step and a value; all of one time."""
    return metric_frame(writer, seq, name, points, time=time).raw


def events(writer: str, seq: int, *what: dict[str, Any], final: bool = False) -> bytes:
    """A frame of events."""
    stamped = [{"time": 1, **one} for one in what]
    return frames.encode(Kind.EVENTS, writer, seq, frames.pack_events(stamped), final=final)


def lines(writer: str, seq: int, *texts: str, final: bool = False) -> bytes:
    """A frame of standard output."""
    told = [frames.Line(seq, 1, text) for text in texts]
    return frames.encode(Kind.LOGS, writer, seq, frames.pack_lines(told), final=final)


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

    async def run(self, sql: str, *args: object) -> None:
        self._counting.count(args)
        await self._tx.run(sql, *args)

    async def many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        given = [*rows]
        self._counting.count(*given)
        await self._tx.many(sql, given)
