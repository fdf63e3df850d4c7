"""The tables of a new database are those of core, and Piccolo sees them as the migrations make them, on both
databases."""

from __future__ import annotations

import pytest
from web import serving

from trainyard_core.db import projects, tables
from trainyard_core.db.engine import Database, Tx
from trainyard_core.registry import Registry
from trainyard_core.testing.factories import Arrange

OF_CORE = """
activity agent artifact attempt attempt_stream connection deletion director edge idempotency instance job member metric
metric_attempt
migration observer observer_event operation orphan principal project queue reference_withdrawal retirement run
run_reference run_tag run_value token upload uptime writer
"""
"""All tables of core. What a plugin keeps is in tables of its own, which its migrations make."""
OF_PLUGINS = ("component", "preset", "sweep", "trial")
"""How the names of tables and indexes begin that are of plugins now and were of core once."""
NAMES = {
    "sqlite": "SELECT type AS kind, name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'",
    "postgresql": """SELECT CASE c.relkind WHEN 'r' THEN 'table' ELSE 'other' END AS kind, c.relname AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')""",
}
"""Of everything in a database, whatever its schema."""


async def columns_of(tx: Tx, table: str) -> set[str]:
    if tx.dialect == "sqlite":
        return {row["name"] for row in await tx.all(f"PRAGMA table_info({table})")}
    found = await tx.all("SELECT column_name AS name FROM information_schema.columns WHERE table_name = ?", table)
    return {row["name"] for row in found}


async def test_a_new_database_without_plugins_has_the_tables_of_core_and_no_others(empty_url, tmp_path):
    async with serving(empty_url, tmp_path / "data", Registry()) as web:
        made = await web.runtime.database.read(lambda tx: tx.all(NAMES[tx.dialect]))
    assert {row["name"] for row in made if row["kind"] == "table"} == {*OF_CORE.split()}
    assert [row["name"] for row in made if row["name"].startswith(OF_PLUGINS)] == []


@pytest.mark.parametrize("table", tables.TABLES, ids=lambda table: table._meta.tablename)
async def test_piccolo_knows_every_column(database: Database, table):
    made = await database.read(lambda tx: columns_of(tx, table._meta.tablename))
    assert {column._meta.name for column in table._meta.columns} == made


async def test_projects_come_by_name(database: Database, arrange: Arrange):
    for name in ("zebra", "apple"):
        await database.write(lambda tx, name=name: projects.ensure(tx, name, at=1))
    assert await database.read(projects.names) == ["apple", "default", "zebra"]
