"""Every extension point of Trainyard, typed, in the order in which a platform meets them.

`register_*` collects from all plugins; `amend_*` passes a value through all of them in name order; `resolve_*`
takes the first answer; `*_changed` is told after the commit, at least once. Hook calls are synchronous and cheap:
work is done by the objects that they hand over. A provider is a name and a builder, so that importing a plugin
imports nothing heavy.
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
    """What a builder gets: the plugin's own folder below the data directory (made on demand), its own section of
    the settings, and where runs report (empty while nobody serves)."""

    folder: Path
    settings: Mapping[str, Any]
    url: str = ""


class SchedulerProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A scheduler by name. `build` may be called once in each agent process. `shares_user` says that what it starts has
    the operating system's user of the agent, and can reach whatever that one can."""

    name: str
    build: Callable[[Context], Scheduler]
    shares_user: bool = False


class TrackerProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A tracker by name. `build` may be called once in each server process."""

    name: str
    build: Callable[[Context], Tracker]


class OptimizerProvider(msgspec.Struct, frozen=True, kw_only=True):
    """An optimizer by the kind of matrix that it serves. `build` is called in each process that plans sweeps, when the
    first of that kind comes; the way of writing such a matrix is offered beside it, as the entry point of that name in
    the group `trainyard.matrix`, unless the language has that kind itself."""

    name: str
    build: Callable[[Context], Optimizer]


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A person that a plugin vouches for. `role` in the deployment holds for one who is not known here; whoever is has
    the roles that are stored, and one who is disabled is not let in."""

    name: str
    role: str = "none"


@hookspec
def register_schedulers() -> list[SchedulerProvider]:  # type: ignore[empty-body]
    """The schedulers that this plugin offers."""


@hookspec
def register_trackers() -> list[TrackerProvider]:  # type: ignore[empty-body]
    """The trackers that this plugin offers."""


@hookspec
def register_optimizers() -> list[OptimizerProvider]:  # type: ignore[empty-body]
    """The kinds of matrix that this plugin can search."""


@hookspec(firstresult=True)
def authenticate_request(headers: Mapping[str, str]) -> Identity | None:
    """Who sends a request that has no token of ours, from its headers (names in lower case); None: not known to this
    plugin. Whoever answers must have checked a signature or come behind a proxy that did."""


@hookspec(firstresult=True)
def authorize(actor: Actor, action: str, project: str, run: str, agent: str) -> bool | None:
    """Whether an actor may do an action, before the roles are asked; None: as the roles say. It can forbid what a role
    allows and allow what it forbids. A plugin that raises forbids."""
