"""The platform as a plugin has it: one object, handed to every function of a plugin that runs in a server or worker.

Actors. Every call that reads or changes what is not the plugin's own names an actor, and is authorized exactly as the
same request over HTTP would be. A rule that acts for somebody (a schedule, an automation) stores that somebody's name
and asks `actor(name)` each time it acts: the roles are read again, and somebody who has left may nothing. What a plugin
does by itself it does as `principal`, which may nothing until an admin gives it a role:
`yard members add plugin:NAME --role member`.

Raises. The errors of `trainyard_core.errors`: NotFound, Forbidden, Invalid, Conflict, Unavailable.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

from trainyard.client.models import CreateRun, RunPage, RunRecord
from trainyard.compile.resolved import ResolvedOperation
from trainyard_core.auth import Actor
from trainyard_core.clock import Clock
from trainyard_core.contracts.connection import Connection
from trainyard_core.contracts.database import PluginDatabase, PluginTx
from trainyard_core.contracts.director import Child, Parent
from trainyard_core.contracts.job import JobCall
from trainyard_core.contracts.observer import Event
from trainyard_core.contracts.optimizer import Optimizer
from trainyard_core.contracts.routes import Change
from trainyard_core.contracts.secret import Secrets

__all__ = ["Activities", "Connections", "Jobs", "Parents", "Platform", "Runs"]

T = TypeVar("T")


class Runs(Protocol):
    """Runs, as the API has them."""

    async def create(self, actor: Actor, project: str, body: CreateRun, *, key: str = "") -> RunRecord:
        """Create a run; with a key, a repeated call returns the run of the first one."""

    async def get(self, actor: Actor, project: str, ref: str) -> RunRecord:
        """One run, by its id, a unique ending of it, or `latest`."""

    async def find(
        self, actor: Actor, project: str, q: str = "", *, sort: str = "", limit: int = 50, cursor: str = ""
    ) -> RunPage:
        """The runs of a project that match a query, newest first unless `sort` is given."""

    async def act(self, actor: Actor, project: str, ref: str, action: str, *, message: str = "") -> RunRecord:
        """Do one of `approve`, `stop`, `skip`, `archive`, `restore` to a run. Idempotent."""


class Parents(Protocol):
    """Runs whose children directors plan. See `contracts.director`. With `change`, a call is idempotent by the key of
    the request that it is made for: a repeated one returns what the first one did."""

    async def create(
        self,
        actor: Actor,
        project: str,
        operation: ResolvedOperation,
        *,
        description: str = "",
        change: Change | None = None,
    ) -> RunRecord:
        """Create a parent of an operation that the plugin itself has compiled; its name and tags are the run's."""

    async def get(self, actor: Actor, project: str, ref: str) -> Parent:
        """A parent as it is now. Raises Conflict for a run whose children nobody plans."""

    async def children(
        self, actor: Actor, project: str, ref: str, runs: Sequence[str], *, metrics: Sequence[str] = ()
    ) -> Mapping[str, Child]:
        """Children by their runs, with the metrics of these names. Those that have been deleted are left out."""

    async def ask(
        self, actor: Actor, project: str, ref: str, data: object, *, change: Change | None = None
    ) -> Sequence[str]:
        """Have a parent planned for a request, and return the runs of the children that came of it. Raises Unavailable
        when it cannot be planned now."""

    async def end_child(
        self,
        actor: Actor,
        project: str,
        ref: str,
        run: str,
        *,
        status: str,
        outputs: Mapping[str, object] | None = None,
        message: str = "",
        change: Change | None = None,
    ) -> RunRecord:
        """Record how a child that a program outside executes has ended: "succeeded", "failed" or "stopped". Raises
        Conflict for one that has ended already, whoever said so, and Invalid for outputs that cannot be stored."""

    async def give_up(self, actor: Actor, project: str, ref: str, runs: Sequence[str], message: str) -> None:
        """End such children at once, as failed and lost: their program is gone. One that was told to have ended well
        keeps its end. Idempotent."""


class Connections(Protocol):
    """Connections, for what acts in a project."""

    async def get(self, actor: Actor, project: str, name: str) -> Connection:
        """A connection that the project may use, with its references to secrets. The actor may write in the project,
        as for a run that uses the connection. Raises Invalid for a connection that is not there or that the project may
        not use, and for one whose kind is not installed here or finds problems in it."""


class Activities(Protocol):
    """The log of what has happened."""

    async def after(self, actor: Actor, cursor: int, *, limit: int = 500) -> Sequence[Event]:
        """Activities after one that the actor may see, oldest first. None that is committed later comes before them."""


class Jobs(Protocol):
    """Jobs of this plugin. See `contracts.job`."""

    async def enqueue(self, job: str, key: str, args: Mapping[str, object] | None = None, *, at: int = 0) -> None:
        """Enqueue a job in a transaction of its own, to run now or at a time (microseconds since 1970 UTC); within a
        transaction of the plugin use `PluginTx.enqueue`. Raises Invalid for an unknown job, for `args` that are no
        JSON, and for a key of more than 200 characters."""

    async def write(self, call: JobCall, work: Callable[[PluginTx], Awaitable[T]]) -> T:
        """Run a transaction of the plugin as long as this worker holds the job of that call. Raises JobLost."""


@runtime_checkable  # Litestar looks at what it gives to a handler
class Platform(Protocol):
    """What a plugin is handed. `plugin` is its name, `settings` its section of the settings, `version` that of the
    surface (`hookspecs.VERSION`)."""

    @property
    def plugin(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def settings(self) -> Any: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def database(self) -> PluginDatabase: ...

    @property
    def runs(self) -> Runs: ...

    @property
    def parents(self) -> Parents: ...

    @property
    def connections(self) -> Connections: ...

    @property
    def activities(self) -> Activities: ...

    @property
    def jobs(self) -> Jobs: ...

    @property
    def secrets(self) -> Secrets: ...

    def optimizer(self, kind: str) -> Optimizer:
        """The optimizer of that kind of matrix. Raises Invalid, naming those that are installed, StartRefused for one
        that does not start."""

    def collect(self, hook: str) -> Mapping[str, Any]:
        """What all plugins offer by a hook that this plugin publishes, by name; without names that several plugins
        offer and no setting decides. Raises ValueError for a hook that the plugin does not publish."""

    async def call_blocking(self, name: str, work: Callable[[], T], *, deadline: float) -> T:
        """What code of others that may block returns or raises. It has a thread of its own, which holds up neither the
        event loop nor the end of the process. Raises TimeoutError after `deadline` seconds, and at once while several
        earlier calls of that `name` have not come back."""
        ...

    async def principal(self) -> Actor:
        """The plugin itself, with the roles that it has now."""

    async def actor(self, name: str) -> Actor:
        """Somebody as they are now: `user:ada`, `service:ci`. Raises Forbidden for one who is shut out or gone."""
