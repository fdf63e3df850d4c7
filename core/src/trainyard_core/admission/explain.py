"""Why a run does not start: what stands in its way, gate by gate, in words; empty exactly when `admit` lets it start.

What the change is that would start it is left to `change`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trainyard.client.models import Blocker
from trainyard_core.admission.admit import admit
from trainyard_core.admission.model import (
    EPSILON,
    AgentOffer,
    Amounts,
    QueueState,
    Snapshot,
    WaitingRun,
    amounts_of,
    total,
)

__all__ = ["behind", "explain", "obstacles", "short_of", "takers"]


def explain(
    need: WaitingRun, waiting: Iterable[WaitingRun], world: Snapshot, offers: Sequence[AgentOffer]
) -> list[Blocker]:
    """What keeps one of the waiting runs from starting now."""
    if blockers := obstacles(need, world, offers):
        return blockers
    order = list(waiting)
    started = (admit(order, world, offer, most=len(order)) for offer in takers(need, world, offers))
    return [] if any(grant.run == need.run for grants in started for grant in grants) else [behind(need)]


def obstacles(need: WaitingRun, world: Snapshot, offers: Sequence[AgentOffer]) -> list[Blocker]:
    """What would keep it from starting if nobody else waited: the limits of its queue and project, then agents."""
    queue = world.queues.get(need.queue)
    if queue is None:
        fix = f"create it: yard queues set {need.queue}"
        return [Blocker(code="no_queue", message=f"there is no queue '{need.queue}'", fix=fix)]
    return [*_queue(need, queue), *_project(need, world), *_agents(need, queue, offers)]


def behind(need: WaitingRun, before: int | None = None) -> Blocker:
    """Nothing is in its way but runs that come first."""
    first = "1 run comes" if before == 1 else f"{'other' if before is None else before} runs come"
    message = f"{first} before it, and what is free is given to them or kept for them"
    return Blocker(code="behind", message=message, fix="wait, or give it a higher priority")


def takers(need: WaitingRun, world: Snapshot, offers: Iterable[AgentOffer]) -> list[AgentOffer]:
    """The agents that take runs like this one, whatever is free on them."""
    queue = world.queues[need.queue]
    return [offer for offer in offers if _refusal(need, queue, offer) is None]


def short_of(wanted: Amounts, left: Amounts, *, rest: float = 0.0) -> dict[str, float]:
    """By how much too little there is, of what there is too little of."""
    missing = {name: amount - max(0.0, left.get(name, rest)) for name, amount in wanted.items()}
    return {name: amount for name, amount in missing.items() if amount > EPSILON}


def _queue(need: WaitingRun, queue: QueueState) -> list[Blocker]:
    found = []
    if queue.paused:
        fix = f"yard queues resume {queue.name}"
        found.append(Blocker(code="paused", message=f"queue '{queue.name}' is paused", fix=fix))
    if queue.concurrency is not None and queue.live >= queue.concurrency:
        message = f"queue '{queue.name}' runs {queue.live} at once and its concurrency is {queue.concurrency}"
        fix = f"wait, or yard queues set {queue.name} --concurrency {queue.live + 1}"
        found.append(Blocker(code="concurrency", message=message, fix=fix))
    used = total(queue.used.values())
    command = f"yard queues set {queue.name} --quota"
    return [*found, *_quota(need, f"queue '{queue.name}'", queue.quota, used, command)]


def _project(need: WaitingRun, world: Snapshot) -> list[Blocker]:
    project = world.project(need.project)
    found = []
    if not project.may_use(need.queue):
        message = f"project '{project.name}' may not use queue '{need.queue}'; it may use {', '.join(project.queues)}"
        found.append(Blocker(code="not_allowed", message=message, fix="use one of those, or have an admin allow it"))
    command = f"yard projects edit {project.name} --quota"
    return [*found, *_quota(need, f"project '{project.name}'", project.quota, project.used, command)]


def _quota(need: WaitingRun, who: str, quota: Amounts, used: Amounts, command: str) -> list[Blocker]:
    found = []
    for name, wanted in amounts_of(need).items():
        most = quota.get(name)
        if most is None or used.get(name, 0) + wanted <= most + EPSILON:
            continue
        have = used.get(name, 0)
        if wanted > most + EPSILON:
            message = f"it asks for {name} {wanted:g} and the quota of {who} is {name} {most:g} in all"
            fix = f"ask for at most {name} {most:g}, or {command} {name}={wanted:g}"
            found.append(Blocker(code="never_fits", message=message, fix=fix))
        else:
            message = f"it asks for {name} {wanted:g}; {who} uses {name} {have:g} and its quota is {most:g}"
            fix = f"wait for a run to end, or {command} {name}={have + wanted:g}"
            found.append(Blocker(code="quota", message=message, fix=fix))
    return found


def _agents(need: WaitingRun, queue: QueueState, offers: Sequence[AgentOffer]) -> list[Blocker]:
    """Empty when one agent takes it now; else what the nearest of them says."""
    refused = [(_refusal(need, queue, offer), offer) for offer in offers]
    able = [offer for refusal, offer in refused if refusal is None]
    short = [(short_of(amounts_of(need), offer.left(), rest=offer.rest), offer) for offer in able]
    if any(not missing for missing, _ in short):
        return []
    if short:
        missing, offer = min(short, key=lambda pair: (len(pair[0]), sum(pair[0].values()), pair[1].agent))
        return [_slots(need, missing, offer)]
    refusals = [refusal for refusal, _ in refused if refusal is not None]
    return [max(refusals, key=lambda refusal: refusal[0])[1]] if refusals else [_no_agent(need)]


def _slots(need: WaitingRun, missing: Amounts, offer: AgentOffer) -> Blocker:
    wanted, left = amounts_of(need), offer.left()
    parts = ", ".join(f"{name} {wanted[name]:g} and {max(0, left.get(name, 0)):g} is free" for name in missing)
    more = ", ".join(f"{amount:g} {name}" for name, amount in missing.items())
    message = f"it asks for {parts} on agent '{offer.agent}'"
    return Blocker(code="slots", message=message, fix=f"wait for a run to end, or give the agent {more} more")


def _refusal(need: WaitingRun, queue: QueueState, offer: AgentOffer) -> tuple[int, Blocker] | None:
    """Why an agent does not take such runs, and how near it is to taking them; None when it does."""
    who = f"agent '{offer.agent}'"
    if need.agent and need.agent != offer.agent:
        return 0, _no_agent(need)
    if not offer.serves(queue.name):
        message = f"{who} does not serve queue '{queue.name}' but {', '.join(offer.queues) or 'none'}"
        return 1, Blocker(code="no_agent", message=message, fix="start an agent for that queue, or use another queue")
    if lacking := offer.missing(queue.selector):
        labels = ", ".join(f"{key}={value}" for key, value in lacking.items())
        message = f"{who} serves queue '{queue.name}' but lacks the label {labels} that the queue asks for"
        return 2, Blocker(code="no_agent", message=message, fix=f"start an agent with --labels {labels}")
    if missing := short_of(amounts_of(need), offer.whole(), rest=offer.rest):
        return 3, _never(need, missing, offer)
    if largest := offer.too_large(need):
        return 3, _too_large(need, largest, offer)
    if not offer.alive:
        message = f"{who} serves queue '{queue.name}' but has not been heard of lately"
        return 4, Blocker(code="no_agent", message=message, fix="start it again: yard up, or yard agent")
    if offer.draining:
        message = f"{who} is draining and takes no more runs"
        return 5, Blocker(code="no_agent", message=message, fix=f"yard agents resume {offer.agent}, or start another")
    return None


def _never(need: WaitingRun, missing: Amounts, offer: AgentOffer) -> Blocker:
    name, whole = next(iter(missing)), offer.whole()
    wanted, have = amounts_of(need)[name], whole.get(name, 0)
    message = f"it asks for {name} {wanted:g} and agent '{offer.agent}' has {have:g} in all"
    return Blocker(code="never_fits", message=message, fix=f"ask for at most {name} {have:g}, or start a larger agent")


def _too_large(need: WaitingRun, largest: Amounts, offer: AgentOffer) -> Blocker:
    name, most = next(iter(largest.items()))
    wanted = (need.largest_copy or amounts_of(need))[name]
    who, each = ("one of its copies", " in each copy") if need.largest_copy else ("it", "")
    message = f"{who} asks for {name} {wanted:g} and the largest machine of agent '{offer.agent}' has {most:g}"
    return Blocker(
        code="never_fits", message=message, fix=f"ask for at most {name} {most:g}{each}, or add a larger machine"
    )


def _no_agent(need: WaitingRun) -> Blocker:
    if need.agent:
        message = f"it must run on agent '{need.agent}', and there is no agent of that name"
        return Blocker(code="no_agent", message=message, fix="start that agent, or leave it out of `queue`")
    message = f"no agent serves queue '{need.queue}'; agents: none"
    return Blocker(code="no_agent", message=message, fix="start an agent: yard up, or yard agent")
