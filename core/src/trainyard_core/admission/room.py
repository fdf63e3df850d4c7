"""What is left of each limit while runs are looked at in their order, and what is kept for those that must wait.

A run passes three gates: its project's limits, its queue's limits, and the agent that asks. One that never fits a gate
in whole is passed over. One that does not fit now keeps room at the gate that it stands at and at those behind it, so
that what it waits for is not given to younger runs bit by bit. At each gate room is kept for one run only, the first
that waits there: whatever the others wait for, nothing is hidden behind them.
"""

from __future__ import annotations

from enum import Enum

from trainyard_core.admission.model import EPSILON, NAMED, AgentOffer, Amounts, Snapshot, WaitingRun, amounts_of

__all__ = ["RUNS", "Limit", "Limits", "Outcome"]

RUNS = "#"
"""Counts runs, as the other names count amounts. No resource can be called so."""
NO_LIMIT = float("inf")


class Outcome(Enum):
    """What becomes of a run: it starts, room is kept for it, or it is passed over."""

    ASSIGNED = "granted"
    KEPT = "kept"
    PASSED = "passed"


class Limit:
    """One gate. `rest` is how much there is of what neither `whole` nor `left` names."""

    __slots__ = ("kept", "left", "rest", "whole")

    def __init__(self, whole: Amounts, left: Amounts, *, rest: float) -> None:
        self.whole, self.left, self.rest = whole, dict(left), rest
        self.kept = False

    def fits(self, amounts: Amounts) -> bool:
        """Whether there is enough now."""
        return _within(amounts, self.left, self.rest)

    def ever_fits(self, amounts: Amounts) -> bool:
        """Whether there would be enough if nobody used any."""
        return _within(amounts, self.whole, self.rest)

    def take(self, amounts: Amounts) -> None:
        """So much is used."""
        left = self.left
        for name, amount in amounts.items():
            if name in left:
                left[name] -= amount

    def keep(self, amounts: Amounts) -> bool:
        """Keep room for a run that waits; False when it is kept for another already."""
        if self.kept:
            return False
        self.kept = True
        self.take(amounts)
        return True

    def most(self, name: str) -> float:
        """The largest amount that is still worth a look: once room is kept, what does not fit now changes nothing."""
        return max(0.0, (self.left if self.kept else self.whole).get(name, self.rest))

    def is_used_up(self) -> bool:
        """Whether nothing at all can pass any more: every run needs some cpu."""
        return bool(self.left) and (self.left.get("cpu", self.rest) <= EPSILON or self.left.get(RUNS, self.rest) < 1)


def _within(amounts: Amounts, most: Amounts, rest: float) -> bool:
    if not most:
        return rest == NO_LIMIT
    for name, amount in amounts.items():  # noqa: SIM110 - three times as fast as all()
        if amount > most.get(name, rest) + EPSILON:
            return False
    return True


class Limits:
    """The gates of one agent's look at the world."""

    def __init__(self, world: Snapshot, offer: AgentOffer) -> None:
        self._world, self._name = world, offer.agent
        unlimited = {RUNS: NO_LIMIT}
        self.agent = Limit({**offer.whole(), **unlimited}, {**offer.left(), **unlimited}, rest=offer.rest)
        self._offer, self._devices = offer, offer.free.devices
        self._queues: dict[str, Limit] = {}
        self._projects: dict[str, Limit] = {}

    def queue(self, name: str) -> Limit:
        """The gate of a queue."""
        if (room := self._queues.get(name)) is None:
            state = self._world.queues[name]
            runs = {} if state.concurrency is None else {RUNS: float(state.concurrency)}
            whole = {**state.quota, **runs}
            room = _limit(whole, _sum_of(state.used, state.live) if whole else {})
            self._queues[name] = room
        return room

    def project(self, name: str) -> Limit:
        """The gate of a project."""
        if (room := self._projects.get(name)) is None:
            state = self._world.project(name)
            room = self._projects[name] = _limit(state.quota, state.used)
        return room

    def may_pass(self, head: WaitingRun) -> bool:
        """Whether runs of the same project, queue, agent and other resources as this one may start here at all."""
        if head.agent not in ("", self._name) or self.project(head.project).is_used_up():
            return False
        if not self._world.project(head.project).may_use(head.queue):
            return False
        if head.largest_copy and self._offer.too_large(head):
            return False
        gates = self.gates(head) if head.resources else ()
        return all(amount <= gate.most(name) + EPSILON for gate in gates for name, amount in head.resources.items())

    def gates(self, need: WaitingRun) -> tuple[Limit, Limit, Limit]:
        """The gates on a run's way, the narrowest first."""
        return self.project(need.project), self.queue(need.queue), self.agent

    def upto(self, head: WaitingRun) -> tuple[float, ...]:
        """The most cpu, memory and gpu with which such a run is worth a look."""
        gates, largest = self.gates(head), {} if head.largest_copy else self._offer.largest
        return tuple(min(*(gate.most(name) for gate in gates), largest.get(name, NO_LIMIT)) + EPSILON for name in NAMED)

    def consider(self, need: WaitingRun) -> Outcome:
        """Let a run pass, keep room for it, or pass it over."""
        amounts = amounts_of(need)
        amounts[RUNS] = 1.0
        gates = self.gates(need)
        if not all(gate.ever_fits(amounts) for gate in gates) or (self._offer.largest and self._offer.too_large(need)):
            return Outcome.PASSED
        for count, gate in enumerate(gates, start=1):
            if not gate.fits(amounts):
                kept = [gate.keep(amounts) for gate in gates[:count]]
                return Outcome.KEPT if any(kept) else Outcome.PASSED
        for gate in gates:
            gate.take(amounts)
        return Outcome.ASSIGNED

    def devices(self, count: int) -> tuple[int, ...] | None:
        """So many devices, which are given away with this; None where they are not indexed."""
        if not self._offer.indexed:
            return None
        given, self._devices = self._devices[:count], self._devices[count:]
        return given


def _limit(whole: Amounts, used: Amounts) -> Limit:
    if not whole:
        return Limit(whole, whole, rest=NO_LIMIT)
    left = {name: amount - used.get(name, 0) for name, amount in whole.items()}
    return Limit(whole, left, rest=NO_LIMIT)


def _sum_of(used: dict[str, dict[str, float]], live: int) -> dict[str, float]:
    found: dict[str, float] = {RUNS: live}
    for each in used.values():
        for name, amount in each.items():
            found[name] = found.get(name, 0) + amount
    return found
