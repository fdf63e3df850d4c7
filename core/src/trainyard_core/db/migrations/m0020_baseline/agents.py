"""Agents, the queues that they serve, and since when somebody has listened to them."""

from __future__ import annotations

STATEMENTS = (
    """CREATE TABLE queue (
            name TEXT PRIMARY KEY,
            priority INTEGER NOT NULL DEFAULT 0,            -- runs of queues with a higher one start first
            concurrency INTEGER CHECK (concurrency >= 0),   -- the most live runs; NULL: no limit
            quota TEXT NOT NULL DEFAULT '{}',               -- JSON: the most of each resource for its live runs
            selector TEXT NOT NULL DEFAULT '{}',            -- JSON: labels that agents must have
            paused INTEGER NOT NULL DEFAULT 0,              -- flag
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL DEFAULT 0)""",
    """CREATE TABLE agent (
            name TEXT PRIMARY KEY,
            scheduler TEXT NOT NULL,
            queues TEXT NOT NULL,                           -- JSON: those that it wants to serve
            allowed_queues TEXT NOT NULL DEFAULT '["*"]',   -- JSON: those that an admin lets it serve
            cpu DOUBLE PRECISION NOT NULL,                  -- what it has in all; cpu or memory 0: no limit
            memory BIGINT NOT NULL,
            gpu INTEGER NOT NULL,
            resources TEXT NOT NULL DEFAULT '{}',           -- JSON: amounts by any other name
            labels TEXT NOT NULL DEFAULT '{}',              -- JSON: its own and, over them, those of an admin
            admin_labels TEXT NOT NULL DEFAULT '{}',        -- JSON: those that an admin gave it
            version TEXT NOT NULL DEFAULT '',               -- of its Trainyard
            epoch BIGINT NOT NULL DEFAULT 0,                -- counts its sessions; a call of an older one is refused
            enrolled INTEGER NOT NULL DEFAULT 0,            -- flag: an admin has added it
            draining INTEGER NOT NULL DEFAULT 0,            -- flag: an admin wants it to have no more work
            shutting_down INTEGER NOT NULL DEFAULT 0,       -- flag: it said so itself
            not_ready TEXT NOT NULL DEFAULT '',             -- why its scheduler cannot be asked; empty: it can
            seen_at BIGINT NOT NULL)                        -- when it was last heard of; 0: never""",
    # One row at most: some process has served the API from `since` until `until` without a break.
    """CREATE TABLE uptime (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            since BIGINT NOT NULL,
            until BIGINT NOT NULL)""",
)
