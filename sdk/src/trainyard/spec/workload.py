"""What a run of a plugin's kind comes to for a scheduler: its roles, how they work together, what is beside them."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, JsonValue, field_validator, model_validator

from trainyard.spec.container import AuxiliaryContainer, Container
from trainyard.spec.model import Model, Name, problem

__all__ = ["TOPOLOGIES", "Role", "Topology", "WorkloadSpec"]

Topology = Literal["none", "torch", "tf", "mpi", "ray", "dask"]
TOPOLOGIES: tuple[Topology, ...] = get_args(Topology)
MOST_REPLICAS = 10_000
_Port = Annotated[int, Field(ge=1, le=65535)]


class Role(Model):
    """So many copies of one program. Its size is that of one copy."""

    name: Name
    replicas: Annotated[int, Field(ge=1, le=MOST_REPLICAS)] = 1
    container: Container


class WorkloadSpec(Model):
    """The roles of a run, of which the first is the main one, and how their copies find each other (`topology`).
    `ports` are those that the run serves. `init` and `sidecars` run in each copy. `volumes` and `placement` are as
    Kubernetes has volumes and the language its `environment`; a scheduler that has nothing like it says so."""

    roles: tuple[Role, ...]
    topology: Topology = "none"
    ports: tuple[_Port, ...] = ()
    init: tuple[AuxiliaryContainer, ...] = ()
    sidecars: tuple[AuxiliaryContainer, ...] = ()
    volumes: tuple[dict[str, JsonValue], ...] = ()
    placement: dict[str, JsonValue] = Field(default_factory=dict)

    @field_validator("roles")
    @classmethod
    def _some(cls, roles: tuple[Role, ...]) -> tuple[Role, ...]:
        if not roles:
            raise problem("a run has at least one role", "add one")
        return roles

    @model_validator(mode="after")
    def _distinct(self) -> WorkloadSpec:
        names = [role.name for role in self.roles]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise problem(f"two roles are called `{twice}`", "rename one of them")
        return self
