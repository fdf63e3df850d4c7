"""Projects in SQL."""

from __future__ import annotations

from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.tables import Project, rows

__all__ = ["DEFAULT", "ensure", "every", "names"]

DEFAULT = "default"


async def ensure(tx: Tx, name: str, *, at: int, description: str = "") -> bool:
    """Make sure that a project exists; True when it is new."""
    row = await tx.one(
        "INSERT INTO project (name, description, created_at) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO NOTHING RETURNING name",
        name, description, at,
    )  # fmt: skip
    return row is not None


async def every(tx: Tx) -> list[Row]:
    """All projects by name."""
    return await rows(tx, Project.select().order_by(Project.name))


async def names(tx: Tx) -> list[str]:
    """All projects' names."""
    return [row["name"] for row in await every(tx)]
