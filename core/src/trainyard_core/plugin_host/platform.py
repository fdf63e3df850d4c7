"""The platform that each plugin of a server or worker is handed; `contracts.platform` says what it promises."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from trainyard.client.models import CreateRun, RunPage, RunRecord
from trainyard.names import MESSAGE_CHARS, storable
from trainyard_core import hookspecs
from trainyard_core.auth import READ, WRITE, Actor
from trainyard_core.clock import Clock
from trainyard_core.contracts.connection import Connection
from trainyard_core.contracts.database import PluginTx
from trainyard_core.contracts.job import JobCall, JobLost
from trainyard_core.contracts.observer import Event
from trainyard_core.contracts.optimizer import Optimizer
from trainyard_core.contracts.secret import Secrets
from trainyard_core.db import activities, jobs, principals, tokens
from trainyard_core.db.activities import Tail
from trainyard_core.db.engine import Database, Tx
from trainyard_core.errors import Forbidden, Invalid, choice
from trainyard_core.executor import BlockingCalls
from trainyard_core.observers.event import event_of
from trainyard_core.plugin_host.parents import HostedParents
from trainyard_core.plugin_host.tables import ConfinedTx, Enqueue, PluginTables
from trainyard_core.work import actions
from trainyard_core.work.actions import ActionContext
from trainyard_core.work.connections import usable
from trainyard_core.work.run_search import search_runs
from trainyard_core.work.run_view import whole, whole_run

if TYPE_CHECKING:
    from trainyard_core.runtime import Runtime

__all__ = ["HostedPlatform", "principal_of"]

ACTIONS = {
    "approve": actions.approve,
    "stop": actions.stop,
    "skip": actions.skip,
    "archive": actions.archive,
    "restore": actions.restore,
}
MOST = 500
T = TypeVar("T")


def principal_of(plugin: str) -> str:
    """The name of the principal that a plugin acts as by itself."""
    return f"plugin:{plugin}"


class HostedPlatform:
    """A `Platform` for one plugin in this process."""

    def __init__(self, runtime: Runtime, plugin: str, settings: Any, enqueue: Enqueue) -> None:
        self._runtime = runtime
        self.plugin, self.settings, self.version = plugin, settings, hookspecs.VERSION
        self.clock: Clock = runtime.clock
        self._blocking: dict[str, BlockingCalls] = {}
        self.database = PluginTables(runtime.database, plugin, enqueue)
        self.runs = _Runs(runtime)
        self.parents = HostedParents(runtime, plugin)
        self.connections = _Connections(runtime)
        self.activities = _Activities(runtime)
        self.jobs = _Jobs(runtime.database, plugin, enqueue)
        self.secrets: Secrets = runtime.secrets

    def optimizer(self, kind: str) -> Optimizer:
        """See `Platform`."""
        return self._runtime.optimizers.get(kind)

    def collect(self, hook: str) -> Mapping[str, Any]:
        """See `Platform`."""
        return self._runtime.registry.collected(self.plugin, hook)

    async def call_blocking(self, name: str, work: Callable[[], T], *, deadline: float) -> T:
        """See `Platform`."""
        if name not in self._blocking:
            self._blocking[name] = BlockingCalls(f"{self.plugin} {name}")
        return await self._blocking[name].call(work, deadline=deadline)

    async def principal(self) -> Actor:
        """See `Platform`."""
        name, at, database = principal_of(self.plugin), self.clock.now(), self._runtime.database

        async def make(tx: Tx) -> Actor | None:
            await principals.ensure(tx, name, kind="service", role="none", at=at)
            return await tokens.by_name(tx, name)

        found = await database.read(lambda tx: tokens.by_name(tx, name))
        return _known(found or await database.write(make, name="principal"), name)

    async def actor(self, name: str) -> Actor:
        """See `Platform`."""
        bare = name.removeprefix("user:").removeprefix("service:")
        return _known(await self._runtime.database.read(lambda tx: tokens.by_name(tx, bare)), name)


def _known(actor: Actor | None, name: str) -> Actor:
    if actor is None:
        raise Forbidden(f"'{name}' is shut out or gone", fix="let another person own what acts in that name")
    return actor


class _Runs:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def create(self, actor: Actor, project: str, body: CreateRun, *, key: str = "") -> RunRecord:
        runtime = self._runtime
        await runtime.authorization.allow(actor, WRITE, project)
        row, _ = await runtime.create_run(actor, project, body, key=key)
        return await whole_run(runtime.database, row["id"])

    async def get(self, actor: Actor, project: str, ref: str) -> RunRecord:
        row = await self._runtime.authorization.find_run(actor, project, ref, READ)
        return await whole_run(self._runtime.database, row["id"])

    async def find(
        self, actor: Actor, project: str, q: str = "", *, sort: str = "", limit: int = 50, cursor: str = ""
    ) -> RunPage:
        runtime = self._runtime
        await runtime.authorization.allow(actor, READ, project)
        async with runtime.searches:
            page = await search_runs(
                runtime.database,
                frozenset({project}),
                at=runtime.clock.now(),
                q=q,
                sort=sort,
                limit=min(limit, MOST),
                cursor=cursor,
            )
        if not page.items:
            await runtime.authorization.refuse_unknown_project(actor, project)
        return page

    async def act(self, actor: Actor, project: str, ref: str, action: str, *, message: str = "") -> RunRecord:
        if action not in ACTIONS:
            raise Invalid(choice("action", action, ACTIONS), fix="use one of these")
        runtime = self._runtime
        row = await runtime.authorization.find_run(actor, project, ref, WRITE)
        by = ActionContext(
            actor=actor.name,
            at=runtime.clock.now(),
            policy=runtime.policy,
            message=storable(message, MESSAGE_CHARS),
        )

        async def work(tx: Tx) -> RunRecord:
            await ACTIONS[action](tx, await actions.locked(tx, row["id"]), by)
            return await whole(tx, row["id"])

        record = await runtime.database.write(work, name=action)
        runtime.notifier.notify_agents(orders=True)
        return record


class _Connections:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def get(self, actor: Actor, project: str, name: str) -> Connection:
        runtime = self._runtime
        await runtime.authorization.allow(actor, WRITE, project)
        kinds = runtime.registry.connection_kinds.by_name
        (found,) = await runtime.database.read(lambda tx: usable(tx, kinds, project, [name]))
        return found


class _Activities:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def after(self, actor: Actor, cursor: int, *, limit: int = 500) -> Sequence[Event]:
        database = self._runtime.database
        among = await self._runtime.authorization.visible(actor)
        upto = await Tail(database).settle()
        rows = await database.read(
            lambda tx: activities.page(tx, after=cursor, upto=upto, projects=among, limit=min(limit, MOST))
        )
        return [event_of(row) for row in rows]


class _Jobs:
    def __init__(self, database: Database, plugin: str, enqueue: Enqueue) -> None:
        self._database, self._plugin, self._enqueue = database, plugin, enqueue

    async def enqueue(self, job: str, key: str, args: Mapping[str, object] | None = None, *, at: int = 0) -> None:
        await self._database.write(lambda tx: self._enqueue(tx, self._plugin, job, key, args, at=at), name="enqueue")

    async def write(self, call: JobCall, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        async def held(tx: Tx) -> T:
            if not await jobs.hold(tx, call.id, call.epoch):
                raise JobLost(f"another worker has job {call.id} now, or nobody wants it any more")
            await tx.confine(self._plugin)
            return await work(ConfinedTx(tx, self._plugin, self._enqueue))

        return await self._database.write(held, name=self._plugin)
