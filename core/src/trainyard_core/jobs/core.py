"""Core's own jobs: what it tidies up in the background."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from trainyard_core.clock import SECOND, Clock
from trainyard_core.contracts.job import Job, JobCall
from trainyard_core.contracts.platform import Platform
from trainyard_core.db import deletions
from trainyard_core.db.engine import Database, Tx
from trainyard_core.db.jobs import CORE
from trainyard_core.jobs.queue import JobQueue
from trainyard_core.run_tracker import RunTracker
from trainyard_core.settings import Settings
from trainyard_core.work.activity_retention import tidy_activities
from trainyard_core.work.deletion import Purger
from trainyard_core.work.uploads import Uploads

__all__ = ["add_core_jobs"]

TIDY_EVERY, UPLOADS_EVERY, ACTIVITIES_EVERY = 600.0, 60.0, 3600.0
"""Seconds between two calls. Deleted runs are purged at once, besides."""
TIMEOUT = 120.0


def add_core_jobs(
    queue: JobQueue, database: Database, tracker: RunTracker | None, clock: Clock, settings: Settings
) -> None:
    """Know core's jobs, as far as this process can do them."""
    keys = _Keys(database, clock, settings.idempotency_days)
    queue.add(CORE, Job(name="keys", run=_alone(keys.expire), every=TIDY_EVERY, timeout=TIMEOUT))
    tidy = partial(tidy_activities, database, clock, days=settings.activity_days)
    queue.add(CORE, Job(name="activities", run=_alone(tidy), every=ACTIVITIES_EVERY, timeout=ACTIVITIES_EVERY))
    if tracker is None:
        return
    purge, timeout = _Purge(queue, database, Purger(database, tracker, clock)), deletions.PURGE_TIMEOUT / SECOND
    queue.add(CORE, Job(name=deletions.PURGE, run=_alone(purge.run), every=TIDY_EVERY, timeout=timeout))
    uploads = Uploads(database, tracker, clock)
    queue.add(CORE, Job(name="uploads", run=_alone(uploads.tidy), every=UPLOADS_EVERY, timeout=TIMEOUT))


def _alone(work: Callable[[], Awaitable[object]]) -> Callable[[Platform, JobCall], Awaitable[None]]:
    """A job's function that needs nothing of its call."""

    async def run(platform: Platform, call: JobCall) -> None:
        await work()

    return run


class _Purge:
    """Has the tracker forget deleted runs, and is due again when the next of them is."""

    def __init__(self, queue: JobQueue, database: Database, purger: Purger) -> None:
        self._queue, self._database, self._purger = queue, database, purger

    async def run(self) -> None:
        while await self._purger.once():
            pass
        await self._database.write(self._go_on, name="purge")

    async def _go_on(self, tx: Tx) -> None:
        if (due := await deletions.next_due(tx)) is not None:
            await self._queue.enqueue(tx, CORE, deletions.PURGE, at=due)


class _Keys:
    """Deletes idempotency keys that have expired."""

    def __init__(self, database: Database, clock: Clock, days: float) -> None:
        self._database, self._clock, self._days = database, clock, days

    async def expire(self) -> None:
        before = self._clock.now() - int(self._days * 24 * 3600 * SECOND)
        await self._database.write(
            lambda tx: tx.run("DELETE FROM idempotency WHERE created_at < ?", before), name="tidy"
        )
