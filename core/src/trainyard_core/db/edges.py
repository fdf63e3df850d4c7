"""Edges between runs in SQL: `run` was made with the help of `source`. An edge outlives its source, not its run."""

from __future__ import annotations

from typing import Any

import msgspec

from trainyard_core.db.engine import Row, Tx

__all__ = ["CLONED", "PARENT", "UPSTREAM", "connect", "of_run", "to_run"]

UPSTREAM, PARENT, CLONED = "upstream", "parent", "cloned"
_encode = msgspec.json.Encoder().encode


async def connect(tx: Tx, run: str, source: str, kind: str, *, at: int, data: dict[str, Any] | None = None) -> None:
    """Add an edge. Idempotent."""
    await tx.run(
        "INSERT INTO edge (run, source, kind, data, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (run, source, kind) DO NOTHING",
        run, source, kind, _encode(data or {}).decode(), at,
    )  # fmt: skip


async def of_run(tx: Tx, run: str, kind: str, *, limit: int) -> list[Row]:
    """What a run was made with: id, and status and name where the run still is (else null)."""
    return await tx.all(
        "SELECT e.source AS id, r.status, r.name, '' AS how FROM edge e LEFT JOIN run r ON r.id = e.source"
        " WHERE e.run = ? AND e.kind = ? ORDER BY e.source LIMIT ?",
        run, kind, limit,
    )  # fmt: skip


async def to_run(tx: Tx, source: str, kind: str, *, limit: int) -> list[Row]:
    """The runs that were made with the help of one."""
    return await tx.all(
        "SELECT r.id, r.status, r.name, r.clone_kind AS how FROM edge e JOIN run r ON r.id = e.run"
        " WHERE e.source = ? AND e.kind = ? ORDER BY e.run LIMIT ?",
        source, kind, limit,
    )  # fmt: skip
