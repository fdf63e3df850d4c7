"""Removes what the registry holds of projects that have been deleted. Nobody can ask for it by then: a project's name
is never used again."""

from __future__ import annotations

from trainyard_core.contracts.observer import Event
from trainyard_core.contracts.platform import Platform
from trainyard_registry import versions

__all__ = ["forget_project"]


async def forget_project(platform: Platform, event: Event) -> None:
    """Remove the versions of a deleted project. Idempotent."""
    await platform.database.write(lambda tx: versions.delete_project(tx, event.project))
