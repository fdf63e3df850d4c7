"""What a planner may use while it plans; `contracts.director.PlanTools` says what it promises."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from trainyard_core.clock import Clock
from trainyard_core.contracts.database import PluginTx
from trainyard_core.contracts.director import Child
from trainyard_core.contracts.tracker import RunRef, Series, Tracker
from trainyard_core.db import directors, runs, tracking
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.directing.view import Snapshot, children_of
from trainyard_core.plugin_host.tables import Enqueue, PluginTables

__all__ = ["ParentTools"]

T = TypeVar("T")


class ParentTools:
    """The tools of one plan; a `PlanTools`."""

    def __init__(
        self, database: Database, clock: Clock, tracker: Tracker | None, enqueue: Enqueue, snapshot: Snapshot
    ) -> None:
        self.clock = clock
        self._database, self._tracker, self._parent = database, tracker, snapshot.view.parent
        self._tables = PluginTables(database, snapshot.plugin, enqueue)

    async def read(self, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        return await self._tables.read(work)

    async def children(self, runs: Sequence[str]) -> Mapping[str, Child]:
        async def work(tx: Tx) -> Mapping[str, Child]:
            rows = await directors.children(tx, runs, parent=self._parent.run)
            return {child.run: child for child in children_of(rows, await directors.metrics(tx, runs))}

        return await self._database.read(work)

    async def find_run(self, ref: str) -> Child:
        async def work(tx: Tx) -> tuple[Row, list[Row]]:
            (run,) = await directors.find_runs(tx, self._parent.project, [ref])
            row = await runs.get(tx, run)
            assert row is not None
            return row, await directors.metrics(tx, [run])

        row, metrics = await self._database.read(work)
        return children_of([row], metrics)[0]

    async def read_series(
        self, run: str, names: Sequence[str], *, first: int | None = None, attempt: int = 0
    ) -> Sequence[Series]:
        if self._tracker is None:
            return []
        attempts: Mapping[str, int] = {}
        if attempt > 1:
            attempts = (await self._database.read(lambda tx: tracking.attempts_of(tx, [run])))[run]
        ref = RunRef(self._parent.project, run)
        return await self._tracker.read_series(ref, names, first=first, attempts=attempts)
