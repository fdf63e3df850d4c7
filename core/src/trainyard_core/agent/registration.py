"""How an agent presents itself, from its settings and its scheduler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

import msgspec

from trainyard_core.agent.model import Registration
from trainyard_core.contracts.scheduler import Facts, Scheduler, SupportsFacts, SupportsResources
from trainyard_core.contracts.workload import Resources

__all__ = ["registration", "with_resources"]


def registration(name: str, *, provider: str, queues: Sequence[str], labels: Mapping[str, str]) -> Registration:
    """How an agent presents itself before its scheduler was asked for its resources; none are stated then. `provider`
    is the scheduler's name in the registry."""
    return Registration(
        name=name,
        scheduler=provider,
        queues=tuple(queues),
        cpu=0,
        memory=0,
        gpu=0,
        labels=dict(labels),
        version=version("trainyard-core"),
    )


async def with_resources(agent: Registration, scheduler: Scheduler) -> Registration:
    """The same with what the scheduler is and has, if it can tell."""
    if isinstance(scheduler, SupportsFacts):
        agent = msgspec.structs.replace(agent, facts=_stated(scheduler.facts()))
    if not isinstance(scheduler, SupportsResources):
        return agent
    whole = await scheduler.resources()
    if not isinstance(whole, Resources):
        raise TypeError(f"resources gave {type(whole).__name__}; wanted is Resources")
    return msgspec.structs.replace(
        agent, cpu=whole.cpu, memory=whole.memory, gpu=whole.gpu, resources=dict(whole.other)
    )


def _stated(facts: object) -> Facts:
    if not isinstance(facts, Facts):
        raise TypeError(f"facts gave {type(facts).__name__}; wanted is Facts")
    return facts
