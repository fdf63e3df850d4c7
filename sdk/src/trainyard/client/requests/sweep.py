"""Requests about sweeps."""

from __future__ import annotations

from trainyard.client.models import Front, Sweep, TrialPage
from trainyard.client.requests.path import query_of
from trainyard.client.wire import Request, path_of

__all__ = ["get_sweep", "list_trials", "read_front"]


def get_sweep(project: str, ref: str) -> Request[Sweep]:
    return Request("GET", path_of("projects", project, "sweeps", ref), Sweep)


def list_trials(
    project: str, ref: str, *, sort: str = "", phase: str = "", limit: int | None = None, cursor: str = ""
) -> Request[TrialPage]:
    """One page of a sweep's trials: sorted by `number` (the default), `-number` or `value`, the best first."""
    query = query_of(sort=sort, phase=phase, limit=limit, cursor=cursor)
    return Request("GET", path_of("projects", project, "sweeps", ref, "trials"), TrialPage, query)


def read_front(project: str, ref: str) -> Request[Front]:
    return Request("GET", path_of("projects", project, "sweeps", ref, "front"), Front)
