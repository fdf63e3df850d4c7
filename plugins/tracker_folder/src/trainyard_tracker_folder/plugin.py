"""Offers the `folder` tracker. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainyard_core.contracts.plugin import SettingsSection
from trainyard_core.hookspecs import Context, TrackerProvider, hookimpl

if TYPE_CHECKING:
    from trainyard_core.contracts.tracker import Tracker


@hookimpl
def register_settings() -> list[SettingsSection]:
    """The section `tracker_folder`."""
    from trainyard_tracker_folder.settings import Settings

    return [SettingsSection(model=Settings)]


@hookimpl
def register_trackers() -> list[TrackerProvider]:
    """A folder of this machine."""
    return [TrackerProvider(name="folder", build=_build)]


def _build(context: Context) -> Tracker:
    from trainyard_tracker_folder.tracker import FolderTracker

    return FolderTracker.from_context(context)
