"""How far observers are, for the API and for `yard doctor`. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trainyard.client import models
from trainyard_core.clock import SECOND, rfc3339
from trainyard_core.contracts.observer import Event
from trainyard_core.db.engine import Row
from trainyard_core.registry import Registry
from trainyard_core.work.activity_retention import MOST_BEHIND

__all__ = ["FIX", "observer", "problem"]

LATE = 60.0
"""Seconds behind the log above which an observer is told as late."""
FIX = (
    "`yard observers get PLUGIN NAME` shows errors, `retry` handles dead letters again, and `rm` forgets an observer"
    " whose plugin is gone; one without errors needs a worker that runs"
)
_decode = msgspec.json.Decoder(Event).decode


def observer(row: Row, *, at: int, registry: Registry, failures: Sequence[Row] = ()) -> models.Observer:
    """An observer as the API has it, from its row of `db.observers.page`."""
    next_at = row["next_at"]
    return models.Observer(
        plugin=row["plugin"],
        name=row["name"],
        installed=any(offer.name == row["name"] for offer in registry.observers.of(row["plugin"])),
        cursor=row["cursor_id"],
        lag=max(0, row["newest"] - row["cursor_id"]),
        lag_seconds=0.0 if next_at is None else max(0.0, (at - next_at) / SECOND),
        blocked=row["blocked"],
        waiting=row["waiting"],
        dead=row["dead"],
        holder=row["lease_holder"],
        failures=[_failure(each) for each in failures],
    )


def problem(found: models.Observer) -> str:
    """What is wrong with an observer, in a few words; empty when nothing is."""
    said = []
    if not found.installed and found.lag:
        said.append(f"its plugin is gone, and it is {found.lag} activities behind")
    elif found.lag_seconds > LATE:
        said.append(f"it is {found.lag_seconds:.0f} s behind")
    if found.lag > MOST_BEHIND:
        said.append(f"activities are deleted before it has read them, as it is more than {MOST_BEHIND} behind")
    if found.blocked:
        said.append(f"subjects that wait for an event that fails: {found.blocked}")
    if found.dead:
        said.append(f"dead letters: {found.dead}")
    return f"{found.plugin} {found.name}: {', '.join(said)}" if said else ""


def _failure(row: Row) -> models.FailedEvent:
    return models.FailedEvent(
        activity=row["activity"],
        kind=_decode(row["event"]).kind,
        subject=row["subject"],
        attempts=row["attempts"],
        error=row["error"],
        dead=bool(row["dead"]),
        due_at=None if row["dead"] else rfc3339(row["due_at"]),
    )
