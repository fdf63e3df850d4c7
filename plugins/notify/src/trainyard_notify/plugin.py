"""Offers notifications: kinds of connections, rules of projects, and the job that sends. Imports nothing heavy before
it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainyard_core.contracts.job import Job, JobCall
from trainyard_core.contracts.observer import Event, Observer
from trainyard_core.contracts.plugin import Migrations, SettingsSection
from trainyard_core.contracts.routes import Routes
from trainyard_core.hookspecs import hookimpl

if TYPE_CHECKING:
    from trainyard_core.contracts.connection import ConnectionKind
    from trainyard_core.contracts.platform import Platform


@hookimpl
def register_settings() -> list[SettingsSection]:
    """Where notifications may go, and how long one may take."""
    from trainyard_notify.settings import Settings

    return [SettingsSection(Settings)]


@hookimpl
def register_migrations() -> list[Migrations]:
    """The tables of rules and of what waits to be sent."""
    from trainyard_notify import migrations

    return [Migrations(migrations)]


@hookimpl
def register_connection_kinds() -> list[ConnectionKind]:
    """What notifications are sent through."""
    from trainyard_notify.kinds import KINDS

    return [*KINDS]


@hookimpl
def register_controllers() -> list[Routes]:
    """The rules of projects, below `/api/v1/notify`."""
    return [Routes(handlers=_controllers)]


@hookimpl
def register_observers() -> list[Observer]:
    """Statuses of runs become jobs; what belongs to deleted projects is removed."""
    return [
        Observer(name="ends", kinds=("status",), handle=_enqueue),
        Observer(name="deleted-projects", kinds=("project_deleted",), handle=_forget_project),
    ]


@hookimpl
def register_jobs() -> list[Job]:
    """A job sends what waits of one run for one receiver, one notice with each call; another one tidies up."""
    return [Job(name="send", run=_send, attempts=10, timeout=60), Job(name="tidy", run=_tidy, every=3600)]


def _controllers() -> list[object]:
    from trainyard_notify.controllers import Rules

    return [Rules]


async def _enqueue(platform: Platform, event: Event) -> None:
    from trainyard_notify.delivery import enqueue

    await enqueue(platform, event)


async def _send(platform: Platform, call: JobCall) -> None:
    from trainyard_notify.delivery import send

    await send(platform, call)


async def _tidy(platform: Platform, call: JobCall) -> None:
    from trainyard_notify import outbox

    await platform.jobs.write(call, lambda tx: outbox.tidy(tx, at=platform.clock.now()))


async def _forget_project(platform: Platform, event: Event) -> None:
    from trainyard_notify.delivery import forget_project

    await forget_project(platform, event.project)
