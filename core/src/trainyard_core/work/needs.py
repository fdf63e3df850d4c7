"""What an attempt needs where it runs: what its operation says itself, and what the connections that it uses do."""

from __future__ import annotations

from typing import TypeVar

from trainyard.compile.resolved import ContainerSpec, ResolvedOperation, decode_resolved
from trainyard_core.contracts.needs import InitStep, MergedNeeds, Needs, Sidecar, merge
from trainyard_core.db.engine import Tx
from trainyard_core.db.runs import NewRun
from trainyard_core.work.connections import Kinds, needs_of

__all__ = ["attempt_needs", "operation_needs", "operation_of"]

OPERATION = "the operation"
C = TypeVar("C", InitStep, Sidecar)


def operation_of(new: NewRun) -> ResolvedOperation | None:
    """What the attempts of a run execute; of a sweep, one of its trials. None where no agent executes anything, or it
    is not known yet what."""
    if new.director is not None:
        return new.child
    return decode_resolved(new.resolved) if new.managed and new.resolved != "null" else None


async def attempt_needs(
    tx: Tx, kinds: Kinds, project: str, operation: ResolvedOperation, *, untrusted: bool
) -> MergedNeeds:
    """What an attempt of that project needs. Raises what `connections.needs_of` does, and NeedsClash."""
    used = await needs_of(tx, kinds, project, operation.connections, untrusted=untrusted)
    return merge([operation_needs(operation), *used])


def operation_needs(operation: ResolvedOperation) -> Needs:
    """The containers beside the main one."""
    return Needs(
        owner=OPERATION,
        init=tuple(_stated(InitStep, each) for each in operation.init),
        sidecars=tuple(_stated(Sidecar, each) for each in operation.sidecars),
    )


def _stated(kind: type[C], container: ContainerSpec) -> C:
    return kind(
        name=container.name,
        command=container.command,
        args=container.args,
        env=container.env,
        image=container.image,
        working_dir=container.working_dir,
    )
