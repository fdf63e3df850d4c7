"""The platform that a plugin is handed: its own tables and no others, and every call with an actor; both databases."""

from __future__ import annotations

import asyncio
import re
import sys
from types import ModuleType, SimpleNamespace

import pytest
from web import serving

from trainyard.client.models import CreateRun, EditPrincipal
from trainyard_core.clock import SystemClock
from trainyard_core.contracts.database import ForeignTable
from trainyard_core.contracts.plugin import Migrations
from trainyard_core.db.connect import connect
from trainyard_core.errors import Forbidden, NotFound
from trainyard_core.hookspecs import hookimpl
from trainyard_core.plugin_host.migrations import migrate_plugins
from trainyard_core.registry import Registry

TABLE = "CREATE TABLE shelf_book (name TEXT PRIMARY KEY, run TEXT NOT NULL)"


def package(name, *statements, tmp_path):
    """A package of one migration for each statement."""
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").touch()
    for number, statement in enumerate(statements, 1):
        (folder / f"m{number:04d}_step.py").write_text(f"async def forwards(tx):\n    await tx.run({statement!r})\n")
    module = ModuleType(name)
    module.__path__ = [str(folder)]
    sys.modules[name] = module
    return module


@pytest.fixture
def offer(tmp_path):
    """A registry with a plugin `shelf` whose migrations are these statements."""
    made = []

    def of(*statements):
        name = f"shelf_steps_{len(made)}"
        made.append(name)
        steps = package(name, *statements, tmp_path=tmp_path)
        registry = Registry()
        registry.add("shelf", SimpleNamespace(register_migrations=hookimpl(lambda: [Migrations(steps)])))
        return registry

    yield of
    for name in [each for each in sys.modules if each.startswith("shelf_steps_")]:
        del sys.modules[name]


@pytest.fixture
async def shelf(database_url, tmp_path, offer):
    async with serving(database_url, tmp_path, registry=offer(TABLE)) as web:
        yield SimpleNamespace(web=web, platform=web.runtime.platforms.of("shelf"))


async def test_a_plugin_has_tables_of_its_own(shelf):
    async def put(tx):
        await tx.run("INSERT INTO shelf_book (name, run) VALUES (?, ?)", "dune", "1")
        return await tx.one("SELECT COUNT(*) AS n FROM shelf_book")

    assert (await shelf.platform.database.write(put))["n"] == 1
    (row,) = await shelf.platform.database.read(lambda tx: tx.all("SELECT * FROM shelf_book"))
    assert (row["name"], row["run"]) == ("dune", "1")


COUNTED = [
    (1, "INSERT INTO shelf_book (name, run) VALUES ('dune', '1')"),
    (2, "INSERT INTO shelf_book (name, run) VALUES ('emma', '1'), ('kim', '1')"),
    (0, "INSERT INTO shelf_book (name, run) VALUES ('dune', '2') ON CONFLICT (name) DO NOTHING"),
    (3, "UPDATE shelf_book SET run = '3'"),
    (0, "UPDATE shelf_book SET run = '4' WHERE run = '1'"),
    (1, "DELETE FROM shelf_book WHERE name = 'kim'"),
    (0, "DELETE FROM shelf_book WHERE name = 'kim'"),
    (0, "CREATE INDEX shelf_by_run ON shelf_book (run)"),
]
"""Statements, one after the other, with how many rows each changes."""


async def changed_by(platform):
    """How many rows each of them said that it changed."""

    async def work(tx):
        return [await tx.run(statement) for _, statement in COUNTED]

    return await platform.database.write(work)


