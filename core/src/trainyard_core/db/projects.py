"""Projects in SQL: what they are called and what their runs may use."""

from __future__ import annotations

from collections.abc import Collection

from trainyard_core.db import retirements
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.tables import Project, rows

__all__ = ["DEFAULT", "archive", "delete", "ensure", "get", "names", "page", "update"]

DEFAULT = "default"


async def ensure(tx: Tx, name: str, *, at: int, description: str = "") -> bool:
    """Make sure that a project exists; True when it is new."""
    changed = await tx.run(
        "INSERT INTO project (name, description, created_at, updated_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (name) DO NOTHING",
        name, description, at, at,
    )  # fmt: skip
    return changed > 0


async def get(tx: Tx, name: str) -> Row | None:
    """One project."""
    return await tx.one("SELECT * FROM project WHERE name = ?", name)


async def page(tx: Tx, *, only: Collection[str] | None = None, after: str = "", limit: int = 50) -> list[Row]:
    """Projects by name after one: all of them, or those named."""
    query = Project.select().where(Project.name > after).order_by(Project.name).limit(limit)
    if only is None:
        return await rows(tx, query)
    return await rows(tx, query.where(Project.name.is_in(list(only)))) if only else []


async def names(tx: Tx) -> list[str]:
    """All projects' names."""
    return [row["name"] for row in await rows(tx, Project.select(Project.name).order_by(Project.name))]


async def update(
    tx: Tx, name: str, *, description: str, weight: float, quota: str, queues: str, connections: str, at: int
) -> None:
    """Change a project. `quota`, `queues` and `connections` are JSON texts."""
    await tx.run(
        "UPDATE project SET description = ?, weight = ?, quota = ?, queues = ?, connections = ?, updated_at = ?"
        " WHERE name = ?",
        description, weight, quota, queues, connections, at, name,
    )  # fmt: skip


async def archive(tx: Tx, name: str, *, archived: bool, at: int) -> None:
    """Close a project for new runs, or open it again."""
    await tx.run(
        "UPDATE project SET archived_at = ?, updated_at = ? WHERE name = ?", at if archived else None, at, name
    )


async def delete(tx: Tx, name: str, *, at: int) -> bool:
    """Remove a project that has no runs, with its members; False when it has some. Its name is not used again."""
    row = await tx.one("SELECT 1 FROM run WHERE project = ? LIMIT 1", name)
    if row is not None:
        return False
    await tx.run("DELETE FROM member WHERE project = ?", name)
    await tx.run("DELETE FROM project WHERE name = ?", name)
    await retirements.add(tx, "project", name, at=at)
    return True
