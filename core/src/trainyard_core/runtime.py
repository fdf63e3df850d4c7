"""The runtime: everything one process holds, opened in order and closed in reverse.

What a process does with it (serve the API, work, run an agent) is decided by `server`; nothing here asks how many
processes there are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import structlog

from trainyard.client.models import CreateRun
from trainyard_core import log_context, tracing
from trainyard_core.agent.agent import Agent
from trainyard_core.agent.registration import registration
from trainyard_core.agent.scheduler_builder import built
from trainyard_core.auth import Actor
from trainyard_core.authorization import Authorization
from trainyard_core.clock import Clock, SystemClock
from trainyard_core.contracts.job import Job
from trainyard_core.db import activities, directors, migrations, observers, projects, queues, run_trackers, tokens
from trainyard_core.db.connect import connect
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.db.instrumented import ObservedDatabase
from trainyard_core.db.jobs import JOBS
from trainyard_core.db.migrate import migrate, migrations_in
from trainyard_core.directing.directors import Directors
from trainyard_core.directing.kinds import DirectorKinds, InstalledDirector
from trainyard_core.executor import BlockingCalls
from trainyard_core.instruments import Gauges
from trainyard_core.jobs.core import add_core_jobs
from trainyard_core.jobs.queue import JobQueue
from trainyard_core.jobs.runner import JobRunner
from trainyard_core.lifecycle import Status
from trainyard_core.observers.runner import ObserverRunner
from trainyard_core.optimizers import InstalledOptimizers
from trainyard_core.plugin_host.authenticators import PluginAuthenticators
from trainyard_core.plugin_host.migrations import migrate_plugins
from trainyard_core.plugin_host.platforms import Platforms
from trainyard_core.plugin_host.references import PluginReferences
from trainyard_core.plugin_host.secrets import HostedSecrets
from trainyard_core.policy import Policy
from trainyard_core.registry import BUILDING, Registry
from trainyard_core.run_tracker import RunTracker
from trainyard_core.settings import Settings
from trainyard_core.trackers import Trackers
from trainyard_core.work.attempt_streams import AttemptStreams
from trainyard_core.work.clone import resuming
from trainyard_core.work.connections import Kinds
from trainyard_core.work.creation import create_run
from trainyard_core.work.direct_port import DatabasePort
from trainyard_core.work.event_feed import EventFeed
from trainyard_core.work.maintenance import Maintainer
from trainyard_core.work.notifier import LocalNotifier, Notifier, Reconcile
from trainyard_core.work.reconcile import reconcile
from trainyard_core.work.run_checks import RunChecks
from trainyard_core.work.scheduler_checks import SchedulerChecks
from trainyard_core.work.session_service import SessionService
from trainyard_core.work.stream_relay import LocalStreamRelay, StreamRelay
from trainyard_core.work.uptime import UptimeRecorder

__all__ = ["Runtime"]

SEARCHES = 3
"""Searches of runs at once: fewer than the database has readers, so that there is one for all else."""
log = structlog.get_logger("trainyard")


class Runtime:
    """What one process holds. Made by `open`."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        database: ObservedDatabase,
        clock: Clock,
        valkey: str,
        secret: bytes,
    ) -> None:
        self.settings, self.registry, self.clock = settings, registry, clock
        self.database: Database = database
        self.authorization = Authorization(registry, database)
        self._watched = database
        self.policy: Policy = settings.policy
        self.secret = secret
        self.event_feed = EventFeed(database)
        database.committed = self._committed
        self.optimizers = InstalledOptimizers(registry, settings)
        self.kinds = DirectorKinds(self._directors)
        self._notifying: set[asyncio.Task[None]] = set()
        self.trackers = Trackers(registry, settings, clock)
        self.tracker: RunTracker | None = None
        self.searches = asyncio.Semaphore(SEARCHES)
        self.notifier, self.stream_relay = _messaging(self.reconcile, valkey)
        if not database.exclusive:
            self.notifier.attach(self.event_feed)
        self.attempt_streams = AttemptStreams(
            database, self.notifier, clock, self.stream_relay, silence=self.policy.silence
        )
        self.url = settings.url(settings.port)
        self.job_queue = JobQueue(clock)
        for plugin, job in registry.jobs:
            self.job_queue.add(plugin, job)
        self.platforms = Platforms(self, self.job_queue.enqueue)
        self.secrets = HostedSecrets(registry, self.platforms)
        self.directors = Directors(
            database, clock, self.policy, self.kinds, call=self._call, enqueue=self.job_queue.enqueue
        )
        self.references = PluginReferences(database, registry, self.platforms)
        self.authenticators = PluginAuthenticators(registry, self.platforms)
        self.job_runner: JobRunner | None = None
        self.run_checks = RunChecks(
            database, self._connection_kinds, SchedulerChecks(database, clock, registry.scheduler_checks)
        )

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, registry: Registry, *, valkey: str = "", clock: Clock | None = None
    ) -> AsyncIterator[Runtime]:
        """Connect, migrate, and hand out a runtime; disconnect afterwards. Raises StartRefused, Unavailable."""
        clock = clock or SystemClock()
        registry.check_sections(settings)
        database = ObservedDatabase(await connect(settings.database_url, read_timeout=settings.read_timeout))
        try:
            applied = await migrate(database, migrations_in("core", migrations), clock)
            if applied:
                log.info("the database was brought up to date", migrations=applied)
            await migrate_plugins(database, registry, clock)
            secret = await database.write(
                lambda tx: _prepare(tx, settings.tracker, registry, clock.now()), name="prepare"
            )
            runtime = cls(settings, registry, database, clock, valkey, secret)
            runtime.tracker = runtime.directors.tracker = await runtime._start_tracker()
            add_core_jobs(runtime.job_queue, database, runtime.tracker, clock, settings)
            try:
                yield runtime
            finally:
                await runtime.directors.aclose()
                await runtime.kinds.aclose()
                await runtime.optimizers.aclose()
                await runtime.event_feed.aclose()
                await runtime.notifier.close()
                await runtime.stream_relay.aclose()
                await runtime.trackers.aclose()
        finally:
            await database.close()

    async def reconcile(self, run: str) -> None:
        """Bring one run as far as it goes now, and call agents in case it waits or is to be stopped. A run that plans
        others is given to its director."""
        if self.directors.knows(run):
            self.directors.wake(run)
            return
        at = self.clock.now()

        async def work(tx: Tx) -> bool:
            status = await reconcile(tx, run, policy=self.policy, at=at)
            return status in (Status.RUNNING, Status.STOPPING) and await directors.exists(tx, run)

        with log_context.bound(run=run), tracing.span("reconcile", run=run):
            directs = await self.database.write(work, name="reconcile")
        if directs:
            self.directors.wake(run)
        self.notifier.notify_agents(orders=True)

    async def create_run(self, actor: Actor, project: str, body: CreateRun, *, key: str = "") -> tuple[Row, bool]:
        """The run that `actor`, who may write in the project, asks for, and whether it is new; see `work.creation`."""
        row, new = await create_run(
            self.database,
            project,
            body,
            key=key,
            actor=actor,
            policy=self.policy,
            at=self.clock.now(),
            kinds=self.kinds,
            lookup=self.references,
            amendments=self.registry.requests,
            checks=self.run_checks.check,
            insert=resuming(body.resumes) if body.resumes else None,
        )
        if new:
            self.notifier.notify_agents()
        return row, new

    def _committed(self, wakes: dict[str, int], signals: set[str]) -> None:
        """This process has written: streams are told, and who is to be looked at is rung for. A parent that is
        planned here needs no message, and its free slot does not wait for the queue."""
        if activities.LOGGED in signals:
            self.event_feed.committed()
        if JOBS in signals:
            self.wake_jobs()
        away = []
        for run, seq in wakes.items():
            if self.directors.knows(run):
                self.directors.wake(run)
            else:
                away.append((run, seq))
        if away:
            task = asyncio.get_running_loop().create_task(self.notifier.notify(away), name="notify")
            self._notifying.add(task)
            task.add_done_callback(self._notifying.discard)

    def _directors(self) -> dict[str, InstalledDirector]:
        """The directors that are installed, by the kind of run."""
        return {
            kind: InstalledDirector(plugin, partial(self.registry.director, kind, self.platforms.of(plugin)))
            for kind, (plugin, _) in self.registry.directors.by_name.items()
        }

    def _connection_kinds(self) -> Kinds:
        return self.registry.connection_kinds.by_name

    def _call(self) -> None:
        self.notifier.notify_agents(orders=True)

    def gauges(self) -> Gauges:
        """What this process holds now."""
        return Gauges(self.database.connections(), self._watched.waiting, self.event_feed.subscribers)

    def forget_left_out(self) -> None:
        """Forget the jobs of plugins that were left out since this was opened."""
        for plugin, loaded in self.registry.plugins.items():
            if not loaded.offers:
                self.job_queue.remove(plugin)

    def uptime_recorder(self) -> UptimeRecorder:
        """What tells that this server can be spoken to."""
        return UptimeRecorder(self.database, self.clock, self.policy)

    def maintainer(self) -> Maintainer:
        """The maintenance of this process."""
        return Maintainer(self.database, self.notifier, self.clock, self.policy)

    def run_jobs(self) -> Coroutine[Any, Any, None]:
        """The background jobs of this process, until cancelled."""
        self.job_runner = JobRunner(self.database, self.job_queue, self.platforms, self.clock)
        self.notifier.take_jobs(self.job_runner.wake)
        return self.job_runner.run()

    def job_kind(self, plugin: str, name: str) -> Job | None:
        """The kind of a job, where this deployment has a function for it."""
        return self.job_queue.known.get((plugin, name))

    def wake_jobs(self) -> None:
        """There may be jobs that are due: for this process, or where it takes none, for another one."""
        if self.job_runner is not None and self.job_runner.has_room:
            self.job_runner.wake()
        else:
            self.notifier.notify_jobs()

    def observer_runner(self) -> ObserverRunner:
        """What gives the observers of plugins their events."""
        return ObserverRunner(self.database, self.clock, self.event_feed, self.platforms.of, [*self.registry.observers])

    async def agent(self) -> Agent:
        """The agent that the settings describe; until its scheduler is built it is known as not ready. Raises
        StartRefused for an unknown scheduler."""
        build = partial(self.registry.scheduler, self.settings.scheduler, self.settings, url=self.url)
        calls = BlockingCalls("build")
        me = registration(self.settings.agent, provider=self.settings.scheduler, queues=self.settings.queues, labels={})
        port = DatabasePort(self.session_service(), self.attempt_streams)
        scheduler = await built(lambda: calls.call(build, deadline=BUILDING), me, port)
        return Agent(me, scheduler, port, self.notifier.subscribe(), grace=self.settings.stop_grace)

    def session_service(self) -> SessionService:
        """Where agents of this server ask and report."""
        return SessionService(
            self.database,
            self.notifier,
            self.clock,
            self.policy,
            secret=self.secret,
            url=self.url,
            grace=self.settings.stop_grace,
            secrets=self.secrets,
            connection_kinds=self._connection_kinds,
        )

    async def _start_tracker(self) -> RunTracker | None:
        if not self.trackers.installed:
            return None
        await self.trackers.start()
        return RunTracker(self.database, self.trackers)


