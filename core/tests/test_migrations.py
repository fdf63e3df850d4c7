"""Migrations: each applied once, whoever starts at once; a newer database is refused; a failed one leaves nothing."""

from __future__ import annotations

import asyncio
import re
import sys

import pytest

from trainyard_core.clock import SystemClock
from trainyard_core.db import migrations
from trainyard_core.db.connect import connect
from trainyard_core.db.migrate import Migration, migrate, migrations_in
from trainyard_core.db.migrations import m0020_baseline
from trainyard_core.errors import StartRefused

OURS = migrations_in("core", migrations)
PROGRAM = """
import asyncio, sys
from trainyard_core.clock import SystemClock
from trainyard_core.db import migrations
from trainyard_core.db.connect import connect
from trainyard_core.db.migrate import migrate, migrations_in

async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    database = await connect(sys.argv[1])
    print(len(await migrate(database, migrations_in("core", migrations), SystemClock())))
    await database.close()

asyncio.run(main())
"""


@pytest.fixture
async def empty(empty_url):
    database = await connect(empty_url)
    yield database
    await database.close()


async def test_two_processes_that_start_at_once_migrate_once(empty_url):
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    starts = [await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, empty_url, **pipes) for _ in range(2)]
    async with asyncio.timeout(60):
        for one in starts:
            assert await one.stdout.readline() == b"ready\n"
        for one in starts:
            one.stdin.write(b"go\n")
        said = [int((await one.communicate())[0]) for one in starts]
    assert sorted(said) == [0, len(OURS)]
    assert [one.returncode for one in starts] == [0, 0]


async def test_a_second_start_applies_nothing(empty):
    assert await migrate(empty, OURS, SystemClock()) == [f"core.{m.name}" for m in OURS]
    assert await migrate(empty, OURS, SystemClock()) == []


async def test_a_database_of_a_newer_version_is_refused_and_untouched(empty):
    async def forwards(tx):
        await tx.run("CREATE TABLE future (id TEXT)")

    await migrate(empty, [*OURS, Migration("core", "m9999_future", forwards)], SystemClock())
    with pytest.raises(StartRefused, match=r"newer version.*m9999_future") as caught:
        await migrate(empty, OURS, SystemClock())
    assert caught.value.fix
    await empty.read(lambda tx: tx.all("SELECT * FROM future"))


async def test_another_apps_migrations_are_not_newer_ones_of_ours(empty):
    async def forwards(tx):
        await tx.run("CREATE TABLE theirs (id TEXT)")

    await migrate(empty, [*OURS, Migration("plugin", "m0001_a", forwards)], SystemClock())
    assert await migrate(empty, OURS, SystemClock()) == []


async def test_a_migration_that_fails_leaves_nothing_and_can_be_tried_again(empty):
    async def half(tx):
        await tx.run("CREATE TABLE half (id TEXT)")
        raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        await migrate(empty, [*OURS, Migration("core", "m9999_half", half)], SystemClock())
    assert await migrate(empty, OURS, SystemClock()) == [f"core.{m.name}" for m in OURS], "not one was recorded"

    async def whole(tx):
        await tx.run("CREATE TABLE half (id TEXT)")

    again = [*OURS, Migration("core", "m9999_half", whole)]
    assert await migrate(empty, again, SystemClock()) == ["core.m9999_half"]


async def test_a_migration_that_replaces_others_takes_their_place(empty):
    async def first(tx):
        await tx.run("CREATE TABLE book (id TEXT)")

    async def both(tx):
        await tx.run("INSERT INTO book (id) VALUES ('converted')")

    before = [Migration("shelf", "m0001_book", first)]
    after = [Migration("shelf", "m0002_baseline", both, replaces=("m0001_book",))]
    await migrate(empty, before, SystemClock())
    assert await migrate(empty, after, SystemClock()) == ["shelf.m0002_baseline"]
    assert await migrate(empty, after, SystemClock()) == []
    rows = await empty.read(lambda tx: tx.all("SELECT name FROM migration WHERE app = 'shelf'"))
    assert [row["name"] for row in rows] == ["m0002_baseline"]
    with pytest.raises(StartRefused, match=r"newer version.*m0002_baseline"):
        await migrate(empty, before, SystemClock())


async def test_a_new_database_has_no_table_of_what_plugins_keep_at_any_time(empty, monkeypatch):
    statements = []
    rendered = m0020_baseline.rendered
    monkeypatch.setattr(m0020_baseline, "rendered", lambda *each: statements.append(rendered(*each)) or statements[-1])
    await migrate(empty, OURS, SystemClock())
    made = {found[1] for each in statements if (found := re.match(r"CREATE TABLE (\w+)", each))}
    assert len(made) > 20
    assert not {name for name in made if re.search("sweep|trial|component|preset", name)}
    assert not [each for each in statements if re.match("DROP|ALTER", each)]
