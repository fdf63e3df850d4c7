"""Which run was made with which version of what it refers to, and which versions are withdrawn.

What a version is and where it is kept is the business of the plugin that resolves references; here are its name and the
digest of its content, so that what a run was made with is known whatever becomes of the plugin.

A version is deleted, or a run is made with it, and never both: who withdraws a version holds the project's row, which
everybody who creates a run in the project keeps from being removed, and then sees which runs there are; who creates a
run sees what was withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainyard.compile.reference import ReferenceUse
from trainyard_core.contracts.database import Target
from trainyard_core.db.engine import Tx
from trainyard_core.db.row_locks import hold

__all__ = ["inherit", "of_run", "offer", "record", "withdraw"]

_COLUMNS = "project, kind, name, version, digest"
_IS_TARGET = "project = ? AND kind = ? AND name = ? AND version = ? AND digest = ?"


async def record(tx: Tx, project: str, run: str, uses: Sequence[ReferenceUse]) -> ReferenceUse | None:
    """A run, which is there, was made with these; returns one that has been withdrawn, or None. The project's row is
    kept by then."""
    rows = [(run, project, *use) for use in dict.fromkeys(uses)]
    await tx.many(f"INSERT INTO run_reference (run, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", rows)
    row = await tx.one(
        "SELECT r.kind, r.name, r.version, r.digest FROM run_reference r JOIN reference_withdrawal w"
        " ON w.project = r.project AND w.kind = r.kind AND w.name = r.name AND w.version = r.version"
        " AND w.digest = r.digest WHERE r.run = ? LIMIT 1",
        run,
    )
    return None if row is None else ReferenceUse(row["kind"], row["name"], row["version"], row["digest"])


async def inherit(tx: Tx, run: str, source: str) -> None:
    """A run that was made from another one, which is held, was made with what that one was made with."""
    await tx.run(
        f"INSERT INTO run_reference (run, {_COLUMNS}) SELECT ?, {_COLUMNS} FROM run_reference WHERE run = ?",
        run, source,
    )  # fmt: skip


async def of_run(tx: Tx, run: str) -> list[ReferenceUse]:
    """What a run was made with, by kind, name and version."""
    found = await tx.all(
        "SELECT kind, name, version, digest FROM run_reference WHERE run = ? ORDER BY kind, name, version", run
    )
    return [ReferenceUse(row["kind"], row["name"], row["version"], row["digest"]) for row in found]


async def offer(tx: Tx, target: Target) -> None:
    """A version is there to be referred to, also if it was withdrawn before. Idempotent."""
    await tx.run(f"DELETE FROM reference_withdrawal WHERE {_IS_TARGET}", *_key(target))


async def withdraw(tx: Tx, target: Target) -> str:
    """Refuse new references to a version; or return a run that refers to it already. In a project that is not there
    nothing is to be refused. Idempotent."""
    await hold(tx, "project", target.project)
    row = await tx.one(f"SELECT run FROM run_reference WHERE {_IS_TARGET} LIMIT 1", *_key(target))
    if row is not None:
        return str(row["run"])
    await tx.run(
        f"INSERT INTO reference_withdrawal ({_COLUMNS}) SELECT name, ?, ?, ?, ? FROM project WHERE name = ?"
        " ON CONFLICT DO NOTHING",
        *_key(target)[1:], target.project,
    )  # fmt: skip
    return ""


def _key(target: Target) -> tuple[str, str, str, str, str]:
    return target.project, target.kind, target.name, target.version, target.digest
