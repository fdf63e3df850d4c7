"""Core keeps which run was made with which version of what it refers to; the versions themselves are the plugin
`registry`'s.

What the table `component` holds becomes a table of that plugin, whose first step takes it over, whenever it is
installed: until then nobody reads the rows and nobody loses them. A table without rows is removed.
"""

from __future__ import annotations

from trainyard_core.db.engine import Tx, schema_of

STATEMENTS = (
    """CREATE TABLE run_reference (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            project TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            version TEXT NOT NULL,
            digest TEXT NOT NULL,
            PRIMARY KEY (run, kind, name, version))""",
    "CREATE INDEX run_reference_target ON run_reference (project, kind, name, version, digest)",
    """CREATE TABLE reference_withdrawal (
            project TEXT NOT NULL REFERENCES project (name) ON DELETE CASCADE,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            version TEXT NOT NULL,
            digest TEXT NOT NULL,
            PRIMARY KEY (project, kind, name, version, digest))""",
    """INSERT INTO run_reference (run, project, kind, name, version, digest)
            SELECT u.run, c.project, c.kind, c.name, c.version, c.digest
            FROM component_use u JOIN component c ON c.id = u.component""",
    "DROP TABLE component_use",
)
SCHEMA = schema_of("registry")
MOVES = {
    "sqlite": (
        "DROP INDEX component_newest",
        "ALTER TABLE component RENAME TO registry_component",
    ),
    "postgresql": (
        "DROP INDEX component_newest",
        f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
        f"ALTER TABLE component SET SCHEMA {SCHEMA}",
        f"ALTER TABLE {SCHEMA}.component RENAME TO registry_component",
    ),
}


async def forwards(tx: Tx) -> None:
    """Make the tables, and hand over what the plugin is to have."""
    for statement in STATEMENTS:
        await tx.run(statement)
    row = await tx.one("SELECT 1 AS found FROM component LIMIT 1")
    for statement in MOVES[tx.dialect] if row is not None else ("DROP TABLE component",):
        await tx.run(statement)
