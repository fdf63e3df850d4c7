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

from bisect import bisect_left
from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from trainyard_core.admission.model import Amounts, QueueState, Waiting, World, amounts_of

__all__ = ["Fair", "Turns", "before_in_other_queues", "in_order", "turn"]

Turn = tuple[int, int, str, str]
Place = tuple[float, int, str, str]


def turn(state: QueueState, considered: int = 0) -> Turn:
    """When a queue is next; less is earlier. `considered` of its runs have had their turn."""
    return -state.priority, state.live + considered, state.first, state.name


class Turns:
    """The queues that may be next."""

    def __init__(self, states: Iterable[QueueState]) -> None:
        self._heap = [(turn(state), 0, state.name) for state in states]
        heapify(self._heap)

    def __bool__(self) -> bool:
        return bool(self._heap)

    def next(self) -> tuple[str, int]:
        """The next queue, and how many of its runs have had their turn."""
        _, considered, name = heappop(self._heap)
        return name, considered

    def again(self, state: QueueState, considered: int) -> None:
        """It has more runs."""
        heappush(self._heap, (turn(state, considered), considered, state.name))


class Fair:
    """The projects of one queue, by their share of it."""

    def __init__(self, world: World, queue: QueueState) -> None:
        self._world = world
        self._used = {name: dict(used) for name, used in queue.used.items()}
        self._heap: list[Place] = []

    def enter(self, head: Waiting) -> None:
        """A project waits with this run first."""
        heappush(self._heap, (self._share(head.project), -head.priority, head.run, head.project))

    def next(self) -> str | None:
        """The project whose turn it is; it leaves until it enters again. None: nobody waits."""
        return heappop(self._heap)[3] if self._heap else None

    def use(self, project: str, amounts: Amounts) -> None:
        """A project has taken so much."""
        used = self._used.setdefault(project, {})
        for name, amount in amounts.items():
            used[name] = used.get(name, 0) + amount

    def _share(self, project: str) -> float:
        capacity, weight = self._world.capacity, self._world.project(project).weight
        used = self._used.get(project, {})
        parts = (amount / capacity[name] for name, amount in used.items() if capacity.get(name, 0) > 0)
        dominant = max(parts, default=0.0)
        return dominant / weight if weight > 0 else float("inf")


def in_order(world: World, queue: QueueState, waiting: Iterable[Waiting]) -> list[Waiting]:
    """The runs of one queue in the order in which they are looked at."""
    lanes = _lanes_of(waiting)
    fair = Fair(world, queue)
    for lane in lanes.values():
        fair.enter(lane[-1])
    found: list[Waiting] = []
    while (project := fair.next()) is not None:
        lane = lanes[project]
        found.append(need := lane.pop())
        fair.use(project, amounts_of(need))
        if lane:
            fair.enter(lane[-1])
    return found


def _lanes_of(waiting: Iterable[Waiting]) -> dict[str, list[Waiting]]:
    """The runs of each project, the first one last."""
    lanes: dict[str, list[Waiting]] = {}
    for need in sorted(waiting, key=lambda need: (-need.priority, need.run), reverse=True):
        lanes.setdefault(need.project, []).append(need)
    return lanes


def before_in_other_queues(mine: QueueState, place: int, others: Iterable[tuple[QueueState, int]]) -> int:
    """How many runs of other queues (each with how many wait in it) come before the one that has `place` others of its
    own queue before it."""
    own = turn(mine, place)
    return sum(_turns_before(own, state, waiting) for state, waiting in others if state.name != mine.name)


def _turns_before(own: Turn, state: QueueState, waiting: int) -> int:
    """How many of a queue's turns come before another queue's; they only grow, so one look for the border."""
    return bisect_left(range(waiting), True, key=lambda count: turn(state, count) > own)
