"""Offers the `process` scheduler. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainyard_core.contracts.plugin import SettingsSection
from trainyard_core.hookspecs import Context, SchedulerProvider, hookimpl

if TYPE_CHECKING:
    from trainyard_core.contracts.scheduler import Scheduler


@hookimpl
def register_settings() -> list[SettingsSection]:
    """The section `scheduler_process`."""
    from trainyard_scheduler_process.settings import Settings

    return [SettingsSection(model=Settings)]


@hookimpl
def register_schedulers() -> list[SchedulerProvider]:
    """Processes of this machine."""
    from trainyard_scheduler_process.check import check

    return [SchedulerProvider(name="process", build=_build, check=check, shares_user=True)]


def _build(context: Context) -> Scheduler:
    from trainyard_scheduler_process.scheduler import ProcessScheduler

    return ProcessScheduler.from_context(context)
