"""Migrations: each applied once, whoever starts at once; a newer database is refused; a failed one leaves nothing."""

from __future__ import annotations

import asyncio
import sys

import pytest

from trainyard_core.clock import SystemClock
from trainyard_core.db import migrations
from trainyard_core.db.connect import connect
from trainyard_core.db.migrate import Migration, migrate, migrations_in
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


BEFORE_NAMES = [each for each in OURS if each.name < "m0013_reading"]
"""Up to where deleted names were free again and metrics had no version."""
TOLD = (
    ("gone", "project_deleted", "{}"),
    ("back", "project_deleted", "{}"),
    ("", "user_deleted", '{"name": "ada"}'),
    ("", "service_deleted", '{"name": "ci"}'),
    ("", "user_deleted", '{"name": "bob"}'),
    ("", "agent_deleted", '{"name": "gpu"}'),
)


async def test_names_that_were_deleted_before_are_not_used_again_either(empty):
    async def before(tx):
        await tx.run("INSERT INTO project (name, created_at) VALUES ('back', 1)")
        await tx.run(
            "INSERT INTO principal (name, kind, role, created_at, updated_at) VALUES ('bob', 'user', 'none', 1, 1)"
        )
        await tx.many("INSERT INTO activity (project, kind, actor, at, data) VALUES (?, ?, 'core', 1, ?)", TOLD * 2)

    await migrate(empty, BEFORE_NAMES, SystemClock())
    await empty.write(before)
    await migrate(empty, OURS, SystemClock())
    kept = await empty.read(lambda tx: tx.all("SELECT kind, name FROM retirement ORDER BY kind, name"))
    assert [(row["kind"], row["name"]) for row in kept] == [
        ("principal", "ada"), ("principal", "ci"), ("project", "gone"),
    ]  # fmt: skip


async def test_metrics_of_before_have_versions_of_their_own(empty):
    async def before(tx):
        await tx.run("INSERT INTO project (name, created_at) VALUES ('p', 1)")
        for run in "ab":
            await tx.run(
                "INSERT INTO run (id, project, kind, status, created_at, updated_at)"
                " VALUES (?, 'p', 'job', 'created', 1, 1)",
                run,
            )
            rows = [(run, name) for name in ("x", "y", "z")]
            await tx.many("INSERT INTO metric (run, name, last_step, total, finite) VALUES (?, ?, 0, 1, 1)", rows)

    await migrate(empty, BEFORE_NAMES, SystemClock())
    await empty.write(before)
    await migrate(empty, OURS, SystemClock())
    rows = await empty.read(lambda tx: tx.all("SELECT run, name, version FROM metric ORDER BY run, version"))
    assert [(row["run"], row["name"], row["version"]) for row in rows] == [
        (run, name, version) for run in "ab" for version, name in enumerate(("x", "y", "z"), start=1)
    ]
