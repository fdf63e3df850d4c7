"""Offers the registry of components and presets: its tables, its routes, what references mean, and what becomes of it
when a project is deleted. Imports nothing heavy."""

from __future__ import annotations

from trainyard_core.contracts.observer import Observer
from trainyard_core.contracts.plugin import Migrations, Resolver
from trainyard_core.contracts.routes import Routes
from trainyard_core.hookspecs import hookimpl

PREFIX = "/api/v1/projects/{project:str}"


@hookimpl
def register_migrations() -> list[Migrations]:
    """The table of versions."""
    from trainyard_registry import migrations

    return [Migrations(migrations)]


@hookimpl
def register_resolvers() -> list[Resolver]:
    """Components and presets of the operation's project."""
    from trainyard_registry.resolver import KINDS, resolve

    return [Resolver(name="versions", kinds=KINDS, resolve=resolve)]


@hookimpl
def register_controllers() -> list[Routes]:
    """Below the project that they are of."""
    from trainyard_registry.controllers import Components, Presets

    return [
        Routes(name="components", prefix=f"{PREFIX}/components", handlers=[Components]),
        Routes(name="presets", prefix=f"{PREFIX}/presets", handlers=[Presets]),
    ]


@hookimpl
def register_observers() -> list[Observer]:
    """Told of deleted projects."""
    from trainyard_registry.projects import forget_project

    return [Observer(name="deleted-projects", kinds=("project_deleted",), handle=forget_project)]
