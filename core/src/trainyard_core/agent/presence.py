"""How an agent presents itself, from its settings and its scheduler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

import msgspec

from trainyard_core.contracts.scheduler import Scheduler, SupportsResources
from trainyard_core.contracts.workload import Resources
from trainyard_core.db.agents import Registration

__all__ = ["registration", "with_resources"]

UNKNOWN = Resources(cpu=1e6, memory=1 << 50)
"""What an agent offers whose scheduler does not tell its resources: the scheduler itself says what does not fit."""


def registration(name: str, *, provider: str, queues: Sequence[str], labels: Mapping[str, str]) -> Registration:
    """How an agent presents itself before its scheduler was asked for its resources. `provider` is the scheduler's name
    in the registry."""
    return Registration(
        name=name,
        scheduler=provider,
        queues=tuple(queues),
        cpu=UNKNOWN.cpu,
        memory=UNKNOWN.memory,
        gpu=UNKNOWN.gpu,
        labels=dict(labels),
        version=version("trainyard-core"),
    )


async def with_resources(agent: Registration, scheduler: Scheduler) -> Registration:
    """The same with what the scheduler has, if it can tell."""
    if not isinstance(scheduler, SupportsResources):
        return agent
    whole = await scheduler.resources()
    if not isinstance(whole, Resources):
        raise TypeError(f"resources gave {type(whole).__name__}; wanted is Resources")
    return msgspec.structs.replace(
        agent, cpu=whole.cpu, memory=whole.memory, gpu=whole.gpu, resources=dict(whole.other)
    )
