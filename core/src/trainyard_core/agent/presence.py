"""How an agent presents itself, from its settings and its scheduler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from trainyard_core.contracts.scheduler import Scheduler, SupportsResources
from trainyard_core.contracts.workload import Resources
from trainyard_core.db.agents import Registration

__all__ = ["registration"]


async def registration(
    name: str, scheduler: Scheduler, *, provider: str, queues: Sequence[str], labels: Mapping[str, str]
) -> Registration:
    """What an agent with this scheduler offers; nothing is stated by a scheduler that does not tell. `provider` is its
    name in the registry."""
    whole = await scheduler.resources() if isinstance(scheduler, SupportsResources) else Resources()
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
