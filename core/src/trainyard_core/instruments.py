"""What this process counts of itself: plain numbers, added to where something happens, read when somebody looks.

There is one of each in a process, as there is one process. Adding costs half a microsecond; how they are shown is
`metrics`. A meter belongs to the event loop's thread.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["ALL", "Counter", "Gauges", "Histogram"]

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Counter:
    """A number that only grows, for each combination of labels."""

    def __init__(self, name: str, what: str, *labels: str) -> None:
        self.name, self.what, self.labels = name, what, labels
        self.values: dict[tuple[str, ...], float] = {} if labels else {(): 0.0}

    def add(self, amount: float = 1, *labels: str) -> None:
        """Add to it."""
        self.values[labels] = self.values.get(labels, 0.0) + amount


class Gauges(NamedTuple):
    """What this process holds now."""

    connections: int
    transactions: int
    streams: int


class Histogram:
    """How long something took, in seconds, as a histogram for each combination of labels."""

    def __init__(self, name: str, what: str, *labels: str, bounds: Sequence[float] = SECONDS) -> None:
        self.name, self.what, self.labels, self.bounds = name, what, labels, bounds
        self.values: dict[tuple[str, ...], list[float]] = {}
        """For each the number in each bucket, one more for what is longer than all, and the sum."""

    def add(self, seconds: float, *labels: str) -> None:
        """Something took so long."""
        slots = self.values.get(labels)
        if slots is None:
            slots = self.values[labels] = [0.0] * (len(self.bounds) + 2)
        slots[bisect_left(self.bounds, seconds)] += 1
        slots[-1] += seconds


REQUESTS = Histogram(
    "trainyard_http_request_seconds",
    "From a request to the head of its answer.",
    "method", "route", "status",
)  # fmt: skip
TRANSACTIONS = Histogram(
    "trainyard_database_transaction_seconds",
    "From the call of a transaction to its answer, waiting included.",
    "name", "result",
)  # fmt: skip
FRAMES = Counter("trainyard_ingest_frames", "Frames of runs that were taken.")
BYTES = Counter("trainyard_ingest_bytes", "Bytes of frames of runs that were taken.")
POINTS = Counter("trainyard_ingest_points", "Points of metrics that were counted.")
ASSIGNMENTS = Counter("trainyard_assignments", "Waiting runs that were assigned to an agent.", "agent")
ASSIGNMENTS_EMPTY = Counter("trainyard_assignment_empty", "Requests for work that found none for the agent.", "agent")
OBSERVATIONS = Counter("trainyard_attempt_observations", "Observations of attempts that agents reported.", "phase")
MAINTENANCE_DUE = Counter("trainyard_maintenance_due", "Runs that a round of maintenance found due.")
MAINTENANCE = Histogram("trainyard_maintenance_seconds", "One round of maintenance.")
NOTIFICATIONS = Counter("trainyard_notifications", "Notifications between processes.", "kind", "direction")
OVERFLOWS = Counter("trainyard_stream_overflows", "Subscribers that were cut because they were too slow.")
STREAMED = Counter("trainyard_stream_activities", "Activities sent to streams, counted once for all subscribers.")
JOBS = Histogram("trainyard_job_seconds", "Calls of background jobs.", "job", "result")
OBSERVED = Histogram(
    "trainyard_observer_seconds",
    "From an activity to the end of the handler of an observer that was given it.",
    "observer",
    bounds=(*SECONDS, 30.0, 60.0, 300.0),
)
OBSERVER_FAILURES = Counter(
    "trainyard_observer_failures", "Events that the handler of an observer failed at.", "observer"
)
ALL: tuple[Counter | Histogram, ...] = (
    REQUESTS, TRANSACTIONS, FRAMES, BYTES, POINTS, ASSIGNMENTS, ASSIGNMENTS_EMPTY, OBSERVATIONS, MAINTENANCE_DUE,
    MAINTENANCE, NOTIFICATIONS, OVERFLOWS, STREAMED, JOBS, OBSERVED, OBSERVER_FAILURES,
)  # fmt: skip
