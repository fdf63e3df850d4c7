"""Offers the `forwarding` tracker. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainyard_core.hookspecs import Context, TrackerProvider, hookimpl

if TYPE_CHECKING:
    from trainyard_core.contracts.tracker import Tracker


@hookimpl
def register_trackers() -> list[TrackerProvider]:
    """Another HTTP service."""
    return [TrackerProvider(name="forwarding", build=_build)]


def _build(context: Context) -> Tracker:
    from trainyard_alternate_forwarding.tracker import ForwardingTracker

    return ForwardingTracker.from_context(context)
