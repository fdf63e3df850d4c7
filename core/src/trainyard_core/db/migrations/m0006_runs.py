"""Runs: who made them, what they were made from, when they were archived; edges between runs; artifacts by reference;
what is left of deleted runs outside of the database."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

STATEMENTS = (
    "ALTER TABLE run ADD COLUMN created_by TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE run ADD COLUMN archived_at BIGINT",
    """ALTER TABLE run ADD COLUMN clone_kind TEXT NOT NULL DEFAULT ''
            CHECK (clone_kind IN ('', 'restart', 'resume', 'copy'))""",
    "ALTER TABLE run ADD COLUMN fork_step BIGINT",
    "ALTER TABLE operation ADD COLUMN given TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE artifact ADD COLUMN source TEXT",
    """UPDATE run SET created_by = COALESCE((SELECT actor FROM activity a WHERE a.run = run.id
            ORDER BY a.id LIMIT 1), '')""",
    """CREATE TABLE edge (
            run TEXT NOT NULL REFERENCES run (id),
            source TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('upstream', 'parent', 'cloned')),
            data TEXT NOT NULL DEFAULT '{}',
            at BIGINT NOT NULL,
            PRIMARY KEY (run, source, kind))""",
    "CREATE INDEX edge_source ON edge (source, kind, run)",
    "CREATE INDEX artifact_source ON artifact (source) WHERE source IS NOT NULL",
    "CREATE INDEX run_archived ON run (project, id) WHERE archived_at IS NOT NULL",
    """CREATE TABLE deletion (
            run TEXT PRIMARY KEY,
            project TEXT NOT NULL,
            at BIGINT NOT NULL,
            next_at BIGINT,
            passes INTEGER NOT NULL DEFAULT 0,
            failures INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX deletion_due ON deletion (next_at) WHERE next_at IS NOT NULL",
    """CREATE TABLE orphan (
            run TEXT NOT NULL,
            number INTEGER NOT NULL,
            agent TEXT NOT NULL,
            exited INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (run, number))""",
    "CREATE INDEX orphan_agent ON orphan (agent)",
)
"""`given` is what came beside an operation's text when its run was created (params, name, tags ...), so that it can be
compiled again. `source` of an artifact is the run that holds its bytes when that is another one. `deletion` keeps the
ids of deleted runs: until the tracker has forgotten them, and so that none is ever used again; `orphan` are attempts
of deleted runs that an agent still holds."""


async def forwards(tx: Tx) -> None:
    """Extend and create the tables."""
    for statement in STATEMENTS:
        await tx.run(statement)
