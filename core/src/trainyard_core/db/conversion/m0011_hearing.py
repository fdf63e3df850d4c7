"""Since when this platform could hear its agents and programs."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

STATEMENT = """CREATE TABLE hearing (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        since BIGINT NOT NULL,
        until BIGINT NOT NULL)"""
"""One row at most. Some process has served the API from `since` until `until` without a break."""


async def forwards(tx: Tx) -> None:
    """Create the table."""
    await tx.run(STATEMENT)
