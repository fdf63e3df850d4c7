"""Requests of programs that run the trials of a sweep themselves."""

from __future__ import annotations

from trainyard.client.models import Ask, Asked, NewSweep, Run, TellTrial
from trainyard.client.requests.path import change
from trainyard.client.wire import Request, path_of

__all__ = ["ask_trials", "create_sweep", "tell_trial"]


def create_sweep(project: str, body: NewSweep, *, key: str = "") -> Request[Run]:
    """A sweep whose trials are asked for. The key makes it once, however often it is sent."""
    return change("POST", path_of("projects", project, "sweeps"), Run, body, key=key)


def ask_trials(project: str, ref: str, body: Ask, *, key: str = "") -> Request[Asked]:
    """More trials. Sent again with the same key, the same trials come."""
    return change("POST", path_of("projects", project, "sweeps", ref, "ask"), Asked, body, key=key)


def tell_trial(project: str, ref: str, trial: str, body: TellTrial, *, key: str = "") -> Request[Run]:
    """How a trial ended; its run is the answer."""
    return change("POST", path_of("projects", project, "sweeps", ref, "trials", trial, "tell"), Run, body, key=key)
