"""Projects."""

from __future__ import annotations

import msgspec

__all__ = ["EditProject", "NewProject", "Project", "ProjectPage"]


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project. `role` is the asker's in it. Its runs may use the `queues` and `connections` whose names fit one of
    these patterns (`*`: any). `weight` is its share against other projects, `quota` what its live runs may hold
    together by resource name (cpu in cores, memory in bytes, gpu in devices, or any other name). An archived project
    takes no new runs."""

    name: str
    description: str = ""
    created_at: str = ""
    updated_at: str = ""
    archived: bool = False
    role: str = ""
    queues: list[str] = msgspec.field(default_factory=lambda: ["*"])
    connections: list[str] = msgspec.field(default_factory=lambda: ["*"])
    weight: float = 1.0
    quota: dict[str, float] = {}


class ProjectPage(msgspec.Struct, frozen=True, kw_only=True):
    """Projects, by name."""

    items: list[Project]
    next: str | None = None


class NewProject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A project to be created."""

    name: str
    description: str = ""


class EditProject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is to change of a project; what is left out or null stays. `archived` closes it for new runs. Limits
    (`queues`, `connections`, `weight`, `quota`) are changed by an admin of the deployment."""

    description: str | None = None
    archived: bool | None = None
    queues: list[str] | None = None
    connections: list[str] | None = None
    weight: float | None = None
    quota: dict[str, float] | None = None
