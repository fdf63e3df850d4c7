"""Requests of programs that run the trials of a sweep themselves."""

from __future__ import annotations

from trainyard.client.models import Ask, Asked, NewSweep, Run, TellTrial
from trainyard.client.requests.path import change
from trainyard.client.wire import Request, path_of

__all__ = ["ask_trials", "create_sweep", "tell_trial"]


def create_sweep(project: str, body: NewSweep, *, key: str = "") -> Request[Run]:
    """Create a sweep whose trials the caller runs. Idempotent by `key`."""
    return change("POST", path_of("projects", project, "sweeps"), Run, body, key=key)


def ask_trials(project: str, ref: str, body: Ask, *, key: str = "") -> Request[Asked]:
    """Request more trials. Idempotent by `key`: the same key gives the same trials."""
    return change("POST", path_of("projects", project, "sweeps", ref, "ask"), Asked, body, key=key)


def tell_trial(project: str, ref: str, trial: str, body: TellTrial, *, key: str = "") -> Request[Run]:
    """Report the result of a trial; the answer is its run."""
    return change("POST", path_of("projects", project, "sweeps", ref, "trials", trial, "tell"), Run, body, key=key)