async def _prepare(tx: Tx, tracker: str, registry: Registry, at: int) -> bytes:
    """The rows that every database has, a place in the log for each observer that is new, and the instance's secret.
    An observer has its place before the first request is answered: what is accepted from then on reaches it."""
    await projects.ensure(tx, projects.DEFAULT, at=at)
    await queues.ensure(tx, queues.DEFAULT, at=at)
    newest = await activities.newest(tx)
    for plugin, observer in registry.observers:
        cursor = newest if observer.start == "end" else 0
        await observers.ensure(tx, plugin, observer.name, cursor=cursor, at=at)
    if filled := await run_trackers.fill(tx, tracker):
        log.info("runs of before have recorded their tracker", tracker=tracker, runs=filled)
    return await tokens.instance_secret(tx)


def _messaging(reconcile: Reconcile, valkey: str) -> tuple[Notifier, StreamRelay]:
    """How processes wake each other, and how they carry streams."""
    if not valkey:
        return LocalNotifier(reconcile), LocalStreamRelay()
    from trainyard_core.work.arq_notifier import ArqNotifier, redis_settings  # arq is loaded only where it is used
    from trainyard_core.work.arq_stream_relay import ArqStreamRelay

    settings = redis_settings(valkey)
    return ArqNotifier(reconcile, settings), ArqStreamRelay(settings)
