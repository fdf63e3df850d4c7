"""A server whose plugin has jobs, and a record of how they were called."""

from __future__ import annotations

from contextlib import asynccontextmanager
from types import SimpleNamespace

from web import serving

from trainyard_core.contracts.job import Job
from trainyard_core.db import jobs as rows
from trainyard_core.db.lease import time_of
from trainyard_core.hookspecs import hookimpl
from trainyard_core.jobs.runner import JobRunner
from trainyard_core.registry import Registry
from trainyard_core.testing.background import until

__all__ = ["Bench", "Calls", "benching", "plugin"]


class Bench:
    """A server whose plugin `press` has jobs, and what has been called."""

    def __init__(self, web, calls):
        self.web, self.calls = web, calls
        self.runtime = web.runtime
        self.platform = web.runtime.platforms.of("press")

    async def enqueue(self, job, key="", **more):
        await self.platform.jobs.enqueue(job, key, **more)

    async def rows(self, *, periodic=False, **only):
        found = await self.runtime.database.read(lambda tx: rows.page(tx, after=0, limit=100, **only))
        return [row for row in found if row["plugin"] == "press" and (row["name"] == "nightly") is periodic]

    async def nightly(self):
        return await self.rows(periodic=True)

    async def gone(self):
        await until(self._none)

    async def _none(self):
        return not await self.rows()

    async def in_state(self, state):
        await until(lambda: self.rows(state=state))
        return (await self.rows(state=state))[0]

    async def succeeded(self):
        """When the periodic job last succeeded."""
        (row,) = await self.nightly()
        return row["succeeded_at"]

    async def take(self, holder):
        """As a worker takes jobs that then does nothing."""

        async def work(tx):
            now = await time_of(tx, self.runtime.clock)
            return await rows.claim(tx, self.runtime.job_queue.known, holder, now=now, limit=10)

        return await self.runtime.database.write(work)

    async def lapse(self, job):
        """The lease on a job is over, as after a minute."""
        await self.runtime.database.write(lambda tx: tx.run("UPDATE job SET lease_until = 1 WHERE id = ?", job))

    def runner(self):
        """A worker's, beside others."""
        return JobRunner(self.runtime.database, self.runtime.job_queue, self.runtime.platforms, self.runtime.clock)


def plugin(calls):
    """Its jobs note how they were called in `calls`, which says what else they do."""

    async def note(platform, call):
        calls.append(call)
        if (what := calls.what.get(call.key)) is not None:
            await what(platform, call)

    jobs = [
        Job(name="print", run=note),
        Job(name="twice", run=note, attempts=2),
        Job(name="short", run=note, timeout=0.05, attempts=1),
        Job(name="nightly", run=note, cron="0 3 * * *", time_zone="Europe/Berlin"),
    ]
    return SimpleNamespace(register_jobs=hookimpl(lambda: jobs))


class Calls(list):
    """The calls so far; `what` is what a call with that key does."""

    def __init__(self):
        super().__init__()
        self.what = {}


@asynccontextmanager
async def benching(database_url, tmp_path):
    """Such a server, without a worker."""
    calls, registry = Calls(), Registry()
    registry.add("press", plugin(calls))
    async with serving(database_url, tmp_path, registry=registry) as web:
        yield Bench(web, calls)
