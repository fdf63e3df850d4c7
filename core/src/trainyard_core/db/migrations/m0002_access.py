"""Access: people, services and agents as principals, their roles in projects, tokens that belong to them and are
narrower; limits of projects; answers kept with their idempotency keys."""

from __future__ import annotations

from trainyard_core.db.engine import Tx

STATEMENTS = (
    """CREATE TABLE principal (
            name TEXT PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('user', 'service', 'agent')),
            role TEXT NOT NULL CHECK (role IN ('none', 'viewer', 'member', 'admin')),
            description TEXT NOT NULL DEFAULT '',
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            disabled_at BIGINT)""",
    """CREATE TABLE member (
            project TEXT NOT NULL REFERENCES project (name),
            principal TEXT NOT NULL REFERENCES principal (name),
            role TEXT NOT NULL CHECK (role IN ('viewer', 'member', 'admin')),
            created_at BIGINT NOT NULL,
            PRIMARY KEY (project, principal))""",
    "CREATE INDEX member_principal ON member (principal)",
    """INSERT INTO principal (name, kind, role, created_at, updated_at)
            SELECT name, 'user', MAX(role), MIN(created_at), MIN(created_at) FROM token GROUP BY name""",
    "ALTER TABLE token ADD COLUMN principal TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE token ADD COLUMN prefix TEXT NOT NULL DEFAULT ''",
    """ALTER TABLE token ADD COLUMN scopes TEXT NOT NULL DEFAULT '["read","write","track","admin","agent"]'""",
    """ALTER TABLE token ADD COLUMN projects TEXT NOT NULL DEFAULT '["*"]'""",
    "ALTER TABLE token ADD COLUMN used_at BIGINT",
    "UPDATE token SET principal = name",
    "ALTER TABLE token DROP COLUMN role",
    "CREATE INDEX token_principal ON token (principal)",
    "ALTER TABLE project ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE project ADD COLUMN archived_at BIGINT",
    "ALTER TABLE project ADD COLUMN weight DOUBLE PRECISION NOT NULL DEFAULT 1",
    "ALTER TABLE project ADD COLUMN quota TEXT NOT NULL DEFAULT '{}'",
    """ALTER TABLE project ADD COLUMN queues TEXT NOT NULL DEFAULT '["*"]'""",
    """ALTER TABLE project ADD COLUMN connections TEXT NOT NULL DEFAULT '["*"]'""",
    "ALTER TABLE idempotency ADD COLUMN status INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE idempotency ADD COLUMN answer TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX activity_project ON activity (project, id)",
)


async def forwards(tx: Tx) -> None:
    """Create, fill and extend the tables."""
    for statement in STATEMENTS:
        await tx.run(statement)
