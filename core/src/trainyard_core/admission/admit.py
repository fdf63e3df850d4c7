"""Which waiting runs an agent may take now: one pure walk over them in their order (see `order`), through the limits
(see `room`).

The walk asks for runs as it needs them, a few of a lane at a time, so that it costs what it decides and not how many
wait. A lane is the runs of one queue and project that ask for the same agent, the same other resources and the same
largest copy: what holds for one of them in these holds for all. The walk is a generator: it yields an `Ask`, and is
sent the runs that were asked for; `admit` answers from memory, others from SQL.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Sequence
from itertools import islice
from operator import le
from typing import NamedTuple

import msgspec

from trainyard_core.admission.model import AgentOffer, Grant, QueueState, Snapshot, WaitingRun
from trainyard_core.admission.order import ProjectOrder, QueueOrder
from trainyard_core.admission.room import Limits, Outcome

__all__ = ["MemorySource", "WaitingQuery", "Walk", "admit", "by_age", "lane_of", "named", "walk"]

FIRST, LARGEST = 8, 128
Lane = tuple[str, str, str, tuple[tuple[str, float], ...], tuple[tuple[str, float], ...]]


class WaitingQuery(NamedTuple):
    """What the walk wants to know: the first run of each lane of a queue, or (with `lane`, one of those) at most
    `most` runs of that lane after a run, of at most so much cpu, memory and gpu."""

    queue: str
    lane: WaitingRun | None = None
    after: WaitingRun | None = None
    upto: tuple[float, ...] = ()
    most: int = 0


Walk = Generator[WaitingQuery, Sequence[WaitingRun], list[Grant]]


def admit(waiting: Iterable[WaitingRun], world: Snapshot, offer: AgentOffer, *, most: int) -> list[Grant]:
    """The runs that start on this agent now, in order, at most `most`."""
    memory = MemorySource(waiting)
    going = walk(memory.seen_in(world), offer, most=most)
    answer: Sequence[WaitingRun] | None = None
    while True:
        try:
            ask = next(going) if answer is None else going.send(answer)
        except StopIteration as done:
            grants: list[Grant] = done.value
            return grants
        answer = memory.answer(ask)


def walk(world: Snapshot, offer: AgentOffer, *, most: int) -> Walk:
    """See `admit`; of queues whose `first` is empty nobody waits."""
    ledger = Limits(world, offer)
    turns = QueueOrder(state for state in world.queues.values() if state.first and _may_serve(offer, state))
    lines: dict[str, _Line] = {}
    grants: list[Grant] = []
    while turns and len(grants) < most and not ledger.agent.is_used_up():
        name, considered = turns.next()
        if name not in lines:
            lines[name] = _Line(world, world.queues[name], ledger, (yield WaitingQuery(name)))
        need = None if ledger.queue(name).is_used_up() else (yield from lines[name].next())
        if need is None:
            continue
        outcome = ledger.consider(need)
        if outcome is Outcome.ASSIGNED:
            grants.append(Grant(need.run, ledger.devices(need.gpu)))
        counted = outcome is not Outcome.PASSED
        lines[name].go_on(need, counted=counted)
        turns.again(world.queues[name], considered + counted)
    return grants


def _may_serve(offer: AgentOffer, state: QueueState) -> bool:
    return state.is_open() and offer.serves(state.name) and not offer.missing(state.selector)


class _Lane:
    """What is known of a lane. `after` is the last run that was handed over."""

    __slots__ = ("after", "ended", "head", "rows", "size")

    def __init__(self, head: WaitingRun) -> None:
        self.head = self.after = head
        self.rows = deque([head])
        self.ended, self.size = False, FIRST

    def fill(self, ledger: Limits) -> Generator[WaitingQuery, Sequence[WaitingRun], None]:
        """Have a run ready, if there is one."""
        if self.rows or self.ended or not ledger.may_pass(self.head):
            return
        found = yield WaitingQuery(self.head.queue, self.head, self.after, ledger.upto(self.head), self.size)
        self.ended = len(found) < self.size
        self.rows.extend(found)
        self.after = found[-1] if found else self.after
        self.size = min(LARGEST, 4 * self.size)


class _Line:
    """The runs of one queue, in their order. What comes after a run is asked for when its project's turn comes, not
    before: until then the project stands where that run stood, and what comes after stands there or later."""

    def __init__(self, world: Snapshot, state: QueueState, ledger: Limits, heads: Sequence[WaitingRun]) -> None:
        self._ledger, self._fair = ledger, ProjectOrder(world, state)
        self._lanes: dict[str, list[_Lane]] = {}
        for head in heads:
            if ledger.may_pass(head):
                self._lanes.setdefault(head.project, []).append(_Lane(head))
        for lanes in self._lanes.values():
            self._fair.enter(self._fair.place(_first(lanes).rows[0]))

    def next(self) -> Generator[WaitingQuery, Sequence[WaitingRun], WaitingRun | None]:
        """The next run; None when there is none."""
        while (entered := self._fair.next()) is not None:
            lanes = self._lanes[entered[-1]]
            for lane in lanes:
                yield from lane.fill(self._ledger)
            if not any(lane.rows for lane in lanes):
                continue
            lane = _first(lanes)
            if (place := self._fair.place(lane.rows[0])) == entered:
                return lane.rows.popleft()
            self._fair.enter(place)
        return None

    def go_on(self, need: WaitingRun, *, counted: bool) -> None:
        """After a run was looked at: put its project in line again. `counted`: the run had its turn."""
        if counted:
            self._fair.use(need)
        self._fair.enter(self._fair.place(need))


def _first(lanes: Sequence[_Lane]) -> _Lane:
    ready = [lane for lane in lanes if lane.rows]
    return ready[0] if len(ready) == 1 else min(ready, key=lambda lane: by_age(lane.rows[0]))


class MemorySource:
    """Answers a walk from runs in memory."""

    def __init__(self, waiting: Iterable[WaitingRun]) -> None:
        self._lanes: dict[Lane, list[WaitingRun]] = {}
        for need in sorted(waiting, key=by_age):
            self._lanes.setdefault(lane_of(need), []).append(need)

    def seen_in(self, world: Snapshot) -> Snapshot:
        """The world with the first run of each queue."""
        heads = sorted((lane[0] for lane in self._lanes.values()), key=by_age, reverse=True)
        first = {head.queue: head.run for head in heads}
        states = {
            name: msgspec.structs.replace(state, first=first.get(name, "")) for name, state in world.queues.items()
        }
        return msgspec.structs.replace(world, queues=states)

    def answer(self, ask: WaitingQuery) -> Sequence[WaitingRun]:
        """The runs that are asked for."""
        if ask.lane is None or ask.after is None:
            return [lane[0] for lane in self._lanes.values() if lane[0].queue == ask.queue]
        lane, last = self._lanes[lane_of(ask.lane)], by_age(ask.after)
        rest = (need for need in lane if by_age(need) > last and all(map(le, named(need), ask.upto)))
        return list(islice(rest, ask.most))


def lane_of(need: WaitingRun) -> Lane:
    """The lane that a run waits in."""
    copy = tuple(sorted(need.largest_copy.items()))
    return need.queue, need.project, need.agent, tuple(sorted(need.resources.items())), copy


def by_age(need: WaitingRun) -> tuple[int, str]:
    """The order inside a lane: priority, then age."""
    return -need.priority, need.run


def named(need: WaitingRun) -> tuple[float, float, float]:
    """Its cpu, memory and gpu: what `Ask.upto` bounds."""
    return need.cpu, need.memory, need.gpu
