"""Statuses in queries: ours, and Polyaxon's other ones as what they are here."""

from __future__ import annotations

__all__ = ["MEANINGS", "STATUSES"]

STATUSES = (
    "created",
    "compiled",
    "queued",
    "scheduled",
    "starting",
    "running",
    "retrying",
    "stopping",
    "succeeded",
    "failed",
    "stopped",
    "skipped",
)
"""Every status of a run, in the order of a life."""

MEANINGS = {
    "done": "status:succeeded|failed|stopped|skipped",
    "on_schedule": "status:created|compiled|queued, hold:schedule",
    "processing": "status:running, reason:draining",
    "resuming": "status:created|compiled|queued, original:~nil",
    "unknown": "status:running, reason:unreachable",
    "unschedulable": "status:queued|scheduled|starting, reason:unschedulable",
    "upstream_failed": "status:skipped, reason:upstream_failed",
    "warning": "status:queued|scheduled|starting, reason:~nil",
}
"""What a query means that asks for one of Polyaxon's other statuses."""
