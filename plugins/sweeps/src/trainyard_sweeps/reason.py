"""Why a sweep or a trial has its status, beside the reasons that core writes."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["SweepReason"]


class SweepReason(StrEnum):
    """What is said of a sweep (`no_success`, `no_trials`, `optimizer`), of a trial (`deleted`), or of both."""

    DELETED = "deleted"
    EARLY_STOPPED = "early_stopped"
    NO_OBJECTIVE = "no_objective"
    NO_SUCCESS = "no_success"
    NO_TRIALS = "no_trials"
    OPTIMIZER = "optimizer"
