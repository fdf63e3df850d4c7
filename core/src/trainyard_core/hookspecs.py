"""Every extension point of Trainyard, typed, in the order in which a server calls them.

`register_*` collects the results of all plugins; `authenticate_request` and `authorize` use the first result that is
not None. Hook calls are synchronous and fast: work is done by the objects that they return. A provider is a name and a
builder function, so that importing a plugin imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pluggy

if TYPE_CHECKING:
    from trainyard_core.auth import Actor
    from trainyard_core.contracts.optimizer import Optimizer
    from trainyard_core.contracts.scheduler import Scheduler
    from trainyard_core.contracts.tracker import Tracker

__all__ = [
    "Context",
    "Identity",
    "OptimizerProvider",
    "SchedulerProvider",
    "TrackerProvider",
    "hookimpl",
    "hookspec",
]

hookspec = pluggy.HookspecMarker("trainyard")
hookimpl = pluggy.HookimplMarker("trainyard")


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a builder receives: the plugin's own folder below the data directory (created on demand), its section of the
    settings, and the URL to which runs report (empty when no server runs)."""

    folder: Path
    settings: Mapping[str, Any]
    url: str = ""


class SchedulerProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A scheduler by name. `build` may be called once in each agent process. `shares_user` says that the programs it
    starts have the agent's operating-system user, and can reach everything that this user can."""

    name: str
    build: Callable[[Context], Scheduler]
    shares_user: bool = False


class TrackerProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A tracker by name. `build` may be called once in each server process."""

    name: str
    build: Callable[[Context], Tracker]


class OptimizerProvider(msgspec.Struct, frozen=True, kw_only=True):
    """An optimizer by the kind of matrix that it searches. `build` is called in each process that plans sweeps, when
    the first sweep of that kind starts. The fields of such a matrix are defined by the entry point of that name in the
    group `trainyard.matrix`, unless the kind is built into the language."""

    name: str
    build: Callable[[Context], Optimizer]


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A person that a plugin has identified. `role` is the role in the deployment of a person who is not stored here; a
    stored person has the stored roles, and a disabled one is refused."""

    name: str
    role: str = "none"


@hookspec
def register_schedulers() -> list[SchedulerProvider]:  # type: ignore[empty-body]
    """Return the schedulers that this plugin offers."""


@hookspec
def register_trackers() -> list[TrackerProvider]:  # type: ignore[empty-body]
    """Return the trackers that this plugin offers."""


@hookspec
def register_optimizers() -> list[OptimizerProvider]:  # type: ignore[empty-body]
    """Return an optimizer for each kind of matrix that this plugin can search."""


@hookspec(firstresult=True)
def authenticate_request(headers: Mapping[str, str]) -> Identity | None:
    """Identify the sender of a request without a Trainyard token by its headers (names in lower case); None: unknown to
    this plugin. The plugin must verify a signature, or run behind a proxy that did."""


@hookspec(firstresult=True)
def authorize(actor: Actor, action: str, project: str, run: str, agent: str) -> bool | None:
    """Return whether an actor may perform an action, before the roles are consulted; None: the roles decide. It can
    forbid what a role allows and allow what a role forbids. A plugin that raises forbids."""
