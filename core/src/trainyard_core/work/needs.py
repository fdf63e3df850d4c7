"""What an attempt needs where it runs: what its operation says itself."""

from __future__ import annotations

from typing import TypeVar

from trainyard.compile.resolved import ContainerSpec, ResolvedOperation
from trainyard_core.contracts.needs import InitStep, Needs, Sidecar

__all__ = ["operation_needs"]

OPERATION = "the operation"
C = TypeVar("C", InitStep, Sidecar)


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
