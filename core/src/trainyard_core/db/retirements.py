"""Names that are used once: of projects, and of people and service accounts. A deleted one leaves its name behind, for
the log, kept answers, tokens and scripts know it by that name, and must not take another for it."""

from __future__ import annotations

from typing import Literal

from trainyard_core.db.engine import Tx

__all__ = ["add", "has"]

Kind = Literal["project", "principal"]


async def add(tx: Tx, kind: Kind, name: str, *, at: int) -> None:
    """The name is not free again. Idempotent."""
    await tx.run(
        "INSERT INTO retirement (kind, name, at) VALUES (?, ?, ?) ON CONFLICT (kind, name) DO NOTHING", kind, name, at
    )


async def has(tx: Tx, kind: Kind, name: str) -> bool:
    """Whether there was one of that name once. Asked after the insert of another, which waits for a deletion that has
    not been committed yet."""
    return await tx.one("SELECT 1 FROM retirement WHERE kind = ? AND name = ?", kind, name) is not None
