"""Components and presets by name and version, and what a run would be."""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard.client.models.run import Why

__all__ = [
    "Component",
    "ComponentPage",
    "EditComponent",
    "Preview",
    "RegisterComponent",
    "UsedComponent",
    "UsedComponentPage",
]


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a component or of a preset. `content` is as it was registered and never changes; it is null in
    lists. `digest` is that of its meaning. `stage` is one of testing, staging, production and changes nothing.
    A `deprecated` version is used with a warning; an `archived` one is not used by new runs."""

    project: str
    name: str
    version: str
    digest: str
    description: str = ""
    tags: list[str] = []
    stage: str = "testing"
    deprecated: bool = False
    archived: bool = False
    created_by: str = ""
    created_at: str = ""
    updated_at: str = ""
    content: str | None = None


class ComponentPage(msgspec.Struct, frozen=True, kw_only=True):
    """Versions: the newest of each name, by name; or those of one name, newest first."""

    items: list[Component]
    next: str | None = None


class RegisterComponent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A version to be registered. `content` is YAML or JSON: of a component, or of an operation with
    `isPreset: true`. `file` names it in messages."""

    name: str
    version: str
    content: str
    file: str = ""
    description: str = ""
    tags: list[str] = []


class EditComponent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is to change of a version; what is left out or null stays."""

    description: str | None = None
    tags: list[str] | None = None
    stage: str | None = None
    deprecated: bool | None = None
    archived: bool | None = None


class UsedComponent(msgspec.Struct, frozen=True, kw_only=True):
    """A version that a run was made with. `kind` is component or preset."""

    kind: str
    name: str
    version: str
    digest: str


class UsedComponentPage(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was made with: components, then presets, by name."""

    items: list[UsedComponent]
    next: str | None = None


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a run would be if it were created now. `operation` refers to nothing; `resolved` is what would run, with
    `digest`. `hold` is what it would wait for before it is queued. `forecast` says whether it would start now: its
    `blockers` are empty if so."""

    operation: dict[str, Any]
    resolved: dict[str, Any]
    digest: str
    queue: str
    forecast: Why
    hold: str = ""
    warnings: list[str] = []
    uses: list[UsedComponent] = []
