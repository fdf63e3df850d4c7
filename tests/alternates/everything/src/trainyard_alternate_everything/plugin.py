"""All hooks of the plugin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from trainyard_alternate_everything import background, policy, steps
from trainyard_alternate_everything.settings import EverythingSettings
from trainyard_alternate_everything.stamp import Stamp
from trainyard_core.contracts.connection import ConnectionKind
from trainyard_core.contracts.job import Job
from trainyard_core.contracts.observer import Observer
from trainyard_core.contracts.platform import Platform
from trainyard_core.contracts.plugin import (
    CheckResult,
    Migrations,
    OperationContext,
    PluginCheck,
    PublishedHook,
    Resolver,
    SettingsSection,
)
from trainyard_core.contracts.routes import Actor, Routes
from trainyard_core.contracts.secret import SecretSource
from trainyard_core.hookspecs import Context, DirectorProvider, OptimizerProvider, hookimpl

STAMPS = "everything_register_stamps"


@hookimpl
def register_hooks() -> list[PublishedHook]:
    """Other plugins offer stamps."""
    return [PublishedHook(name=STAMPS, item=Stamp, capability="stamp")]


@hookimpl
def everything_register_stamps() -> list[Stamp]:
    """One of its own."""
    return [Stamp(name="plain")]


@hookimpl
def sweeps_register_policies() -> list[Any]:
    """The policy `margin`, for the plugin `sweeps`."""
    from trainyard_alternate_everything.stopping import Margin

    return [Margin()]


@hookimpl
def register_settings() -> list[SettingsSection]:
    """The section `[everything]`."""
    return [SettingsSection(EverythingSettings)]


@hookimpl
def register_migrations() -> list[Migrations]:
    """Notes."""
    return [Migrations(steps)]


@hookimpl
def register_controllers() -> list[Routes]:
    """Notes below `/api/v1/everything`, and the home page."""
    return [Routes(handlers=_controllers), Routes(name="home", prefix="/", handlers=_home)]


def _controllers() -> Sequence[Any]:
    from trainyard_alternate_everything.controllers import Notes, Reviews

    return [Notes, Reviews]


def _home() -> Sequence[Any]:
    from trainyard_alternate_everything.controllers import Home

    return [Home]


@hookimpl
def register_jobs() -> list[Job]:
    """One on demand, and two by schedule."""
    return [
        Job(name="send", run=background.send),
        Job(name="count", run=background.count, every=1.0),
        Job(name="yearly", run=background.count, cron="0 0 1 1 *", time_zone="Europe/Berlin"),
    ]


@hookimpl
def register_observers() -> list[Observer]:
    """Runs that have ended."""
    return [Observer(name="ends", kinds=("status",), handle=background.note_end)]


@hookimpl
def register_checks() -> list[PluginCheck]:
    """How many notes there are."""
    return [PluginCheck(name="notes", run=_check)]


async def _check(platform: Platform) -> CheckResult:
    row = await platform.database.read(lambda tx: tx.one("SELECT COUNT(*) AS n FROM everything_note"))
    stamps = ", ".join(sorted(platform.collect(STAMPS)))
    return CheckResult(
        detail=f"{row['n'] if row else 0} notes, greeting '{platform.settings.greeting}', stamps: {stamps}"
    )


@hookimpl
def register_optimizers() -> list[OptimizerProvider]:
    """The kind of matrix `ladder`."""
    return [OptimizerProvider(name="ladder", build=_ladder)]


def _ladder(context: Context) -> Any:
    from trainyard_alternate_everything.optimizer import Ladder

    return Ladder()


@hookimpl
def register_directors() -> list[DirectorProvider]:
    """Runs of kind `review`."""
    return [DirectorProvider(name="review", build=_reviews)]


def _reviews(platform: Platform) -> Any:
    from trainyard_alternate_everything.director import ReviewDirector

    return ReviewDirector()


@hookimpl
def register_connection_kinds() -> list[ConnectionKind]:
    """The kind `locker`."""
    from trainyard_alternate_everything.locker import Locker

    return [Locker()]


@hookimpl
def register_secret_sources() -> list[SecretSource]:
    """The source `lockbox`."""
    from trainyard_alternate_everything.locker import resolve

    return [SecretSource(name="lockbox", resolve=resolve)]


@hookimpl
def register_resolvers() -> list[Resolver]:
    """Components whose name begins with `any-`."""
    return [Resolver(name="any", kinds=("component",), resolve=policy.resolve)]


@hookimpl
def amend_operation(operation: Mapping[str, Any], context: OperationContext) -> Mapping[str, Any] | None:
    """A policy that refuses, and a default."""
    return policy.amend(operation, context)


@hookimpl
def lifespan(platform: Platform) -> AbstractAsyncContextManager[None]:
    """Notes in a file of its own when a process begins and ends."""
    return _lifespan(platform)


@asynccontextmanager
async def _lifespan(platform: Platform) -> AsyncIterator[None]:
    await platform.database.read(lambda tx: tx.one("SELECT COUNT(*) AS n FROM everything_note"))
    yield


@hookimpl
def authorize(actor: Actor, action: str, project: str, run: str, agent: str) -> bool | None:
    """Nobody but an admin may write to the project `sealed`."""
    return False if project == "sealed" and action == "write" and actor.role != "admin" else None
