"""Uploads: artifacts that arrive in parts, and how far each has come in its life."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

STATEMENTS = (
    """CREATE TABLE upload (
            id TEXT PRIMARY KEY,
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            size BIGINT NOT NULL CHECK (size >= 0),
            digest TEXT NOT NULL,
            actor TEXT NOT NULL,
            state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'finishing', 'done')),
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            UNIQUE (run, name, digest, size))""",
    "CREATE INDEX upload_age ON upload (updated_at)",
)
"""`finishing` is written before the tracker makes the artifact, `done` with the artifact's row."""


async def forwards(tx: Tx) -> None:
    """Create the table."""
    for statement in STATEMENTS:
        await tx.run(statement)
