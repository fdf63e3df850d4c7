"""Which waiting runs an agent may take now, and why one has to wait: pure functions over a snapshot. Reading the
snapshot and writing down what was decided is left to `db.queues` and `work`."""

from __future__ import annotations

from trainyard_core.admission.admit import WaitingQuery, Walk, admit, by_age, lane_of, named, walk
from trainyard_core.admission.change import Change, HeldRun, changes
from trainyard_core.admission.explain import behind, explain, obstacles, takers
from trainyard_core.admission.model import (
    ANY_QUEUE,
    UNLIMITED,
    AgentOffer,
    FreeResources,
    Grant,
    ProjectState,
    QueueState,
    Snapshot,
    WaitingRun,
    amounts_of,
    check_amounts,
    check_labels,
    split_queue,
    total,
)
from trainyard_core.admission.order import before_in_other_queues, in_order

__all__ = [
    "ANY_QUEUE",
    "UNLIMITED",
    "AgentOffer",
    "Change",
    "FreeResources",
    "Grant",
    "HeldRun",
    "ProjectState",
    "QueueState",
    "Snapshot",
    "WaitingQuery",
    "WaitingRun",
    "Walk",
    "admit",
    "amounts_of",
    "before_in_other_queues",
    "behind",
    "by_age",
    "changes",
    "check_amounts",
    "check_labels",
    "explain",
    "in_order",
    "lane_of",
    "named",
    "obstacles",
    "split_queue",
    "takers",
    "total",
    "walk",
]
