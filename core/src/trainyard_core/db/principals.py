"""Principals in SQL: people, services and agents, and their roles in projects."""

from __future__ import annotations

from trainyard_core.db.engine import Row, Tx

__all__ = [
    "count",
    "create",
    "delete",
    "disable",
    "ensure",
    "get",
    "hold_admins",
    "leave",
    "members",
    "page",
    "put_member",
    "update",
]


async def create(tx: Tx, name: str, *, kind: str, role: str, at: int, description: str = "") -> bool:
    """Add a principal; False when the name is taken."""
    changed = await tx.run(
        "INSERT INTO principal (name, kind, role, description, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (name) DO NOTHING",
        name, kind, role, description, at, at,
    )  # fmt: skip
    return changed > 0


async def ensure(tx: Tx, name: str, *, kind: str, role: str, at: int) -> None:
    """Make sure that a principal exists; one that does stays as it is."""
    await create(tx, name, kind=kind, role=role, at=at)


async def get(tx: Tx, name: str, *, kind: str) -> Row | None:
    """One principal of a kind."""
    return await tx.one("SELECT * FROM principal WHERE name = ? AND kind = ?", name, kind)


async def count(tx: Tx) -> int:
    """How many people and services there are that are not shut out."""
    row = await tx.one("SELECT COUNT(*) AS n FROM principal WHERE kind <> 'agent' AND disabled_at IS NULL")
    assert row is not None
    return int(row["n"])


async def hold_admins(tx: Tx) -> None:
    """Hold every admin until the transaction ends, so that of two who would leave none only one does."""
    if tx.dialect == "postgresql":
        await tx.run("SELECT 1 FROM principal WHERE role = 'admin' ORDER BY name FOR UPDATE")


async def page(tx: Tx, *, kind: str, after: str = "", limit: int = 50) -> list[Row]:
    """Principals of a kind by name, after one."""
    return await tx.all("SELECT * FROM principal WHERE kind = ? AND name > ? ORDER BY name LIMIT ?", kind, after, limit)


async def update(tx: Tx, name: str, *, role: str, description: str, at: int) -> None:
    """Change a principal."""
    await tx.run(
        "UPDATE principal SET role = ?, description = ?, updated_at = ? WHERE name = ?", role, description, at, name
    )


async def disable(tx: Tx, name: str, *, disabled: bool, at: int) -> None:
    """Shut a principal out with all its tokens, or let it in again."""
    await tx.run(
        "UPDATE principal SET disabled_at = ?, updated_at = ? WHERE name = ?", at if disabled else None, at, name
    )


async def delete(tx: Tx, name: str) -> None:
    """Remove a principal, its roles and its tokens. What it did stays in the activities under its name."""
    await tx.run("DELETE FROM member WHERE principal = ?", name)
    await tx.run("DELETE FROM token WHERE principal = ?", name)
    await tx.run("DELETE FROM principal WHERE name = ?", name)


async def members(tx: Tx, project: str, *, after: str = "", limit: int = 50) -> list[Row]:
    """A project's members by name, after one."""
    return await tx.all(
        "SELECT m.*, p.kind FROM member m JOIN principal p ON p.name = m.principal"
        " WHERE m.project = ? AND m.principal > ? ORDER BY m.principal LIMIT ?",
        project, after, limit,
    )  # fmt: skip


async def put_member(tx: Tx, project: str, principal: str, role: str, *, at: int) -> None:
    """Give a principal a role in a project, in place of the one it has."""
    await tx.run(
        "INSERT INTO member (project, principal, role, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (project, principal) DO UPDATE SET role = excluded.role",
        project, principal, role, at,
    )  # fmt: skip


async def leave(tx: Tx, project: str, principal: str) -> bool:
    """Take a principal's role in a project away; False when it had none."""
    changed = await tx.run("DELETE FROM member WHERE project = ? AND principal = ?", project, principal)
    return changed > 0
