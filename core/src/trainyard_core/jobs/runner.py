"""Calls the functions of jobs that are due, in every process that works.

One turn is one transaction: it writes how the calls went that have ended, and takes as many jobs as there is room for.
A turn is made when a job was enqueued, when a call has ended, and when the next job is due; while nothing happens the
database is read once a second, in case a message was lost.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from time import perf_counter
from typing import NamedTuple

import msgspec
import structlog

from trainyard_core import instruments, log_context, redact, tracing
from trainyard_core.cancellation import end_all
from trainyard_core.clock import SECOND, Clock
from trainyard_core.contracts.job import Job, JobCall, RetryLater
from trainyard_core.db import jobs as rows
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.db.jobs import JobEnd, NewJob
from trainyard_core.db.lease import time_of
from trainyard_core.jobs.queue import JobQueue
from trainyard_core.jobs.schedule import following
from trainyard_core.plugin_host.platforms import Platforms

__all__ = ["JobRunner"]

ROOM = 32
"""Calls at the same time in one process."""
POLL = 1.0
"""Seconds after which the database is read although nobody reported a job."""
BETWEEN = 0.05
"""Seconds before another try, when a job that is due was in the hands of another worker."""
MOST_WAIT = 600
"""Seconds until a job that failed is tried again, at most."""
MOST_DELAY = 3600
"""The same for one that says itself when it wants to be tried again."""
GRACE = 2.0
"""Seconds in which a call that was cancelled may end; after that it is left behind."""
ERROR_CHARS = 500
PROCESS = secrets.token_hex(8)
"""What the lease holders of this process begin with."""
log = structlog.get_logger("trainyard.jobs")
_decode = msgspec.json.Decoder(dict[str, object]).decode


class _CallEnd(NamedTuple):
    """How a call went: `error` is empty when it succeeded, `delay` the seconds after which the call wants to be made
    again, if it says."""

    job: Job
    id: int
    epoch: int
    attempt: int
    error: str = ""
    delay: float | None = None
    is_cut: bool = False


class JobRunner:
    """One for each process that works. Others may run the same jobs."""

    def __init__(self, database: Database, queue: JobQueue, platforms: Platforms, clock: Clock) -> None:
        self._database, self._queue, self._platforms, self._clock = database, queue, platforms, clock
        self._holder = f"{PROCESS}{secrets.token_hex(4)}"
        self._woken = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        self._ends: list[_CallEnd] = []
        self._latest: int | None = None
        """The latest time that was seen; None: nothing is prepared yet."""

    @property
    def has_room(self) -> bool:
        """Whether this process would take another job now."""
        return len(self._calls) < ROOM

    def wake(self) -> None:
        """There may be a job that is due. Returns at once."""
        self._woken.set()

    async def run(self) -> None:
        """Run jobs until cancelled. Calls that are under way then are cancelled, and their jobs are due again at
        once."""
        try:
            while True:
                try:
                    await self._turn()
                except Exception:
                    log.exception("jobs cannot be taken now; it is tried again")
                    await asyncio.sleep(POLL)
        finally:
            await end_all(self._calls, patience=GRACE)
            with suppress(Exception):
                await self._write(room=0)

    async def _turn(self) -> None:
        """Write how calls went and take what is due; or wait until there is something to do."""
        self._woken.clear()
        wait = await self._wait() if self.has_room else POLL
        if self._ends or wait <= 0:
            taken = await self._write(room=ROOM - len(self._calls))
            for row in taken:
                self._begin(row)
            wait = 0.0 if taken or self._ends else BETWEEN
        with suppress(TimeoutError):
            async with asyncio.timeout(min(wait, POLL)):
                await self._woken.wait()

    async def _wait(self) -> float:
        """Seconds until the next job is due. At first, and when the clock was set back, rows are put right before."""
        now, due = await self._database.read(self._look)
        if self._latest is None or now < self._latest:
            await self._database.write(self._prepare, name="schedule")
            due = now
        self._latest = now
        return POLL if due is None else (due - now) / SECOND

    async def _look(self, tx: Tx) -> tuple[int, int | None]:
        return await time_of(tx, self._clock), await rows.next_due(tx, self._queue.known)

    async def _write(self, *, room: int) -> list[Row]:
        """One transaction: how calls went, and up to so many jobs more."""
        ends, self._ends = self._ends, []

        async def work(tx: Tx) -> list[Row]:
            now = await time_of(tx, self._clock)
            await rows.finish(tx, [_end(each, now) for each in ends], now=now)
            return await rows.claim(tx, self._queue.known, self._holder, now=now, limit=room)

        try:
            return await self._database.write(work, name="jobs")
        except BaseException:
            self._ends = [*ends, *self._ends]
            raise

    async def _prepare(self, tx: Tx) -> None:
        """Periodic jobs have their rows, and no row waits for a time that a clock has left behind."""
        now = await time_of(tx, self._clock)
        await rows.set_back(tx, now=now)
        if self._database.exclusive:
            await rows.recover(tx, PROCESS)
        for (plugin, name), job in self._queue.known.items():
            if job.is_periodic:
                delay, timeout = following(job, now) - now, int(job.timeout * SECOND)
                new = NewJob(plugin=plugin, name=name, key="", delay=delay, timeout=timeout, at=now)
                await rows.schedule(tx, new)

    def _begin(self, row: Row) -> None:
        job = self._queue.known[row["plugin"], row["name"]]
        task = asyncio.create_task(self._call(row, job), name=f"job {row['plugin']}.{row['name']}")
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _call(self, row: Row, job: Job) -> None:
        end = _CallEnd(job, row["id"], row["epoch"], row["attempt"])
        started, name, task = perf_counter(), f"{row['plugin']}.{row['name']}", asyncio.current_task()
        try:
            with log_context.bound(job=name, key=row["key"]), tracing.span("job", job=name):
                error, delay = await self._error_of(row, job)
                end = end._replace(error=error, delay=delay)
        except asyncio.CancelledError:
            end = end._replace(error="the worker was shut down", is_cut=True)
            raise
        finally:
            instruments.JOBS.add(perf_counter() - started, name, "failed" if end.error else "done")
            self._ends.append(end)
            if task is not None:
                self._calls.discard(task)
            self.wake()

    async def _error_of(self, row: Row, job: Job) -> tuple[str, float | None]:
        """Call the function; what went wrong, in one line without secrets, empty when nothing did; and after how many
        seconds it wants to be called again, if it says."""
        if not job.is_periodic and row["attempt"] > job.attempts:
            return f"it was begun {job.attempts} times, and each time its worker ended before it did", None
        try:
            await self._in_time(row, job)
        except TimeoutError:
            return f"it took longer than {job.timeout:g} s", None
        except Exception as error:
            log.warning("a job failed", exc_info=error)
            said = redact.text(f"{type(error).__name__}: {error}".splitlines()[0])[:ERROR_CHARS]
            return said, error.delay if isinstance(error, RetryLater) else None
        return "", None

    async def _in_time(self, row: Row, job: Job) -> None:
        """Raises TimeoutError for a call that does not end in time; one that does not heed its cancellation either is
        left behind."""
        call = JobCall(
            id=row["id"],
            key=row["key"],
            args=_decode(row["args"]),
            attempt=row["attempt"],
            epoch=row["epoch"],
            deadline=row["lease_until"],
        )
        task = asyncio.ensure_future(job.run(self._platforms.of(row["plugin"]), call))
        try:
            done, _ = await asyncio.wait([task], timeout=job.timeout)
        except asyncio.CancelledError:
            await end_all([task], patience=GRACE)
            raise
        if not done:
            task.cancel()
            await asyncio.wait([task], timeout=GRACE)
            raise TimeoutError
        task.result()


def _end(end: _CallEnd, now: int) -> JobEnd:
    """What becomes of the job after a call."""
    if end.is_cut:
        return JobEnd(id=end.id, epoch=end.epoch, error=end.error, again_at=now)
    if end.job.is_periodic:
        return JobEnd(id=end.id, epoch=end.epoch, error=end.error, again_at=following(end.job, now))
    if not end.error or end.attempt >= end.job.attempts:
        return JobEnd(id=end.id, epoch=end.epoch, error=end.error)
    wait: float = min(MOST_WAIT, 2 ** min(end.attempt - 1, 20))
    if end.delay is not None:
        wait = min(MOST_DELAY, max(0.0, end.delay))
    return JobEnd(id=end.id, epoch=end.epoch, error=end.error, again_at=now + int(wait * SECOND), is_retry=True)
