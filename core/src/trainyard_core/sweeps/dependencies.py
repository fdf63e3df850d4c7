"""What directors work with."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from trainyard_core.clock import Clock
from trainyard_core.contracts.tracker import Tracker
from trainyard_core.db.engine import Database
from trainyard_core.policy import Policy
from trainyard_core.work.sweep_setup import Algorithms

__all__ = ["Dependencies"]


class Dependencies(NamedTuple):
    """`call` tells agents that there is something to do; `planner` names this process."""

    database: Database
    tracker: Tracker | None
    clock: Clock
    policy: Policy
    algorithms: Algorithms
    call: Callable[[], None]
    lease_holder: str
