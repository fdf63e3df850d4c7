"""Requests about sweeps, and those of programs that run the trials themselves."""

from __future__ import annotations

from trainyard.client.models import (
    AskTrials,
    Front,
    NewSweep,
    RunRecord,
    SweepRecord,
    TellTrial,
    TrialBatch,
    TrialPage,
)
from trainyard.client.requests.path import change, query_of
from trainyard.client.wire import Request, path_of

__all__ = ["ask_trials", "create_sweep", "get_sweep", "list_trials", "read_front", "tell_trial"]


def get_sweep(project: str, ref: str) -> Request[SweepRecord]:
    return Request("GET", path_of("projects", project, "sweeps", ref), SweepRecord)


def list_trials(
    project: str, ref: str, *, sort: str = "", phase: str = "", limit: int | None = None, cursor: str = ""
) -> Request[TrialPage]:
    """One page of a sweep's trials: sorted by `number` (the default), `-number` or `value`, the best first."""
    query = query_of(sort=sort, phase=phase, limit=limit, cursor=cursor)
    return Request("GET", path_of("projects", project, "sweeps", ref, "trials"), TrialPage, query)


def read_front(project: str, ref: str) -> Request[Front]:
    return Request("GET", path_of("projects", project, "sweeps", ref, "front"), Front)


def create_sweep(project: str, body: NewSweep, *, key: str = "") -> Request[RunRecord]:
    """Create a sweep whose trials the caller runs. Idempotent by `key`."""
    return change("POST", path_of("projects", project, "sweeps"), RunRecord, body, key=key)


def ask_trials(project: str, ref: str, body: AskTrials, *, key: str = "") -> Request[TrialBatch]:
    """Request more trials. Idempotent by `key`: the same key gives the same trials."""
    return change("POST", path_of("projects", project, "sweeps", ref, "ask"), TrialBatch, body, key=key)


def tell_trial(project: str, ref: str, trial: str, body: TellTrial, *, key: str = "") -> Request[RunRecord]:
    """Report the result of a trial; the answer is its run."""
    return change(
        "POST", path_of("projects", project, "sweeps", ref, "trials", trial, "tell"), RunRecord, body, key=key
    )
