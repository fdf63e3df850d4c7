"""Projects, the names that are never used again, and what the whole installation has once."""

from __future__ import annotations

STATEMENTS = (
    """CREATE TABLE instance (
            key TEXT PRIMARY KEY,               -- `secret`: what the tokens of runs are signed with
            value TEXT NOT NULL)""",
    """CREATE TABLE project (
            name TEXT PRIMARY KEY,
            description TEXT NOT NULL DEFAULT '',
            weight DOUBLE PRECISION NOT NULL DEFAULT 1,     -- in the fair share between projects
            quota TEXT NOT NULL DEFAULT '{}',               -- JSON: the most of each resource for all its live runs
            queues TEXT NOT NULL DEFAULT '["*"]',           -- JSON: patterns of the queues that it may use
            connections TEXT NOT NULL DEFAULT '["*"]',      -- JSON: patterns of the connections that it may use
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL DEFAULT 0,
            archived_at BIGINT)""",
    # Names of deleted projects and principals. They are never used again: by them activities, idempotency keys, tokens
    # and scripts know what was deleted.
    """CREATE TABLE retirement (
            kind TEXT NOT NULL CHECK (kind IN ('project', 'principal')),
            name TEXT NOT NULL,
            at BIGINT NOT NULL,
            PRIMARY KEY (kind, name))""",
)
