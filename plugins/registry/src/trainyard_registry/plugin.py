"""Offers the registry of components and presets: its tables, its routes, what references mean, and what becomes of it
when a project is deleted. Imports nothing heavy before it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainyard_core.contracts.observer import Event, Observer
from trainyard_core.contracts.plugin import Migrations, Reference, Refusal, Resolution, Resolver
from trainyard_core.contracts.routes import Routes
from trainyard_core.hookspecs import hookimpl

if TYPE_CHECKING:
    from trainyard_core.contracts.platform import Platform

PREFIX = "/api/v1/projects/{project:str}"


@hookimpl
def register_migrations() -> list[Migrations]:
    """The table of versions."""
    from trainyard_registry import migrations

    return [Migrations(migrations)]


@hookimpl
def register_resolvers() -> list[Resolver]:
    """Components and presets of the operation's project."""
    return [Resolver(name="versions", kinds=("component", "preset"), resolve=_resolve)]


@hookimpl
def register_controllers() -> list[Routes]:
    """Below the project that they are of."""
    return [
        Routes(name="components", prefix=f"{PREFIX}/components", handlers=_components),
        Routes(name="presets", prefix=f"{PREFIX}/presets", handlers=_presets),
    ]


@hookimpl
def register_observers() -> list[Observer]:
    """Told of deleted projects."""
    return [Observer(name="deleted-projects", kinds=("project_deleted",), handle=_forget_project)]


async def _resolve(platform: Platform, references: Sequence[Reference]) -> Sequence[Resolution | Refusal]:
    from trainyard_registry.resolver import resolve

    return await resolve(platform, references)


def _components() -> list[object]:
    from trainyard_registry.controllers import Components

    return [Components]


def _presets() -> list[object]:
    from trainyard_registry.controllers import Presets

    return [Presets]


async def _forget_project(platform: Platform, event: Event) -> None:
    from trainyard_registry.projects import forget_project

    await forget_project(platform, event)
