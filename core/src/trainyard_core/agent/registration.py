"""How an agent presents itself, from its settings and its scheduler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

import msgspec

from trainyard_core.agent.model import Registration
from trainyard_core.contracts.capacity import Capacity, capacity_problems
from trainyard_core.contracts.scheduler import Facts, Scheduler, SupportsCapacity, SupportsFacts

__all__ = ["capacity_of", "registration", "with_capacity"]


def registration(name: str, *, provider: str, queues: Sequence[str], labels: Mapping[str, str]) -> Registration:
    """How an agent presents itself before its scheduler was asked for its capacity; nothing of it is known then.
    `provider` is the scheduler's name in the registry."""
    return Registration(
        name=name,
        scheduler=provider,
        queues=tuple(queues),
        labels=dict(labels),
        version=version("trainyard-core"),
    )


async def with_capacity(agent: Registration, scheduler: Scheduler) -> Registration:
    """The same with what the scheduler is and has, if it can tell."""
    if isinstance(scheduler, SupportsFacts):
        agent = msgspec.structs.replace(agent, facts=_stated(scheduler.facts()))
    if not isinstance(scheduler, SupportsCapacity):
        return agent
    return msgspec.structs.replace(agent, capacity=await capacity_of(scheduler))


async def capacity_of(scheduler: SupportsCapacity) -> Capacity:
    """What the scheduler states of its capacity now. Raises TypeError, ValueError for what means nothing."""
    capacity = await scheduler.capacity()
    if not isinstance(capacity, Capacity):
        raise TypeError(f"capacity gave {type(capacity).__name__}; wanted is Capacity")
    for problem in capacity_problems(capacity):
        raise ValueError(f"the scheduler's capacity: {problem}")
    return capacity


def _stated(facts: object) -> Facts:
    if not isinstance(facts, Facts):
        raise TypeError(f"facts gave {type(facts).__name__}; wanted is Facts")
    return facts
