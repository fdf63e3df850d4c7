"""Requests of programs that run the trials of a sweep themselves."""

from __future__ import annotations

from trainyard.client.models import AskTrials, NewSweep, RunRecord, TellTrial, TrialBatch
from trainyard.client.requests.path import change
from trainyard.client.wire import Request, path_of

__all__ = ["ask_trials", "create_sweep", "tell_trial"]


def create_sweep(project: str, wish: NewSweep, *, key: str = "") -> Request[RunRecord]:
    """A sweep whose trials are asked for. The key makes it once, however often it is sent."""
    return change("POST", path_of("projects", project, "sweeps"), RunRecord, wish, key=key)


def ask_trials(project: str, ref: str, wish: AskTrials, *, key: str = "") -> Request[TrialBatch]:
    """More trials. Sent again with the same key, the same trials come."""
    return change("POST", path_of("projects", project, "sweeps", ref, "ask"), TrialBatch, wish, key=key)


def tell_trial(project: str, ref: str, trial: str, wish: TellTrial, *, key: str = "") -> Request[RunRecord]:
    """How a trial ended; its run is the answer."""
    return change(
        "POST", path_of("projects", project, "sweeps", ref, "trials", trial, "tell"), RunRecord, wish, key=key
    )
