"""Databases as earlier versions left them: the fixtures of this folder, and without rows any state from m0009 on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import asyncpg
import pytest

from trainyard_core.clock import SystemClock
from trainyard_core.db import conversion
from trainyard_core.db.connect import connect
from trainyard_core.db.conversion.history import EARLIEST
from trainyard_core.db.engine import Tx
from trainyard_core.db.migrate import Migration, migrate, migrations_in

HERE = Path(__file__).parent
VERSIONS = sorted({path.name.split(".")[0] for path in HERE.glob("*.sql")})
CLEAR = """DO $$ DECLARE names text; BEGIN
    SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') INTO names FROM pg_tables
    WHERE schemaname = current_schema() AND tablename <> 'migration';
    EXECUTE 'TRUNCATE ' || names || ' RESTART IDENTITY';
END $$"""


def load(url: str, version: str) -> None:
    """Fill an empty database with the fixture of that version."""
    if url.startswith("sqlite"):
        with _sqlite(url) as database:
            database.executescript((HERE / f"{version}.sqlite.sql").read_text())
        return
    text = (HERE / f"{version}.postgresql.sql").read_text()
    asyncio.run(_execute(url, f"SET check_function_bodies = false; {text}"))


@contextmanager
def restored(version: str, dialect: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """A database as that version left it; what `yard up` is told about it."""
    if dialect == "sqlite":
        (folder / "data").mkdir()
        load(f"sqlite:///{folder / 'data' / 'trainyard.db'}", version)
        yield {}
        return
    cluster = request.getfixturevalue("postgres")
    url = cluster.create(empty=True)
    load(url, version)
    yield {"TRAINYARD_DATABASE": url}
    cluster.drop(url)


async def make(url: str, last: str) -> None:
    """Give an empty database the tables, and no rows, as they were when `last` was core's last migration: from
    `m0009_sweeps` to `m0019_directors`."""
    await asyncio.to_thread(load, url, "m0009")
    if url.startswith("sqlite"):
        _clear(url)
    else:
        await _execute(url, CLEAR)
    steps = [each for each in migrations_in("core", conversion) if each.name <= last]
    database = await connect(url)
    await migrate(database, [*(Migration("core", name, _applied) for name in EARLIEST), *steps], SystemClock())
    await database.close()


async def _applied(tx: Tx) -> None:
    raise AssertionError("the fixture has applied it")


def _clear(url: str) -> None:
    with _sqlite(url) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migration'")
        for (table,) in tables.fetchall():
            database.execute(f"DELETE FROM {table}")
        database.commit()


def _sqlite(url: str) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(url.removeprefix("sqlite:///")))


async def _execute(url: str, script: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(script)
    await connection.close()