async def test_a_statement_says_how_many_rows_it_has_changed(shelf):
    assert await changed_by(shelf.platform) == [count for count, _ in COUNTED]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM run",
        "SELECT b.name FROM shelf_book b JOIN run r ON r.id = b.run",
        "DELETE FROM token",
        "WITH stolen AS (SELECT hash FROM token) SELECT * FROM stolen",
        "UPDATE run SET name = 'x'",
        "INSERT INTO shelf_book SELECT name, project FROM run",
        "SELECT '?' FROM run",
        'SELECT name AS "really?" FROM run -- is it?',
    ],
)
async def test_a_statement_that_touches_a_table_of_core_is_refused_each_time(shelf, statement):
    for _ in range(2):  # SQLite keeps prepared statements
        with pytest.raises(ForeignTable, match="shelf_"):
            await shelf.platform.database.write(lambda tx: tx.run(statement))


async def test_a_question_mark_in_a_literal_is_no_argument(shelf):
    async def put(tx):
        await tx.run("INSERT INTO shelf_book (name, run) VALUES ('why? it''s ?', ?) -- is it?", "1")
        return await tx.one('SELECT name AS "really?" FROM shelf_book WHERE run = ?', "1")

    assert (await shelf.platform.database.write(put))["really?"] == "why? it's ?"


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["CREATE TABLE nonsense ("], "syntax|incomplete"),
        (["ALTER TABLE run ADD COLUMN shelf INTEGER"], "ForeignTable"),
        (["DROP TABLE run"], "ForeignTable"),
        ([TABLE, "CREATE TABLE shelf_book (x INTEGER)"], "already exists"),
    ],
)
async def test_a_plugin_whose_migration_fails_is_left_out_and_the_server_serves(
    database_url, tmp_path, offer, statements, said
):
    registry = offer(*statements)
    async with serving(database_url, tmp_path, registry=registry) as web:
        assert (await web.tracked()).status == "running"
    (error,) = registry.plugins["shelf"].faults.values()
    assert re.search(said, error)
    assert not registry.manager.has_plugin("shelf")


async def test_processes_that_start_at_once_all_have_the_plugin(postgres_url, offer):
    """PostgreSQL's `CREATE SCHEMA IF NOT EXISTS` fails for one of two that come at the same time."""
    registries = [offer(TABLE) for _ in range(8)]
    databases = [await connect(postgres_url) for _ in registries]
    try:
        starts = zip(databases, registries, strict=True)
        await asyncio.gather(*(migrate_plugins(database, each, SystemClock()) for database, each in starts))
    finally:
        for database in databases:
            await database.close()
    assert [each.plugins["shelf"].faults for each in registries] == [{}] * len(registries)


async def test_every_call_is_authorized_for_its_actor(shelf):
    platform, web = shelf.platform, shelf.web
    run = await web.tracked()
    mine = await platform.principal()
    assert (mine.name, mine.role) == ("service:plugin:shelf", "none")
    with pytest.raises(NotFound):
        await platform.runs.get(mine, "default", run.id)
    await web.admin.members.put("plugin:shelf", role="viewer")
    mine = await platform.principal()
    assert (await platform.runs.get(mine, "default", run.id)).id == run.id
    assert [each.id for each in (await platform.runs.find(mine, "default")).items] == [run.id]
    with pytest.raises(Forbidden):
        await platform.runs.create(mine, "default", CreateRun(managed=False))
    with pytest.raises(Forbidden):
        await platform.runs.act(mine, "default", run.id, "stop")
    with pytest.raises(Forbidden):
        await platform.actor("user:nobody")


async def test_what_an_owner_may_is_looked_up_each_time(shelf):
    platform, web = shelf.platform, shelf.web
    await web.admin.users.add("ada", role="member")
    ada = await platform.actor("user:ada")
    run = await platform.runs.create(ada, "default", CreateRun(managed=False), key="once")
    assert run.id == (await platform.runs.create(ada, "default", CreateRun(managed=False), key="once")).id
    assert run.user == "user:ada"
    assert (await platform.runs.act(ada, "default", run.id, "stop")).status in ("stopping", "stopped")
    seen = await platform.activities.after(ada, 0)
    assert [event.kind for event in seen if event.run == run.id]
    await web.admin.users.edit("ada", EditPrincipal(disabled=True))
    with pytest.raises(Forbidden):
        await platform.actor("user:ada")
