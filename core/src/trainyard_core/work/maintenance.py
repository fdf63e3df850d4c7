"""Maintenance: each second, and at start, it wakes every run that is due and notices silent agents.

It makes the notifier optional: a query here finds whatever a lost message, a flushed queue or a killed process left
undone.
"""

from __future__ import annotations

import asyncio
from time import perf_counter

import structlog

from trainyard_core import instruments
from trainyard_core.clock import SECOND, Clock
from trainyard_core.db import runs, uptime
from trainyard_core.db.engine import Database, Tx
from trainyard_core.lifecycle import LIVE, Reason, Status
from trainyard_core.policy import Policy
from trainyard_core.work.notifier import Notifier

__all__ = ["Maintainer"]

EVERY = 1.0
LATE = 5.0
"""Seconds after which a due run is reconciled here, since nobody seems to work on the queue."""
NEVER = -1
"""Before any time at which somebody can have been heard."""
log = structlog.get_logger("trainyard.maintenance")
_LIVE = ", ".join(f"'{status}'" for status in sorted(LIVE))


class Maintainer:
    """Runs for ever beside a server or worker; any number of them may run."""

    def __init__(self, database: Database, notifier: Notifier, clock: Clock, policy: Policy) -> None:
        self._database, self._notifier, self._clock, self._policy = database, notifier, clock, policy

    async def run(self) -> None:
        """Do a round each second until cancelled."""
        while True:
            try:
                await self.once()
            except Exception:
                log.exception("a round of maintenance failed and is tried again")
            await asyncio.sleep(EVERY)

    async def once(self) -> None:
        """Do one round."""
        started = perf_counter()
        await self._wake_due()
        instruments.MAINTENANCE.add(perf_counter() - started)

    async def _wake_due(self) -> None:
        now = self._clock.now()
        rows = await self._database.read(lambda tx: runs.due(tx, at=now))
        late = now - int(LATE * SECOND)
        await self._notifier.reconcile_here(row["id"] for row in rows if row["wake_at"] < late)
        wanted = [(row["id"], row["wake_seq"]) for row in rows if row["wake_at"] >= late]
        wanted += await self._database.read(lambda tx: self._changed_reach(tx, now))
        if self._policy.tracked_silence:
            wanted += await self._database.read(lambda tx: self._silent_tracked(tx, now))
        instruments.MAINTENANCE_DUE.add(len(wanted))
        if wanted:
            await self._notifier.notify(wanted)
            self._notifier.notify_agents(orders=True)

    async def _changed_reach(self, tx: Tx, now: int) -> list[tuple[str, int]]:
        """Live runs whose agent fell silent or came back, and those whose agent is to be given up."""
        listened = (await uptime.get(tx)).counts_from(now)
        back = now - int(self._policy.silence * SECOND)
        silent = _since(back, listened)
        lost = _since(now - int(self._policy.lost_after * SECOND), listened) if self._policy.lost_after else NEVER
        rows = await tx.all(
            "SELECT r.id, r.wake_seq FROM run r JOIN attempt a ON a.run = r.id AND a.number = r.attempt"
            f" JOIN agent g ON g.name = a.agent WHERE r.status IN ({_LIVE}) AND a.state <> 'exited' AND"
            f" ((g.seen_at < ? AND r.reason <> '{Reason.UNREACHABLE}') OR g.seen_at < ?"
            f" OR (g.seen_at >= ? AND r.reason = '{Reason.UNREACHABLE}')) LIMIT 500",
            silent, lost, back,
        )  # fmt: skip
        return [(row["id"], row["wake_seq"]) for row in rows]

    async def _silent_tracked(self, tx: Tx, now: int) -> list[tuple[str, int]]:
        """Runs that are only tracked and fell silent, came back, or are to be given up."""
        listened = (await uptime.get(tx)).counts_from(now)
        most = int(self._policy.tracked_silence * SECOND)
        half = now - most // 2
        rows = await tx.all(
            "SELECT id, wake_seq FROM (SELECT r.id, r.wake_seq, r.reason, COALESCE((SELECT MAX(w.updated_at)"
            " FROM writer w WHERE w.run = r.id), (SELECT MIN(a.at) FROM activity a WHERE a.run = r.id), r.created_at)"
            " AS heard FROM run r"
            f" WHERE r.managed = 0 AND r.reported_status = '' AND r.status = '{Status.RUNNING}') AS tracked"
            f" WHERE heard <= ? OR (heard <= ? AND reason <> '{Reason.UNREACHABLE}')"
            f" OR (heard > ? AND reason = '{Reason.UNREACHABLE}') LIMIT 500",
            _since(now - most, listened), _since(half, listened), half,
        )  # fmt: skip
        return [(row["id"], row["wake_seq"]) for row in rows]


def _since(moment: int, listened: int) -> int:
    """Who was last heard before it is silent: a moment, or never when nobody listened then."""
    return moment if listened <= moment else NEVER
