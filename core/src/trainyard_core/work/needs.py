"""What an attempt needs where it runs: what its operation says itself, and what the connections that it uses do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from trainyard.compile.resolved import (
    ContainerSpec,
    ResolvedOperation,
    all_checkouts,
    decode_resolved,
    used_connections,
)
from trainyard_core.contracts.needs import InitStep, MergedNeeds, Needs, Sidecar, merge
from trainyard_core.db.engine import Tx
from trainyard_core.db.runs import NewRun
from trainyard_core.work.connections import Kinds, checkout_step, needs_of, usable

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
    """What an attempt of that project needs. Raises what `connections.usable` does, Invalid for what a connection
    cannot check out, and NeedsClash."""
    names = used_connections(operation)
    used = {each.name: each for each in await usable(tx, kinds, project, names, untrusted=untrusted)}
    steps = [
        checkout_step(used[each.connection], kinds, each, f"checkout-{number}")
        for number, each in enumerate(all_checkouts(operation), start=1)
    ]
    return merge([operation_needs(operation, steps), *(needs_of(each, kinds) for each in used.values())])


def operation_needs(operation: ResolvedOperation, checkouts: Sequence[InitStep] = ()) -> Needs:
    """The containers beside the main one, after the steps that check code out."""
    return Needs(
        owner=OPERATION,
        init=(*checkouts, *(_stated(InitStep, each) for each in operation.init)),
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
