"""The protocol between a remote agent and the API, as msgspec structs: one definition for the routes and for
`remote`. Every body but the first carries the epoch of the session that it belongs to.
"""

from __future__ import annotations

import msgspec

from trainyard_core.agent.model import BATCH, KnownAttempts, Orders
from trainyard_core.contracts.capacity import Capacity
from trainyard_core.contracts.scheduler import AttemptDiagnosis, Facts
from trainyard_core.contracts.workload import AttemptRef, Observation, Workload

__all__ = [
    "MOST_WAIT",
    "Acknowledgement",
    "AssignmentRequest",
    "Assignments",
    "AttemptRefs",
    "DiagnosisReport",
    "ObservationReport",
    "Orders",
    "OrdersRequest",
    "RegisterAgent",
    "Session",
    "SessionRequest",
    "Workloads",
]

MOST_WAIT = 60.0
"""Seconds for which a request for assignments may wait at the server at most."""


class RegisterAgent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How an agent presents itself: see `agent.model.Registration`; its name is in the address."""

    scheduler: str
    queues: tuple[str, ...] = ("*",)
    capacity: Capacity = Capacity()
    labels: dict[str, str] = {}
    facts: Facts = Facts()
    version: str = ""
    not_ready: str = ""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has begun. `server` tells one platform from another for as long as its database lives; `queues`
    are those that the agent serves, what it wants and may; `silence` is in seconds: an agent that says nothing for
    longer counts as unreachable."""

    epoch: int
    server: str
    queues: tuple[str, ...] = ()
    silence: float = 15.0


class SessionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call of a session."""

    epoch: int


class AssignmentRequest(SessionRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most so many attempts; when there are none, wait up to `wait` seconds for some."""

    wait: float = 0.0
    most: int = BATCH


class Assignments(msgspec.Struct, frozen=True, kw_only=True):
    """New attempts; with `orders`, something about those held may have changed."""

    items: list[AttemptRef] = []
    orders: bool = False


class OrdersRequest(SessionRequest, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A heartbeat. With `known`, what the agent holds, only changes are asked for; `capacity` is sent once it has
    changed."""

    known: KnownAttempts | None = None
    capacity: Capacity | None = None


class AttemptRefs(SessionRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """These attempts."""

    refs: tuple[AttemptRef, ...]


class Workloads(msgspec.Struct, frozen=True, kw_only=True):
    """What to start. Holds the runs' tokens."""

    items: list[Workload]


class ObservationReport(SessionRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was observed."""

    seen: tuple[Observation, ...]


class DiagnosisReport(SessionRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a scheduler found when it was asked about an attempt."""

    ref: AttemptRef
    found: tuple[AttemptDiagnosis, ...]


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """It is written down."""
