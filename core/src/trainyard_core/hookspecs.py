"""Every extension point of Trainyard, typed, in the order in which a server calls them.

`register_*` collects the results of all plugins; `amend_operation` passes an operation through all plugins in the order
of their names; `authorize` uses the first result that is not None; `lifespan` enters what each plugin returns. Hook
calls are synchronous and fast: work is done by the objects that they return. A provider is a name and a builder
function, so that importing a plugin imports nothing heavy. What reads the database or the network is an async function
of such an object, which is handed the `Platform`.

`VERSION` is that of this surface: it grows when a hook or a method is added, and never for anything else. A plugin that
was written for a newer version loads: hooks that this version does not have are reported and not called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pluggy

if TYPE_CHECKING:
    from trainyard_core.auth import Actor
    from trainyard_core.contracts.ci import CiProvider
    from trainyard_core.contracts.connection import ConnectionKind
    from trainyard_core.contracts.director import Director
    from trainyard_core.contracts.job import Job
    from trainyard_core.contracts.observer import Observer
    from trainyard_core.contracts.optimizer import Optimizer
    from trainyard_core.contracts.platform import Platform
    from trainyard_core.contracts.plugin import (
        Authenticator,
        Migrations,
        OperationContext,
        PluginCheck,
        PublishedHook,
        Resolver,
        SettingsSection,
    )
    from trainyard_core.contracts.routes import Routes
    from trainyard_core.contracts.scheduler import Scheduler, SchedulerCheck
    from trainyard_core.contracts.secret import SecretSource
    from trainyard_core.contracts.tracker import Tracker

__all__ = [
    "VERSION",
    "CiHostProvider",
    "Context",
    "DirectorProvider",
    "Identity",
    "OptimizerProvider",
    "SchedulerProvider",
    "TrackerProvider",
    "hookimpl",
    "hookspec",
]

hookspec = pluggy.HookspecMarker("trainyard")
hookimpl = pluggy.HookimplMarker("trainyard")
VERSION = 3


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a builder receives: the plugin's own folder below the data directory (created on demand), its section of the
    settings (a mapping, or an instance of the model that it registers), and the URL to which runs report (empty when no
    server runs)."""

    folder: Path
    settings: Any
    url: str = ""


class SchedulerProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A scheduler by name. `build` may be called once in each agent process. `check` says, by the facts of an agent,
    what the scheduler would refuse or ignore of an operation; it is pure. A run that every agent of its queue refuses
    is not created. The plugin names the same function in the entry point group `trainyard.scheduler_checks`, for
    `yard lint`. `shares_user` says that the programs it starts have the agent's operating-system user, and can reach
    everything that this user can."""

    name: str
    build: Callable[[Context], Scheduler]
    check: SchedulerCheck | None = None
    shares_user: bool = False


class TrackerProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A tracker by name. `build` may be called once in each server process."""

    name: str
    build: Callable[[Context], Tracker]


class OptimizerProvider(msgspec.Struct, frozen=True, kw_only=True):
    """An optimizer by the kind of matrix that it searches. `build` is called in each process that plans such searches,
    when the first of that kind starts. The fields of such a matrix are defined by the entry point of that name in the
    group `trainyard.matrix`, unless the kind is built into the language."""

    name: str
    build: Callable[[Context], Optimizer]


class DirectorProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A director by the kind of run whose children it plans. `build` is called in each process that creates or plans
    such runs, when the first of them comes."""

    name: str
    build: Callable[[Platform], Director]


class CiHostProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of git host by name. `build` may be called once in each server process."""

    name: str
    build: Callable[[Context], CiProvider]


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A person that an authenticator has identified. `role` is the role in the deployment of a person who is not stored
    here; a stored person has the stored roles, and a disabled one is refused."""

    name: str
    role: str = "none"


@hookspec
def register_hooks() -> list[PublishedHook]:  # type: ignore[empty-body]
    """Return hooks of the plugin's own, which other plugins implement; it reads the results by `Platform.collect`."""


@hookspec
def register_settings() -> list[SettingsSection]:  # type: ignore[empty-body]
    """Return the model of the plugin's section of the settings; at most one."""


@hookspec
def register_migrations() -> list[Migrations]:  # type: ignore[empty-body]
    """Return the package of the steps that make the plugin's tables; at most one."""


@hookspec
def register_schedulers() -> list[SchedulerProvider]:  # type: ignore[empty-body]
    """Return the schedulers that this plugin offers."""


@hookspec
def register_trackers() -> list[TrackerProvider]:  # type: ignore[empty-body]
    """Return the trackers that this plugin offers."""


@hookspec
def register_optimizers() -> list[OptimizerProvider]:  # type: ignore[empty-body]
    """Return an optimizer for each kind of matrix that this plugin can search."""


@hookspec
def register_directors() -> list[DirectorProvider]:  # type: ignore[empty-body]
    """Return a director for each kind of run whose child runs this plugin plans."""


@hookspec
def register_ci_providers() -> list[CiHostProvider]:  # type: ignore[empty-body]
    """Return the kinds of git hosts that this plugin can talk to."""


@hookspec
def register_connection_kinds() -> list[ConnectionKind]:  # type: ignore[empty-body]
    """Return the kinds of connections that this plugin knows."""


@hookspec
def register_secret_sources() -> list[SecretSource]:  # type: ignore[empty-body]
    """Return the places to which references to secrets may lead, by name."""


@hookspec
def register_resolvers() -> list[Resolver]:  # type: ignore[empty-body]
    """Return what finds the components, presets and other things that operations refer to by name."""


@hookspec
def register_controllers() -> list[Routes]:  # type: ignore[empty-body]
    """Return Litestar controllers or route handlers, below `/api/v1/<plugin>/` or a prefix of their own; each handler
    declares how it is authorized."""


@hookspec
def register_jobs() -> list[Job]:  # type: ignore[empty-body]
    """Return the kinds of background work that the plugin does, on demand or by schedule."""


@hookspec
def register_observers() -> list[Observer]:  # type: ignore[empty-body]
    """Return readers of the activity log, each with a name, a filter and a place in the log."""


@hookspec
def register_checks() -> list[PluginCheck]:  # type: ignore[empty-body]
    """Return checks that `yard doctor` makes in the server."""


@hookspec
def lifespan(platform: Platform) -> AbstractAsyncContextManager[None] | None:
    """Return an async context that is entered before a process serves or works, and left when it ends; None: none."""


@hookspec
def amend_operation(operation: Mapping[str, Any], context: OperationContext) -> Mapping[str, Any] | None:
    """Return the operation as it is to be accepted, or None to leave it as it is. Each plugin sees what those before it
    made of it. Raise `trainyard_core.errors.Invalid` or `Forbidden`, with a fix, to refuse it.

    The operation is plain data, as in a file that refers to nothing: presets, patches and components are in it, and the
    queue that was asked for beside it. It is a copy; to change it in place has no effect. The hook is called when a run
    is created or previewed, and again when one is restarted, resumed or copied: what it makes of its own result is that
    result. It is not called for the trials of a sweep, whose operation was accepted whole."""


@hookspec
def register_authenticators() -> list[Authenticator]:  # type: ignore[empty-body]
    """Return what finds out who sends a request that has no Trainyard token."""


@hookspec(firstresult=True)
def authorize(actor: Actor, action: str, project: str, run: str, agent: str) -> bool | None:
    """Return whether an actor may perform an action, before the roles are consulted; None: the roles decide. It can
    forbid what a role allows and allow what a role forbids. A plugin that raises forbids."""
