"""The tables as Piccolo sees them are the tables that the migrations make, on both databases."""

from __future__ import annotations

import pytest

from trainyard_core.db import projects, tables
from trainyard_core.db.engine import Database, Tx
from trainyard_core.testing.factories import Arrange


async def columns_of(tx: Tx, table: str) -> set[str]:
    if tx.dialect == "sqlite":
        return {row["name"] for row in await tx.all(f"PRAGMA table_info({table})")}
    found = await tx.all("SELECT column_name AS name FROM information_schema.columns WHERE table_name = ?", table)
    return {row["name"] for row in found}


@pytest.mark.parametrize("table", tables.TABLES, ids=lambda table: table._meta.tablename)
async def test_piccolo_knows_every_column(database: Database, table):
    made = await database.read(lambda tx: columns_of(tx, table._meta.tablename))
    assert {column._meta.name for column in table._meta.columns} == made


async def test_projects_come_by_name(database: Database, arrange: Arrange):
    for name in ("zebra", "apple"):
        await database.write(lambda tx, name=name: projects.ensure(tx, name, at=1))
    assert await database.read(projects.names) == ["apple", "default", "zebra"]
