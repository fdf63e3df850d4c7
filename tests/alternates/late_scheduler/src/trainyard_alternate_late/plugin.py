"""Offers the schedulers `late`, `hosts` and `instant`. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainyard_core.hookspecs import Context, SchedulerProvider, hookimpl

if TYPE_CHECKING:
    from trainyard_core.contracts.scheduler import Scheduler


@hookimpl
def register_schedulers() -> list[SchedulerProvider]:
    """Three foreign ones."""
    return [
        SchedulerProvider(name="hosts", build=_hosts),
        SchedulerProvider(name="instant", build=_instant),
        SchedulerProvider(name="late", build=_late),
    ]


def _hosts(context: Context) -> Scheduler:
    from trainyard_alternate_late.hosts import HostsScheduler

    return HostsScheduler.from_context(context)


def _instant(context: Context) -> Scheduler:
    from trainyard_alternate_late.instant import InstantScheduler

    return InstantScheduler.from_context(context)


def _late(context: Context) -> Scheduler:
    from trainyard_alternate_late.late import LateScheduler

    return LateScheduler.from_context(context)
