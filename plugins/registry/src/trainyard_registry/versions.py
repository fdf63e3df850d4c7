"""Versions of components and presets in SQL: their content never changes, what is said of them does.

A version is newer than those that were registered before it. Archived ones are passed by when the newest is looked
for. What may be registered, and what a content means, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trainyard.compile.reference import Kind, Reference
from trainyard_core.contracts.database import PluginRow, PluginTx, Target
from trainyard_registry.tables import RegistryVersion

__all__ = [
    "NewVersion",
    "delete",
    "delete_project",
    "edit",
    "find",
    "insert",
    "lock",
    "names",
    "newest",
    "one",
    "page",
    "versions",
]

_encode = msgspec.json.Encoder().encode
_NEWEST = (
    "(SELECT MAX(n.id) FROM registry_version n WHERE n.project = v.project AND n.kind = v.kind AND n.name = v.name"
    " AND n.archived_at IS NULL)"
)


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version to be registered."""

    project: str
    kind: Kind
    name: str
    version: str
    content: str
    digest: str
    description: str
    tags: list[str]
    actor: str
    at: int

    @property
    def target(self) -> Target:
        """What runs refer to."""
        return Target(project=self.project, kind=self.kind, name=self.name, version=self.version, digest=self.digest)


async def insert(tx: PluginTx, new: NewVersion) -> bool:
    """Insert a version; False when there is one of that name already, which stays as it is."""
    changed = await tx.run(
        "INSERT INTO registry_version (project, kind, name, version, content, digest, description, tags, created_by,"
        " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (project, kind, name, version) DO NOTHING",
        new.project, new.kind, new.name, new.version, new.content, new.digest, new.description,
        _encode(new.tags).decode(), new.actor, new.at, new.at,
    )  # fmt: skip
    return changed > 0


async def one(tx: PluginTx, project: str, kind: Kind, name: str, version: str) -> PluginRow | None:
    """One version, archived or not."""
    return await tx.one(
        "SELECT * FROM registry_version WHERE project = ? AND kind = ? AND name = ? AND version = ?",
        project, kind, name, version,
    )  # fmt: skip


async def newest(tx: PluginTx, project: str, kind: Kind, name: str) -> PluginRow | None:
    """The newest version that is not archived."""
    return await tx.one(
        "SELECT * FROM registry_version WHERE project = ? AND kind = ? AND name = ? AND archived_at IS NULL"
        " ORDER BY id DESC LIMIT 1",
        project, kind, name,
    )  # fmt: skip


async def find(tx: PluginTx, project: str, references: Sequence[Reference]) -> list[PluginRow]:
    """The versions that references lead to, archived ones too where a version is named; `is_newest` tells which of
    them an empty version means. One query, whatever the number, which is not 0."""
    clauses, args = [], []
    for reference in references:
        which = "v.version = ?" if reference.version else f"v.id = {_NEWEST}"
        clauses.append(f"(v.kind = ? AND v.name = ? AND {which})")
        args += [reference.kind, reference.name, *([reference.version] if reference.version else [])]
    return await tx.all(
        f"SELECT v.*, CASE WHEN v.id = {_NEWEST} THEN 1 ELSE 0 END AS is_newest FROM registry_version v"
        f" WHERE v.project = ? AND ({' OR '.join(clauses)})",
        project, *args,
    )  # fmt: skip


async def names(tx: PluginTx, project: str, kind: Kind) -> list[str]:
    """The names that have a version which is not archived."""
    found = await tx.all(
        "SELECT DISTINCT name FROM registry_version WHERE project = ? AND kind = ? AND archived_at IS NULL"
        " ORDER BY name",
        project, kind,
    )  # fmt: skip
    return [row["name"] for row in found]


async def page(tx: PluginTx, project: str, kind: Kind, *, after: str, limit: int, archived: bool) -> list[PluginRow]:
    """The newest version of each name after one, by name. `archived`: among all versions, not the open ones alone."""
    only = "" if archived else " AND archived_at IS NULL"
    return await tx.all(
        "SELECT v.* FROM registry_version v JOIN (SELECT MAX(id) AS id FROM registry_version"
        f" WHERE project = ? AND kind = ? AND name > ?{only} GROUP BY name ORDER BY name LIMIT ?) n ON n.id = v.id"
        " ORDER BY v.name",
        project, kind, after, limit,
    )  # fmt: skip


async def versions(
    tx: PluginTx, project: str, kind: Kind, name: str, *, before: int | None, limit: int, archived: bool
) -> list[PluginRow]:
    """The versions of a name, newest first, below an id."""
    query = RegistryVersion.select().where(
        RegistryVersion.project == project, RegistryVersion.kind == kind, RegistryVersion.name == name
    )
    if before is not None:
        query = query.where(RegistryVersion.id < before)
    if not archived:
        query = query.where(RegistryVersion.archived_at.is_null())
    return await tx.query(query.order_by(RegistryVersion.id, ascending=False).limit(limit))


async def edit(
    tx: PluginTx,
    row: PluginRow,
    *,
    description: str,
    tags: list[str],
    stage: str,
    deprecated: bool,
    archived: bool,
    at: int,
) -> None:
    """Change what is said of a version; its content never changes."""
    archived_at = (row["archived_at"] or at) if archived else None
    await tx.run(
        "UPDATE registry_version SET description = ?, tags = ?, stage = ?, deprecated = ?, archived_at = ?,"
        " updated_at = ? WHERE id = ?",
        description, _encode(tags).decode(), stage, int(deprecated), archived_at, at, row["id"],
    )  # fmt: skip


async def lock(tx: PluginTx, row: PluginRow) -> None:
    """Hold a version until the transaction ends, so that nobody else changes it meanwhile. SQLite has one writer."""
    if tx.dialect == "postgresql":
        await tx.run("SELECT 1 FROM registry_version WHERE id = ? FOR UPDATE", row["id"])


async def delete(tx: PluginTx, row: PluginRow) -> bool:
    """Remove a version that has been withdrawn; False when somebody else has."""
    return await tx.run("DELETE FROM registry_version WHERE id = ?", row["id"]) > 0


async def delete_project(tx: PluginTx, project: str) -> None:
    """Remove all versions of a project that is gone. Idempotent."""
    await tx.run("DELETE FROM registry_version WHERE project = ?", project)
