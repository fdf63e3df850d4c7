"""How an agent presents itself, from its settings and its scheduler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from trainyard_core.contracts.scheduler import Scheduler, SupportsResources
from trainyard_core.contracts.workload import Resources
from trainyard_core.db.agents import Registration

__all__ = ["registration"]

UNKNOWN = Resources(cpu=1e6, memory=1 << 50)
"""What an agent offers whose scheduler does not tell its resources: the scheduler itself says what does not fit."""


async def registration(
    name: str, scheduler: Scheduler, *, provider: str, queues: Sequence[str], labels: Mapping[str, str]
) -> Registration:
    """What an agent with this scheduler offers. `provider` is the scheduler's name in the registry."""
    whole = await scheduler.resources() if isinstance(scheduler, SupportsResources) else UNKNOWN
    return Registration(
        name=name,
        scheduler=provider,
        queues=tuple(queues),
        cpu=whole.cpu,
        memory=whole.memory,
        gpu=whole.gpu,
        resources=whole.other,
        labels=dict(labels),
        version=version("trainyard-core"),
    )
