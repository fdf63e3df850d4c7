"""Access: people, services and agents as principals, their roles in projects, tokens that belong to them and are
narrower, and idempotency keys with what was answered."""

from __future__ import annotations

STATEMENTS = (
    """CREATE TABLE principal (
            name TEXT PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('user', 'service', 'agent')),
            role TEXT NOT NULL CHECK (role IN ('none', 'viewer', 'member', 'admin')),   -- in every project
            description TEXT NOT NULL DEFAULT '',
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            disabled_at BIGINT)""",
    """CREATE TABLE member (
            project TEXT NOT NULL REFERENCES project (name),
            principal TEXT NOT NULL REFERENCES principal (name),
            role TEXT NOT NULL CHECK (role IN ('viewer', 'member', 'admin')),           -- in this project
            created_at BIGINT NOT NULL,
            PRIMARY KEY (project, principal))""",
    "CREATE INDEX member_principal ON member (principal)",
    """CREATE TABLE token (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,                             -- what its owner calls it
            hash TEXT NOT NULL UNIQUE,                      -- SHA-256 of the token, which itself is stored nowhere
            prefix TEXT NOT NULL DEFAULT '',                -- its first characters, to know it by
            principal TEXT NOT NULL DEFAULT '',             -- whose it is
            scopes TEXT NOT NULL DEFAULT '["read","write","track","admin","agent"]',    -- JSON
            projects TEXT NOT NULL DEFAULT '["*"]',         -- JSON: those that it reaches
            parent TEXT NOT NULL DEFAULT '',                -- the token that it was made with, and is revoked with
            created_at BIGINT NOT NULL,
            expires_at BIGINT,
            revoked_at BIGINT,
            used_at BIGINT)""",
    "CREATE INDEX token_principal ON token (principal)",
    "CREATE INDEX token_parent ON token (parent) WHERE parent <> ''",
    """CREATE TABLE idempotency (
            scope TEXT NOT NULL,                            -- whose key it is, and for what
            key TEXT NOT NULL,
            digest TEXT NOT NULL,                           -- of the request
            run TEXT NOT NULL,                              -- that was created; empty: none
            status INTEGER NOT NULL DEFAULT 0,              -- of the HTTP response; 0: none is kept
            response TEXT NOT NULL DEFAULT '',
            created_at BIGINT NOT NULL,
            PRIMARY KEY (scope, key))%WITHOUT_ROWID%""",
    "CREATE INDEX idempotency_age ON idempotency (created_at)",
)
