"""Rows that a decision is made on, held until its transaction ends. On PostgreSQL each statement of a transaction that
writes sees what is committed by then: whoever reads a row, decides, and writes, holds it first. SQLite has one writer,
which holds everything."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

__all__ = ["hold", "keep"]


async def hold(tx: Tx, table: str, name: str) -> None:
    """Hold the row of that name, if there is one, to change or remove it. What is read afterwards is what whoever held
    it before has left."""
    if tx.dialect == "postgresql":
        await tx.run(f"SELECT 1 FROM {table} WHERE name = ? FOR UPDATE", name)


async def keep(tx: Tx, table: str, name: str) -> bool:
    """Whether there is a row of that name. It may be changed meanwhile, but is not removed."""
    hold = " FOR KEY SHARE" if tx.dialect == "postgresql" else ""
    return await tx.one(f"SELECT 1 FROM {table} WHERE name = ?{hold}", name) is not None
