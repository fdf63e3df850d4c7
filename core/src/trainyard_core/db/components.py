"""Components and presets in SQL: versions that never change their content, and the runs that were made with them.

A version is newer than those that were registered before it. Archived ones are passed by when the newest is looked
for. What may be registered, and what a content means, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trainyard.compile.reference import Kind, Reference, ReferenceUse
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.tables import Component, rows

__all__ = [
    "NewComponent",
    "delete",
    "edit",
    "find",
    "inherit",
    "is_used",
    "lock",
    "names",
    "newest",
    "one",
    "page",
    "record",
    "register",
    "uses_of",
    "versions",
]

_encode = msgspec.json.Encoder().encode
_NEWEST = (
    "(SELECT MAX(n.id) FROM component n WHERE n.project = c.project AND n.kind = c.kind AND n.name = c.name"
    " AND n.archived_at IS NULL)"
)


class NewComponent(msgspec.Struct, frozen=True, kw_only=True):
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


async def register(tx: Tx, new: NewComponent) -> bool:
    """Insert a version; False when there is one of that name already, which stays as it is."""
    row = await tx.one(
        "INSERT INTO component (project, kind, name, version, content, digest, description, tags, created_by,"
        " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (project, kind, name, version) DO NOTHING RETURNING id",
        new.project, new.kind, new.name, new.version, new.content, new.digest, new.description,
        _encode(new.tags).decode(), new.actor, new.at, new.at,
    )  # fmt: skip
    return row is not None


async def one(tx: Tx, project: str, kind: Kind, name: str, version: str) -> Row | None:
    """One version, archived or not."""
    return await tx.one(
        "SELECT * FROM component WHERE project = ? AND kind = ? AND name = ? AND version = ?",
        project, kind, name, version,
    )  # fmt: skip


async def newest(tx: Tx, project: str, kind: Kind, name: str) -> Row | None:
    """The newest version that is not archived."""
    return await tx.one(
        "SELECT * FROM component WHERE project = ? AND kind = ? AND name = ? AND archived_at IS NULL"
        " ORDER BY id DESC LIMIT 1",
        project, kind, name,
    )  # fmt: skip


async def find(tx: Tx, project: str, references: Sequence[Reference]) -> list[Row]:
    """The versions that references lead to, archived ones too where a version is named; `is_newest` tells which of
    them an empty version means. One query, whatever the number."""
    if not references:
        return []
    clauses, args = [], []
    for reference in references:
        which = "c.version = ?" if reference.version else f"c.id = {_NEWEST}"
        clauses.append(f"(c.kind = ? AND c.name = ? AND {which})")
        args += [reference.kind, reference.name, *([reference.version] if reference.version else [])]
    return await tx.all(
        f"SELECT c.*, CASE WHEN c.id = {_NEWEST} THEN 1 ELSE 0 END AS is_newest FROM component c"
        f" WHERE c.project = ? AND ({' OR '.join(clauses)})",
        project, *args,
    )  # fmt: skip


async def names(tx: Tx, project: str, kind: Kind) -> list[str]:
    """The names that have a version which is not archived."""
    found = await tx.all(
        "SELECT DISTINCT name FROM component WHERE project = ? AND kind = ? AND archived_at IS NULL ORDER BY name",
        project, kind,
    )  # fmt: skip
    return [row["name"] for row in found]


async def page(tx: Tx, project: str, kind: Kind, *, after: str, limit: int, archived: bool) -> list[Row]:
    """The newest version of each name after one, by name. `archived`: among all versions, not the open ones alone."""
    only = "" if archived else " AND archived_at IS NULL"
    return await tx.all(
        "SELECT c.* FROM component c JOIN (SELECT MAX(id) AS id FROM component"
        f" WHERE project = ? AND kind = ? AND name > ?{only} GROUP BY name ORDER BY name LIMIT ?) n ON n.id = c.id"
        " ORDER BY c.name",
        project, kind, after, limit,
    )  # fmt: skip


async def versions(
    tx: Tx, project: str, kind: Kind, name: str, *, before: int | None, limit: int, archived: bool
) -> list[Row]:
    """The versions of a name, newest first, below an id."""
    query = Component.select().where(Component.project == project, Component.kind == kind, Component.name == name)
    if before is not None:
        query = query.where(Component.id < before)
    if not archived:
        query = query.where(Component.archived_at.is_null())
    return await rows(tx, query.order_by(Component.id, ascending=False).limit(limit))


async def edit(
    tx: Tx, row: Row, *, description: str, tags: list[str], stage: str, deprecated: bool, archived: bool, at: int
) -> None:
    """Change what is said of a version; its content never changes."""
    archived_at = (row["archived_at"] or at) if archived else None
    await tx.run(
        "UPDATE component SET description = ?, tags = ?, stage = ?, deprecated = ?, archived_at = ?, updated_at = ?"
        " WHERE id = ?",
        description, _encode(tags).decode(), stage, int(deprecated), archived_at, at, row["id"],
    )  # fmt: skip


async def lock(tx: Tx, row: Row) -> None:
    """Hold a version until the transaction ends, so that no run begins to use it meanwhile. SQLite has one writer."""
    if tx.dialect == "postgresql":
        await tx.run("SELECT 1 FROM component WHERE id = ? FOR UPDATE", row["id"])


async def is_used(tx: Tx, row: Row) -> str:
    """A run that was made with the version; empty if there is none."""
    found = await tx.one("SELECT run FROM component_use WHERE component = ? LIMIT 1", row["id"])
    return found["run"] if found else ""


async def delete(tx: Tx, row: Row) -> None:
    """Remove a version that is locked and not used."""
    await tx.run("DELETE FROM component WHERE id = ?", row["id"])


async def record(tx: Tx, project: str, run: str, use: ReferenceUse) -> bool:
    """A run was made with a version; False when that version is not there any more."""
    hold = " FOR SHARE" if tx.dialect == "postgresql" else ""
    row = await tx.one(
        "INSERT INTO component_use (run, component) SELECT ?, id FROM component"
        f" WHERE project = ? AND kind = ? AND name = ? AND version = ? AND digest = ?{hold} RETURNING run",
        run, project, use.kind, use.name, use.version, use.digest,
    )  # fmt: skip
    return row is not None


async def inherit(tx: Tx, run: str, source: str) -> None:
    """A run that was made from another one was made with what that one was made with."""
    await tx.run(
        "INSERT INTO component_use (run, component) SELECT ?, component FROM component_use WHERE run = ?", run, source
    )


async def uses_of(tx: Tx, run: str) -> list[ReferenceUse]:
    """What a run was made with: components, then presets, by name."""
    found = await tx.all(
        "SELECT c.kind, c.name, c.version, c.digest FROM component_use u JOIN component c ON c.id = u.component"
        " WHERE u.run = ? ORDER BY c.kind, c.name, c.version",
        run,
    )  # fmt: skip
    return [ReferenceUse(row["kind"], row["name"], row["version"], row["digest"]) for row in found]
