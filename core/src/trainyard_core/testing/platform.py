"""A platform in memory, for tests of a plugin without a server: tables on SQLite, people with roles, runs as records,
and jobs and activities that a test can look at.

It keeps the promises of `contracts.platform` that a plugin's logic rests on: who may do what, what a transaction
undoes, that jobs are unique. It compiles no operation, runs no job and searches nothing; what needs that is tested with
`testing.server`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, TypeVar

import msgspec

from trainyard.client.models import CreateRun, RunPage, RunRecord
from trainyard_core import auth, hookspecs
from trainyard_core.auth import READ, WRITE, Actor
from trainyard_core.clock import Clock, SystemClock, rfc3339
from trainyard_core.contracts.connection import Connection
from trainyard_core.contracts.database import NewEvent, PluginTx, Target
from trainyard_core.contracts.director import Child, Parent
from trainyard_core.contracts.job import Job, JobCall, JobLost
from trainyard_core.contracts.observer import Event
from trainyard_core.contracts.optimizer import Optimizer
from trainyard_core.contracts.secret import Secret, SecretRef
from trainyard_core.db.migrate import migrations_in
from trainyard_core.errors import Forbidden, Invalid, NotFound, choice
from trainyard_core.executor import BlockingCalls
from trainyard_core.ids import new_id
from trainyard_core.testing.plugin_tables import MemoryDatabase

__all__ = ["EnqueuedJob", "FakePlatform"]

T = TypeVar("T")
ACTIONS = {"stop": "stopped", "skip": "skipped", "approve": "", "archive": "", "restore": ""}
"""The status that an action on a run leads to; empty for one that keeps it."""
KEY_CHARS = 200
HERE = "default"


class EnqueuedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that waits; `at` is when it is due, in microseconds since 1970 UTC, 0 for now."""

    args: Mapping[str, object]
    at: int


class FakePlatform:
    """A `Platform` of one plugin. `settings` is what the plugin is to find there, `jobs` are those that it registers.

    `projects` are there; `people` have the roles that `grant` gives them, and the plugin itself has none until then."""

    version = hookspecs.VERSION

    def __init__(
        self, plugin: str, *, settings: Any = None, jobs: Sequence[Job] = (), clock: Clock | None = None
    ) -> None:
        self.plugin, self.settings, self.clock = plugin, settings, clock or SystemClock()
        self.projects, self.people = {HERE}, dict[str, Actor]()
        self.runs, self.activities = FakeRuns(self), FakeActivities(self)
        self.connections = FakeConnections(self)
        self.parents = FakeParents()
        self.optimizers: dict[str, Optimizer] = {}
        self.collected: dict[str, dict[str, Any]] = {}
        self._blocking: dict[str, BlockingCalls] = {}
        self.jobs = FakeJobs(self, [job.name for job in jobs])
        self.references = FakeReferences()
        self.secrets = FakeSecrets()
        self.database = MemoryDatabase(plugin, _Outside(self))
        self.grant(f"service:plugin:{plugin}", "none")

    async def migrate(self, package: ModuleType) -> None:
        """Make the plugin's tables by the steps of a package."""
        for step in migrations_in(self.plugin, package):
            await self.database.write(step.forwards)

    def grant(self, name: str, role: str) -> Actor:
        """Give somebody (`user:ada`) a role in the deployment; returns them as they are then."""
        self.people[name] = Actor(name=name, role=role)
        return self.people[name]

    def optimizer(self, kind: str) -> Optimizer:
        """One of `optimizers`. Raises Invalid."""
        if kind not in self.optimizers:
            raise Invalid(choice("algorithm", kind, self.optimizers), fix="put it into `optimizers`")
        return self.optimizers[kind]

    def collect(self, hook: str) -> Mapping[str, Any]:
        """What a test has put into `collected` for that hook. Raises ValueError for a hook that is not in it."""
        if hook not in self.collected:
            raise ValueError(f"plugin '{self.plugin}' publishes no hook '{hook}': put it into `collected`")
        return self.collected[hook]

    async def call_blocking(self, name: str, work: Callable[[], T], *, deadline: float) -> T:
        """See `Platform`."""
        if name not in self._blocking:
            self._blocking[name] = BlockingCalls(f"{self.plugin} {name}")
        return await self._blocking[name].call(work, deadline=deadline)

    async def principal(self) -> Actor:
        """See `Platform`."""
        return self.people[f"service:plugin:{self.plugin}"]

    async def actor(self, name: str) -> Actor:
        """See `Platform`."""
        if name not in self.people:
            raise Forbidden(f"'{name}' is shut out or gone", fix="let another person own what acts in that name")
        return self.people[name]

    def allow(self, actor: Actor, action: str, project: str) -> None:
        """Raises NotFound for a project that is not there or not for the actor to see, Forbidden."""
        if project not in self.projects or not any(auth.may(actor, each, project=project) for each in auth.SCOPES):
            raise NotFound(f"no project '{project}'", fix="see yard projects ls; create it: yard projects create")
        if not auth.may(actor, action, project=project):
            raise Forbidden(
                f"{actor.name} may not {action} in project '{project}'", fix="use a token with another role"
            )


