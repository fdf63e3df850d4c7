"""In which order waiting runs are looked at. It decides nothing about whether one may start.

1. Queues with a higher priority come first.
2. Queues of one priority take turns: the one with the fewest live runs is next; among those, the one whose first
   run is older; among those, by name. A run that is granted or that room is kept for counts as live.
3. Inside a queue the next run comes from the project with the least share, so that those who have little come first:
   the largest part that its live work in this queue is of all that the agents have, of any resource, divided by the
   project's weight (dominant resource fairness, Ghodsi and others, NSDI 2011).
4. Inside a project, and among projects with the same share, the higher priority, then the older run.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from trainyard_core.admission.model import QueueState, Snapshot, WaitingRun, amounts_of

__all__ = ["ProjectOrder", "QueueOrder", "before_in_other_queues", "in_order"]

Turn = tuple[int, int, str, str]
Place = tuple[float, int, str, str]


class QueueOrder:
    """The queues that may be next."""

    def __init__(self, states: Iterable[QueueState]) -> None:
        self._heap = [(_turn(state), 0, state.name) for state in states]
        heapify(self._heap)

    def __bool__(self) -> bool:
        return bool(self._heap)

    def next(self) -> tuple[str, int]:
        """The next queue, and how many of its runs have had their turn."""
        _, considered, name = heappop(self._heap)
        return name, considered

    def again(self, state: QueueState, considered: int) -> None:
        """It may have more runs."""
        heappush(self._heap, (_turn(state, considered), considered, state.name))


def _turn(state: QueueState, considered: int = 0) -> Turn:
    """When a queue is next; less is earlier. `considered` of its runs have had their turn."""
    return -state.priority, state.live + considered, state.first, state.name


class ProjectOrder:
    """The projects of one queue, by their share of it."""

    def __init__(self, world: Snapshot, queue: QueueState) -> None:
        self._world, self._queue = world, queue
        self._used: dict[str, dict[str, float]] = {}
        self._dominant: dict[str, float] = {}
        self._heap: list[Place] = []

    def place(self, need: WaitingRun) -> Place:
        """Where a run stands when it is the first of its project; less is earlier, and it only grows from one run of a
        project to the next."""
        weight = self._world.project(need.project).weight
        share = self.dominant(need.project) / weight if weight > 0 else float("inf")
        return share, -need.priority, need.run, need.project

    def enter(self, place: Place) -> None:
        """A project waits; its first run stands there or later."""
        heappush(self._heap, place)

    def next(self) -> Place | None:
        """The project whose turn it is, and where it entered; it leaves until it enters again. None: nobody waits."""
        return heappop(self._heap) if self._heap else None

    def use(self, need: WaitingRun) -> None:
        """A run of a project has had its turn."""
        dominant, used, capacity = self.dominant(need.project), self._used[need.project], self._world.capacity
        for name, amount in amounts_of(need).items():
            used[name] = held = used.get(name, 0) + amount
            if (whole := capacity.get(name, 0)) > 0 and held > dominant * whole:
                dominant = held / whole
        self._dominant[need.project] = dominant

    def dominant(self, project: str) -> float:
        """The largest part of anything that a project has."""
        if (found := self._dominant.get(project)) is None:
            capacity = self._world.capacity
            used = self._used[project] = dict(self._queue.used.get(project, {}))
            parts = (amount / capacity[name] for name, amount in used.items() if capacity.get(name, 0) > 0)
            found = self._dominant[project] = max(parts, default=0.0)
        return found


def in_order(world: Snapshot, queue: QueueState, waiting: Iterable[WaitingRun]) -> list[WaitingRun]:
    """The runs of one queue in the order in which they are looked at: as places only grow inside a project, this is
    the order of their places."""
    fair, placed = ProjectOrder(world, queue), []
    for need in sorted(waiting, key=lambda need: (-need.priority, need.run)):
        placed.append((fair.place(need), need))
        fair.use(need)
    return [need for _, need in sorted(placed, key=lambda pair: pair[0])]


def before_in_other_queues(mine: QueueState, place: int, others: Iterable[tuple[QueueState, int]]) -> int:
    """How many runs of other queues (each with how many wait in it) come before the one that has `place` others of its
    own queue before it."""
    own = _turn(mine, place)
    return sum(_turns_before(own, state, waiting) for state, waiting in others if state.name != mine.name)


def _turns_before(own: Turn, state: QueueState, waiting: int) -> int:
    """How many of a queue's turns come before another queue's."""
    priority, live, first, name = own
    if -state.priority != priority:
        return waiting if -state.priority < priority else 0
    wins_ties = (state.first, state.name) < (first, name)
    return min(waiting, max(0, live - state.live + wins_ties))
