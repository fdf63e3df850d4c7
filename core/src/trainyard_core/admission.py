"""Which waiting runs an agent may take now: one pure function over a snapshot. "Why is it pending" asks the same
function to explain.

Order is priority, then age. A run that fits the agent in whole but not at this moment keeps what it needs
reserved: younger runs pass it only when that does not delay it, so large runs are not starved by small ones, and
runs that need nothing of what it waits for are not held up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from trainyard.client.models import Blocker

__all__ = ["ANY_QUEUE", "Free", "Grant", "Offer", "QueueState", "Waiting", "admit", "explain"]

ANY_QUEUE = "*"


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A run that waits: `cpu` in cores, `memory` in bytes (0: not stated), `gpu` in devices."""

    run: str
    queue: str
    priority: int = 0
    cpu: float = 1.0
    memory: int = 0
    gpu: int = 0


class QueueState(msgspec.Struct, frozen=True, kw_only=True):
    """A queue and how many of its runs are live."""

    name: str
    concurrency: int | None = None
    paused: bool = False
    live: int = 0

    def is_open(self) -> bool:
        """Whether it lets anything through now."""
        return not self.paused and (self.concurrency is None or self.live < self.concurrency)


class Free(msgspec.Struct, frozen=True, kw_only=True):
    """What is free: cores, bytes, and devices by index."""

    cpu: float
    memory: int
    gpus: tuple[int, ...]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """An agent: the queues it serves (`*`: all), what it has in whole, and what is free now."""

    agent: str
    queues: tuple[str, ...]
    cpu: float
    memory: int
    gpu: int
    free: Free
    alive: bool = True
    draining: bool = False

    def serves(self, queue: str) -> bool:
        """Whether runs of that queue may go to this agent."""
        return ANY_QUEUE in self.queues or queue in self.queues


class Grant(msgspec.Struct, frozen=True):
    """A run that may start, and the devices it gets."""

    run: str
    gpus: tuple[int, ...]


def admit(waiting: Iterable[Waiting], queues: Mapping[str, QueueState], offer: Offer, *, most: int) -> list[Grant]:
    """The runs that start on this agent now, in order, at most `most`."""
    free = offer.free
    grants: list[Grant] = []
    live = {name: queue.live for name, queue in queues.items()}
    for need in sorted(waiting, key=lambda w: (-w.priority, w.run)):
        if len(grants) == most or (free.cpu <= 0 and not free.gpus):
            break
        if _never(need, offer) or _closed(need, queues.get(need.queue), live):
            continue
        if not _short(need, free):
            grants.append(Grant(need.run, free.gpus[: need.gpu]))
            live[need.queue] += 1
        free = _without(free, need)
    return grants


def explain(
    need: Waiting, ahead: Sequence[Waiting], queues: Mapping[str, QueueState], offers: Sequence[Offer]
) -> list[Blocker]:
    """What keeps a run from starting, worst first; empty when it should start at once. `ahead` are the runs before
    it in its queue."""
    queue = queues.get(need.queue)
    live = {name: state.live for name, state in queues.items()}
    if closed := _closed(need, queue, live):
        return [closed]
    serving = [offer for offer in offers if offer.alive and not offer.draining and offer.serves(need.queue)]
    if not serving:
        return [_nobody(need, offers)]
    never = [blocker for offer in serving if (blocker := _never(need, offer))]
    if len(never) == len(serving):
        return never[:1]
    short = [blocker for offer in serving if not _never(need, offer) and (blocker := _short(need, offer.free, offer))]
    if short and len(short) == len(serving) - len(never):
        return short[:1]
    order = [*ahead, need]
    if any(grant.run == need.run for offer in serving for grant in admit(order, queues, offer, most=len(order))):
        return []
    return [Blocker(code="behind", message=f"{len(ahead)} runs of queue '{need.queue}' are before it")]


def _closed(need: Waiting, queue: QueueState | None, live: Mapping[str, int]) -> Blocker | None:
    """Whether its queue lets nothing through."""
    if queue is None:
        return Blocker(
            code="no_queue",
            message=f"there is no queue '{need.queue}'",
            fix=f"create it: yard queues set {need.queue}",
        )
    if queue.paused:
        return Blocker(
            code="paused", message=f"queue '{queue.name}' is paused", fix=f"yard queues set {queue.name} --resume"
        )
    if queue.concurrency is not None and live[queue.name] >= queue.concurrency:
        message = f"queue '{queue.name}' runs {live[queue.name]} at once and that is its limit"
        fix = f"wait, or yard queues set {queue.name} --concurrency {queue.concurrency + 1}"
        return Blocker(code="concurrency", message=message, fix=fix)
    return None


def _nobody(need: Waiting, offers: Sequence[Offer]) -> Blocker:
    """Why no agent serves its queue."""
    serving = [offer for offer in offers if offer.serves(need.queue)]
    if draining := [offer.agent for offer in serving if offer.alive and offer.draining]:
        return Blocker(code="no_agent", message=f"agent {', '.join(draining)} is draining", fix="start another agent")
    if silent := [offer.agent for offer in serving]:
        message = f"agent {', '.join(silent)} serves queue '{need.queue}' but has not been heard of lately"
        return Blocker(code="no_agent", message=message, fix="start it again: yard up")
    known = ", ".join(f"{offer.agent} ({', '.join(offer.queues)})" for offer in offers) or "none"
    message = f"no agent serves queue '{need.queue}'; agents: {known}"
    return Blocker(code="no_agent", message=message, fix="start an agent for that queue, or use another queue")


def _never(need: Waiting, offer: Offer) -> Blocker | None:
    """What it asks for that the agent does not have in whole."""
    for name, wanted, whole in _pairs(need, offer.cpu, offer.memory, offer.gpu):
        if wanted > whole:
            message = f"it asks for {name} {wanted:g} and agent '{offer.agent}' has {whole:g} in all"
            return Blocker(code="never_fits", message=message, fix=f"ask for at most {name} {whole:g}")
    return None


def _short(need: Waiting, free: Free, offer: Offer | None = None) -> Blocker | None:
    """What it asks for that is not free now."""
    for name, wanted, left in _pairs(need, free.cpu, free.memory, len(free.gpus)):
        if wanted > max(0, left) + 1e-9:
            who = f" on agent '{offer.agent}'" if offer else ""
            message = f"it asks for {name} {wanted:g} and {max(0, left):g} is free{who}"
            return Blocker(code="slots", message=message, fix=f"wait for a run to end, or ask for less {name}")
    return None


def _pairs(need: Waiting, cpu: float, memory: int, gpu: int) -> tuple[tuple[str, float, float], ...]:
    return ("cpu", need.cpu, cpu), ("memory", need.memory, memory), ("gpu", need.gpu, gpu)


def _without(free: Free, need: Waiting) -> Free:
    return Free(cpu=free.cpu - need.cpu, memory=free.memory - need.memory, gpus=free.gpus[need.gpu :])
