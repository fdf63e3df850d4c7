"""The run of a sweep, as a request names it."""

from __future__ import annotations

from trainyard.client.models import RunRecord
from trainyard_core.contracts.platform import Platform
from trainyard_core.contracts.routes import Actor
from trainyard_core.errors import Conflict

__all__ = ["KIND", "sweep_run"]

KIND = "sweep"


async def sweep_run(platform: Platform, actor: Actor, project: str, ref: str) -> RunRecord:
    """The run. Raises NotFound, and Conflict for one that is no sweep."""
    run = await platform.runs.get(actor, project, ref)
    if run.kind != KIND:
        fix = f"see its sweep: yard sweep {run.parent[-8:]}" if run.parent else f"see yard get {run.short_id}"
        raise Conflict(f"run {run.id} is no sweep but a {run.kind}", fix=fix)
    return run
