"""What is checked of a run before it is created, outside of any transaction: its connections, and whether a scheduler
takes it."""

from __future__ import annotations

from collections.abc import Callable

from trainyard.compile.resolved import used_connections
from trainyard_core.contracts.needs import NeedsClash
from trainyard_core.db.engine import Database, Tx
from trainyard_core.db.runs import NewRun
from trainyard_core.errors import invalid_field
from trainyard_core.work.connections import Kinds
from trainyard_core.work.needs import attempt_needs, operation_of
from trainyard_core.work.scheduler_checks import SchedulerChecks

__all__ = ["RunChecks"]


class RunChecks:
    """The checks of one process. No secret is read for them."""

    def __init__(self, database: Database, connection_kinds: Callable[[], Kinds], schedulers: SchedulerChecks) -> None:
        self._database, self._connection_kinds, self._schedulers = database, connection_kinds, schedulers

    async def check(self, new: NewRun) -> NewRun:
        """The run, with warnings. Raises Invalid for a connection that it cannot use, for needs that clash, and for
        what every agent of its queue refuses. Of a sweep one trial is checked for all."""
        await self._check_needs(new)
        return await self._schedulers.check(new)

    async def _check_needs(self, new: NewRun) -> None:
        operation = operation_of(new)
        if operation is None or not used_connections(operation):
            return
        kinds = self._connection_kinds()

        async def work(tx: Tx) -> None:
            if await tx.one("SELECT 1 FROM project WHERE name = ?", new.project):  # what is not there is told later
                await attempt_needs(tx, kinds, new.project, operation, untrusted=new.untrusted)

        try:
            await self._database.read(work)
        except NeedsClash as error:
            message, _, fix = str(error).partition("; ")
            raise invalid_field("run.connections", message, fix) from error