class FakeParents:
    """No parents: nothing is planned here. Raises ValueError for every call."""

    async def create(self, *args: object, **more: object) -> RunRecord:
        """See `Parents`."""
        raise _nothing_is_planned()

    async def get(self, *args: object) -> Parent:
        """See `Parents`."""
        raise _nothing_is_planned()

    async def children(self, *args: object, **more: object) -> Mapping[str, Child]:
        """See `Parents`."""
        raise _nothing_is_planned()

    async def ask(self, *args: object, **more: object) -> Sequence[str]:
        """See `Parents`."""
        raise _nothing_is_planned()

    async def end_child(self, *args: object, **more: object) -> RunRecord:
        """See `Parents`."""
        raise _nothing_is_planned()

    async def give_up(self, *args: object) -> None:
        """See `Parents`."""
        raise _nothing_is_planned()


def _nothing_is_planned() -> ValueError:
    return ValueError("this platform plans no runs: test directors with trainyard_core.testing.server")


class FakeRuns:
    """Runs by id, in `records`, which a test may change."""

    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform
        self._keys: dict[tuple[str, str, str], str] = {}
        self.records: dict[str, RunRecord] = {}

    async def create(self, actor: Actor, project: str, body: CreateRun, *, key: str = "") -> RunRecord:
        """See `Runs`. The run is `queued`, or `running` when it is only tracked."""
        self._platform.allow(actor, WRITE, project)
        if key and (made := self._keys.get((actor.name, project, key))):
            return self.records[made]
        run = RunRecord(
            id=body.id or new_id(),
            project=project,
            kind="job" if body.managed else "tracked",
            status="queued" if body.managed else "running",
            created_at=rfc3339(self._platform.clock.now()) or "",
            name=body.name,
            description=body.description,
            managed=body.managed,
            queue=body.queue,
            tags=body.tags,
            params=body.params,
            user=actor.name,
        )
        self.records[run.id] = run
        if key:
            self._keys[actor.name, project, key] = run.id
        return run

    async def get(self, actor: Actor, project: str, ref: str) -> RunRecord:
        """See `Runs`."""
        self._platform.allow(actor, READ, project)
        mine = [each for each in reversed(self.records.values()) if each.project == project]
        for run in mine:
            if ref == "latest" or (len(ref) >= 4 and run.id.endswith(ref)):
                return run
        raise NotFound(f"no run '{ref}' in project '{project}'", fix="use the id; see yard ls")

    async def find(
        self, actor: Actor, project: str, q: str = "", *, sort: str = "", limit: int = 50, cursor: str = ""
    ) -> RunPage:
        """All runs of a project, newest first. Raises ValueError for a query, an order or a cursor."""
        self._platform.allow(actor, READ, project)
        if q or sort or cursor:
            raise ValueError("this platform searches nothing: test queries with trainyard_core.testing.server")
        mine = [each for each in reversed(self.records.values()) if each.project == project]
        return RunPage(items=mine[:limit])

    async def act(self, actor: Actor, project: str, ref: str, action: str, *, message: str = "") -> RunRecord:
        """See `Runs`. What ends a run ends it at once."""
        if action not in ACTIONS:
            raise Invalid(choice("action", action, ACTIONS), fix="use one of these")
        run = await self.get(actor, project, ref)
        self._platform.allow(actor, WRITE, project)
        if ACTIONS[action] and not run.is_final:
            self.records[run.id] = msgspec.structs.replace(run, status=ACTIONS[action], message=message)
        return self.records[run.id]


