"""What would start a run now: small changes of the world, of its agents or of the run itself, each with the world as it
would be then. Whether one would really do is asked of `admit`, with all runs that come before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from trainyard_core.admission.explain import obstacles, short_of
from trainyard_core.admission.model import (
    EPSILON,
    AgentOffer,
    Amounts,
    FreeResources,
    ProjectState,
    QueueState,
    Snapshot,
    WaitingRun,
    amounts_of,
    total,
)

__all__ = ["Change", "HeldRun", "changes"]

replace = msgspec.structs.replace


class HeldRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a live run holds on its agent."""

    run: str
    queue: str
    project: str
    agent: str
    cpu: float
    memory: int = 0
    gpu: int = 0
    devices: tuple[int, ...] = ()
    resources: dict[str, float] = {}

    def amounts(self) -> dict[str, float]:
        """All of it by name."""
        return {"cpu": self.cpu, "memory": self.memory, "gpu": self.gpu, **self.resources}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change in words that follow "it starts", and everything as it would be. `code` is that of the blocker whose
    limit it raises; empty for other changes."""

    text: str
    code: str = ""
    need: WaitingRun
    world: Snapshot
    offers: tuple[AgentOffer, ...]


def changes(
    need: WaitingRun, world: Snapshot, offers: Sequence[AgentOffer], held: Sequence[HeldRun]
) -> Iterator[Change]:
    """The single changes after which nothing but other runs that wait could keep it from starting, the smallest
    first: a limit, a resource of an agent, the end of one run, another queue."""
    candidates = (
        *_limits(need, world, offers),
        *_resources(need, world, offers),
        *_ends(need, world, offers, held),
        *_elsewhere(need, world, offers),
    )
    for change in candidates:
        if not obstacles(change.need, change.world, change.offers):
            yield change


def _limits(need: WaitingRun, world: Snapshot, offers: Sequence[AgentOffer]) -> Iterator[Change]:
    queue = world.queues.get(need.queue)
    if queue is None:
        return
    same = tuple(offers)
    if queue.paused:
        text = f"when queue '{queue.name}' is resumed"
        yield Change(text=text, need=need, world=_with_queue(world, queue, paused=False), offers=same)
    if queue.concurrency is not None and queue.live >= queue.concurrency:
        text = f"with concurrency {queue.live + 1} instead of {queue.concurrency} on queue '{queue.name}'"
        world_then = _with_queue(world, queue, concurrency=queue.live + 1)
        yield Change(text=text, code="concurrency", need=need, world=world_then, offers=same)
    if more := _raised(need, queue.quota, total(queue.used.values())):
        text = f"{_quota_words(more, queue.quota)} on queue '{queue.name}'"
        world_then = _with_queue(world, queue, quota={**queue.quota, **more})
        yield Change(text=text, code="quota", need=need, world=world_then, offers=same)
    project = world.project(need.project)
    if more := _raised(need, project.quota, project.used):
        text = f"{_quota_words(more, project.quota)} of project '{project.name}'"
        world_then = _with_project(world, project, quota={**project.quota, **more})
        yield Change(text=text, code="quota", need=need, world=world_then, offers=same)


def _raised(need: WaitingRun, quota: Amounts, used: Amounts) -> dict[str, float]:
    """The parts of a quota that are too small, as they would have to be."""
    wanted = {name: used.get(name, 0) + amount for name, amount in amounts_of(need).items() if name in quota}
    return {name: amount for name, amount in wanted.items() if amount > quota[name] + EPSILON}


def _quota_words(more: Amounts, before: Amounts) -> str:
    return "with quota " + ", ".join(f"{name} {amount:g} instead of {before[name]:g}" for name, amount in more.items())


def _resources(need: WaitingRun, world: Snapshot, offers: Sequence[AgentOffer]) -> Iterator[Change]:
    """What an agent would need more of, the least first."""
    if need.queue not in world.queues:
        return
    short = [
        (short_of(amounts_of(need), offer.left(), rest=offer.rest), offer)
        for offer in offers
        if offer.alive and not offer.too_large(need)
    ]
    for missing, offer in sorted(short, key=lambda pair: (len(pair[0]), sum(pair[0].values()), pair[1].agent)):
        if not missing:
            continue
        words = " and ".join(f"{amount:g} more {name}" for name, amount in missing.items())
        then = tuple(_larger(each, missing) if each is offer else each for each in offers)
        yield Change(text=f"with {words} on agent '{offer.agent}'", need=need, world=world, offers=then)


def _ends(need: WaitingRun, world: Snapshot, offers: Sequence[AgentOffer], held: Sequence[HeldRun]) -> Iterator[Change]:
    """Single live runs whose end would do."""
    for live in held:
        world_then = _without(world, live)
        offers_then = tuple(_freed(offer, live) if offer.agent == live.agent else offer for offer in offers)
        text = f"when run {live.run[-8:]} ends"
        yield Change(text=text, need=need, world=world_then, offers=offers_then)


def _elsewhere(need: WaitingRun, world: Snapshot, offers: Sequence[AgentOffer]) -> Iterator[Change]:
    for name in sorted(world.queues):
        if name != need.queue:
            state, text = world.queues[name], f"in queue '{name}' instead of '{need.queue}'"
            changed = replace(state, first=min(state.first or need.run, need.run))
            world_then = replace(world, queues={**world.queues, name: changed})
            yield Change(text=text, need=replace(need, queue=name), world=world_then, offers=tuple(offers))


def _with_queue(
    world: Snapshot,
    queue: QueueState,
    *,
    paused: bool | None = None,
    concurrency: int | None = None,
    quota: dict[str, float] | None = None,
) -> Snapshot:
    changed = replace(
        queue,
        paused=queue.paused if paused is None else paused,
        concurrency=queue.concurrency if concurrency is None else concurrency,
        quota=queue.quota if quota is None else quota,
    )
    return replace(world, queues={**world.queues, queue.name: changed})


def _with_project(world: Snapshot, project: ProjectState, *, quota: dict[str, float]) -> Snapshot:
    return replace(world, projects={**world.projects, project.name: replace(project, quota=quota)})


def _without(world: Snapshot, live: HeldRun) -> Snapshot:
    """The world when a run has ended."""
    amounts, queue, project = live.amounts(), world.queues.get(live.queue), world.project(live.project)
    projects = {**world.projects, project.name: replace(project, used=_less(project.used, amounts))}
    if queue is None:
        return replace(world, projects=projects)
    used = {**queue.used, live.project: _less(queue.used.get(live.project, {}), amounts)}
    changed = replace(queue, live=max(0, queue.live - 1), used=used)
    return replace(world, projects=projects, queues={**world.queues, queue.name: changed})


def _less(amounts: Amounts, taken: Amounts) -> dict[str, float]:
    return {name: amount - taken.get(name, 0) for name, amount in amounts.items()}


def _freed(offer: AgentOffer, live: HeldRun) -> AgentOffer:
    free = offer.free
    freed = FreeResources(
        cpu=free.cpu + live.cpu,
        memory=free.memory + live.memory,
        gpu=free.gpu + live.gpu,
        devices=tuple(sorted({*free.devices, *live.devices})),
        resources=total([free.resources, live.resources]),
    )
    return replace(offer, free=freed)


def _larger(offer: AgentOffer, more: Amounts) -> AgentOffer:
    """The agent with more of something, all of it free."""
    free, count = offer.free, int(more.get("gpu", 0))
    devices = (*free.devices, *range(int(offer.gpu), int(offer.gpu) + count)) if offer.indexed else ()
    added = {name: amount for name, amount in more.items() if name not in ("cpu", "memory", "gpu")}
    freed = FreeResources(
        cpu=free.cpu + more.get("cpu", 0),
        memory=free.memory + int(more.get("memory", 0)),
        gpu=free.gpu + count,
        devices=devices,
        resources=total([free.resources, added]),
    )
    return replace(
        offer,
        cpu=offer.cpu + more.get("cpu", 0),
        memory=offer.memory + int(more.get("memory", 0)),
        gpu=offer.gpu + count,
        resources=total([offer.resources, added]),
        free=freed,
    )
