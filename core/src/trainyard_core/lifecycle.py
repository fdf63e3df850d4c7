"""The life of a run: its statuses, the reasons beside them, and which status may follow which.

Status says where a run is, reason says why. This module is pure: the one writer of status is `db.runs.advance`,
and what should happen next is decided in `work.reconcile`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

__all__ = ["FINAL", "LIVE", "TRANSITIONS", "Hold", "Intent", "Reason", "Status", "Step", "may_follow", "sources_of"]


class Status(StrEnum):
    """Where a run is."""

    CREATED = "created"
    COMPILED = "compiled"
    QUEUED = "queued"
    SCHEDULED = "scheduled"
    STARTING = "starting"
    RUNNING = "running"
    RETRYING = "retrying"
    STOPPING = "stopping"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    SKIPPED = "skipped"


class Reason(StrEnum):
    """Why a run or an attempt has its status. Schedulers and directors may write others; these are the ones that core
    and the runner write."""

    NONE = ""
    USER = "user"
    ERROR = "error"
    EXIT_CODE = "exit_code"
    SIGNAL = "signal"
    OOM_KILLED = "oom_killed"
    LOST = "lost"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    DRAINING = "draining"
    INCOMPLETE = "incomplete"
    SUBMIT_FAILED = "submit_failed"
    START_FAILED = "start_failed"
    INVALID = "invalid"
    PREEMPTED = "preempted"
    UNPLANNED = "unplanned"


class Step(msgspec.Struct, frozen=True):
    """One transition: where to, and why."""

    to: Status
    reason: str = Reason.NONE
    message: str = ""


class Intent(StrEnum):
    """What its owner wants of a run."""

    RUN = "run"
    STOP = "stop"


class Hold(StrEnum):
    """What a run waits for before it may be queued; empty when nothing."""

    NONE = ""
    APPROVAL = "approval"
    UPLOAD = "upload"
    UPSTREAM = "upstream"
    SCHEDULE = "schedule"


_S = Status

TRANSITIONS: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        _S.CREATED: frozenset({_S.COMPILED, _S.FAILED, _S.STOPPED, _S.SKIPPED}),
        _S.COMPILED: frozenset({_S.QUEUED, _S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.STOPPED, _S.SKIPPED}),
        _S.QUEUED: frozenset({_S.SCHEDULED, _S.FAILED, _S.STOPPED, _S.SKIPPED}),
        _S.SCHEDULED: frozenset(
            {_S.STARTING, _S.RUNNING, _S.RETRYING, _S.STOPPING, _S.SUCCEEDED, _S.FAILED, _S.QUEUED}
        ),
        _S.STARTING: frozenset({_S.RUNNING, _S.RETRYING, _S.STOPPING, _S.SUCCEEDED, _S.FAILED}),
        _S.RUNNING: frozenset({_S.RETRYING, _S.STOPPING, _S.SUCCEEDED, _S.FAILED}),
        _S.RETRYING: frozenset({_S.QUEUED, _S.FAILED, _S.STOPPED}),
        _S.STOPPING: frozenset({_S.STOPPED, _S.SUCCEEDED, _S.FAILED}),
        _S.SUCCEEDED: frozenset(),
        _S.FAILED: frozenset(),
        _S.STOPPED: frozenset(),
        _S.SKIPPED: frozenset(),
    }
)
"""From each status, the ones that may follow. `scheduled -> queued` is for an assignment that ended before anything can
have been submitted."""

FINAL = frozenset(status for status, following in TRANSITIONS.items() if not following)
"""Statuses that no run leaves."""

LIVE = frozenset({_S.SCHEDULED, _S.STARTING, _S.RUNNING, _S.STOPPING})
"""Statuses in which an attempt may hold slots."""


def may_follow(status: Status, following: Status) -> bool:
    """Whether `following` may come right after `status`."""
    return following in TRANSITIONS[status]


def sources_of(status: Status) -> tuple[Status, ...]:
    """The statuses from which `status` may be entered, in the order of the table."""
    return tuple(source for source, following in TRANSITIONS.items() if status in following)
