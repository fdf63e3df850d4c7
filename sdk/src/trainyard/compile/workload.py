"""What a run of a plugin's kind comes to, resolved: its roles with their sizes, and the sum of these."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trainyard.compile.resolved import ContainerSpec, Resources, Role
from trainyard.spec.container import AuxiliaryContainer, Container, GpuAmounts
from trainyard.spec.quantity import amount, cores, devices, memory_bytes
from trainyard.spec.workload import Role as WrittenRole
from trainyard.spec.workload import WorkloadSpec

__all__ = ["scheduled"]


def scheduled(written: WorkloadSpec) -> dict[str, Any]:
    """The fields of a `ResolvedOperation` that a workload determines. Raises ValueError for a size that is none, and
    for two containers of one name."""
    roles = tuple(_role(role) for role in written.roles)
    init = tuple(_container(each, f"init-{index + 1}") for index, each in enumerate(written.init))
    sidecars = tuple(_container(each, f"sidecar-{index + 1}") for index, each in enumerate(written.sidecars))
    names = [each.name for each in (*init, *sidecars)]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"two containers are called `{twice}`")
    return {
        "roles": roles,
        "topology": written.topology,
        "ports": written.ports,
        "init": init,
        "sidecars": sidecars,
        "volumes": tuple(dict(each) for each in written.volumes),
        "placement": dict(written.placement),
        "resources": _sum((role.requests, role.replicas) for role in roles),
    }


def _role(written: WrittenRole) -> Role:
    stated = written.container.resources
    requests, limits = (_size(stated.requests), _size(stated.limits)) if stated else (Resources(), Resources())
    return Role(
        name=written.name,
        replicas=written.replicas,
        container=_container(written.container, written.name),
        requests=requests if stated and stated.requests else limits,
        limits=limits,
    )


def _container(written: Container | AuxiliaryContainer, name: str) -> ContainerSpec:
    return ContainerSpec(
        name=(written.name if isinstance(written, AuxiliaryContainer) else None) or name,
        command=written.command,
        args=written.args,
        env=dict(written.env),
        image=written.image or "",
        working_dir=written.working_dir or "",
    )


def _size(written: GpuAmounts | None) -> Resources:
    if written is None:
        return Resources()
    return Resources(
        cpu=cores(written.cpu) if written.cpu is not None else 0.0,
        memory=memory_bytes(written.memory) if written.memory is not None else 0,
        gpu=devices(text) if (text := written.gpu or written.nvidia_gpu) is not None else 0,
        other={name: float(amount(text)) for name, text in written.others.items()},
    )


def _sum(parts: Iterable[tuple[Resources, int]]) -> Resources:
    cpu, memory, gpu, other = 0.0, 0, 0, dict[str, float]()
    for each, copies in parts:
        cpu, memory, gpu = cpu + copies * each.cpu, memory + copies * each.memory, gpu + copies * each.gpu
        for name, stated in each.other.items():
            other[name] = other.get(name, 0.0) + copies * stated
    return Resources(cpu=cpu, memory=memory, gpu=gpu, other=other)