class FakeConnections:
    """Connections by name, in `named`; every project may use them, and no kind looks at them."""

    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform
        self.named: dict[str, Connection] = {}

    async def get(self, actor: Actor, project: str, name: str) -> Connection:
        """See `Connections`."""
        self._platform.allow(actor, WRITE, project)
        if name not in self.named:
            raise Invalid(choice("connection", name, self.named), fix="put it into `connections.named`")
        return self.named[name]


class FakeActivities:
    """The log, in `events`, to which a test appends by `add`."""

    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform
        self.events: list[Event] = []

    def add(self, event: NewEvent, *, run: str = "") -> Event:
        """Something happens."""
        added = Event(
            id=len(self.events) + 1,
            project=event.project,
            run=run,
            kind=event.kind,
            actor=event.actor,
            at=event.at,
            data=event.data,
        )
        self.events.append(added)
        return added

    async def after(self, actor: Actor, cursor: int, *, limit: int = 500) -> Sequence[Event]:
        """See `Activities`."""
        seen = [each for each in self.events if each.id > cursor and auth.may(actor, READ, project=each.project)]
        return seen[:limit]


class FakeJobs:
    """Jobs that wait, in `enqueued`, by name and key. A call whose epoch is in `lost` has been lost."""

    def __init__(self, platform: FakePlatform, known: Sequence[str]) -> None:
        self._platform, self._known = platform, known
        self.enqueued: dict[tuple[str, str], EnqueuedJob] = {}
        self.lost: set[int] = set()

    async def enqueue(self, job: str, key: str, args: Mapping[str, object] | None = None, *, at: int = 0) -> None:
        """See `Jobs`."""
        await self._platform.database.write(lambda tx: tx.enqueue(job, key, args, at=at))

    async def write(self, call: JobCall, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        """See `Jobs`."""
        if call.epoch in self.lost:
            raise JobLost(f"another worker has job {call.id} now, or nobody wants it any more")
        return await self._platform.database.write(work)

    def check(self, job: str, key: str, args: Mapping[str, object] | None) -> None:
        """Raises Invalid."""
        if job not in self._known:
            raise Invalid(choice("job", job, self._known), fix="register it in `register_jobs`")
        if len(key) > KEY_CHARS:
            raise Invalid(f"`key` has {len(key)} characters", fix=f"use at most {KEY_CHARS}")
        try:
            msgspec.json.encode(args)
        except (TypeError, ValueError) as error:
            raise Invalid(f"`args` of job '{job}' is no JSON: {error}", fix="use plain data") from error

    def put(self, job: str, key: str, args: Mapping[str, object] | None, at: int) -> None:
        """One that waits already gets these arguments and, if it is sooner, this time."""
        before = self.enqueued.get((job, key))
        due = at if before is None else min(at, before.at)
        self.enqueued[job, key] = EnqueuedJob(args=dict(args or {}), at=due)


class FakeSecrets:
    """Secrets by their references, in `values`."""

    def __init__(self) -> None:
        self.values: dict[SecretRef, str] = {}

    async def resolve(self, ref: SecretRef) -> Secret:
        """See `Secrets`."""
        if ref not in self.values:
            raise Invalid(f"no secret for {ref}", fix="put it into `secrets.values`")
        return Secret(self.values[ref])


class FakeReferences:
    """What the plugin has withdrawn; `used` are the runs that refer to versions."""

    def __init__(self) -> None:
        self.withdrawn: set[Target] = set()
        self.used: dict[Target, str] = {}


class _Outside:
    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform

    def check_enqueue(self, job: str, key: str, args: Mapping[str, object] | None, at: int) -> None:
        self._platform.jobs.check(job, key, args)

    def enqueue(self, job: str, key: str, args: Mapping[str, object] | None, at: int) -> None:
        self._platform.jobs.put(job, key, args, at)

    def check_open_project(self, name: str) -> None:
        if name not in self._platform.projects:
            raise NotFound(f"no project '{name}'", fix="see yard projects ls; create it: yard projects create")

    def record(self, event: NewEvent) -> None:
        self._platform.activities.add(event)

    def offer_reference(self, target: Target) -> None:
        self._platform.references.withdrawn.discard(target)

    def withdraw_reference(self, target: Target) -> str:
        if run := self._platform.references.used.get(target, ""):
            return run
        self._platform.references.withdrawn.add(target)
        return ""
