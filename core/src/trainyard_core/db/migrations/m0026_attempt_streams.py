"""Streams to live attempts that are asked for."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

__all__ = ["forwards"]

_STATEMENTS = (
    """CREATE TABLE attempt_stream (
            id TEXT PRIMARY KEY,
            run TEXT NOT NULL,
            number INTEGER NOT NULL,                        -- of the attempt
            agent TEXT NOT NULL,                            -- that is to open it
            request TEXT NOT NULL,                          -- JSON: what is asked for
            created_by TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            opened_at BIGINT)""",
    "CREATE INDEX attempt_stream_asked ON attempt_stream (agent) WHERE opened_at IS NULL",
    "CREATE INDEX attempt_stream_age ON attempt_stream (created_at)",
)


async def forwards(tx: Tx) -> None:
    """Add `attempt_stream`: a row from the request until the end of a stream."""
    for statement in _STATEMENTS:
        await tx.run(statement)
