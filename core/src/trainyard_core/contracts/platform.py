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
from trainyard_core.auth import Actor
from trainyard_core.clock import Clock
from trainyard_core.contracts.database import PluginDatabase, PluginTx
from trainyard_core.contracts.job import JobCall
from trainyard_core.contracts.observer import Event

__all__ = ["Activities", "Jobs", "Platform", "Runs"]

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
    def activities(self) -> Activities: ...

    @property
    def jobs(self) -> Jobs: ...

    async def principal(self) -> Actor:
        """The plugin itself, with the roles that it has now."""

    async def actor(self, name: str) -> Actor:
        """Somebody as they are now: `user:ada`, `service:ci`. Raises Forbidden for one who is shut out or gone."""
