"""A database that core's migrations before the baseline have made is converted to it: once, whole or not at all, and
from every state on that today's versions can open."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest
from earlier import VERSIONS, load, make
from schema import schema

from trainyard_core.clock import SystemClock
from trainyard_core.db import migrations
from trainyard_core.db.connect import connect
from trainyard_core.db.conversion import m0020_attempt_states
from trainyard_core.db.conversion.history import EARLIEST, FORMER
from trainyard_core.db.migrate import migrate, migrations_in
from trainyard_core.errors import StartRefused

OURS = migrations_in("core", migrations)
STATES = FORMER[len(EARLIEST) - 1 :]
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
async def opened(empty_url):
    """Opens the database of this test; all that it opened is closed in the end."""
    found = []

    async def of():
        found.append(await connect(empty_url))
        return found[-1]

    yield of
    for database in found:
        await database.close()


@pytest.fixture
def fresh_url(request, tmp_path, empty_url):
    """The URL of another database of the same kind."""
    if empty_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'fresh.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
async def fresh(fresh_url):
    """The schema of a new database."""
    database = await connect(fresh_url)
    await migrate(database, OURS, SystemClock())
    yield await database.read(schema)
    await database.close()


async def contents(database):
    """All rows of core's tables, and the schema."""
    where = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        "postgresql": "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()",
    }
    tables = [row["name"] for row in await database.read(lambda tx: tx.all(where[tx.dialect]))]
    rows = {name: await database.read(lambda tx, name=name: tx.all(f"SELECT * FROM {name}")) for name in tables}
    found = {name: sorted(map(repr, map(tuple, rows[name]))) for name in tables}
    return found, await database.read(schema)


async def recorded(database):
    rows = await database.read(lambda tx: tx.all("SELECT name FROM migration WHERE app = 'core' ORDER BY name"))
    return [row["name"] for row in rows]


@pytest.mark.parametrize("last", STATES)
async def test_every_state_is_converted_to_the_schema_of_a_new_database(empty_url, opened, fresh, last):
    await make(empty_url, last)
    database = await opened()
    assert await recorded(database) == [name for name in FORMER if name <= last]
    assert await migrate(database, OURS, SystemClock()) == [f"core.{each.name}" for each in OURS]
    assert await database.read(schema) == fresh
    assert await recorded(database) == [each.name for each in OURS]
    assert await migrate(database, OURS, SystemClock()) == []


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_database_with_rows_is_converted_to_the_schema_of_a_new_one(empty_url, opened, fresh, version):
    await asyncio.to_thread(load, empty_url, version)
    database = await opened()
    await migrate(database, OURS, SystemClock())
    assert await database.read(schema) == fresh


async def test_an_attempt_that_waits_for_its_agent_is_assigned_and_all_others_stay_as_they_are(empty_url, opened):
    await asyncio.to_thread(load, empty_url, "m0019")
    database = await opened()
    kept = "run, number, agent, cpu, memory, gpus, resources, exit, exit_code, signal, reason, message, state, released"
    every = f"SELECT {kept} FROM attempt ORDER BY run, number"
    before = [dict(row) for row in await database.read(lambda tx: tx.all(every))]
    assert {row["state"] for row in before} >= {"leased", "exited"}
    await migrate(database, OURS, SystemClock())
    names = {"leased": "assigned"}
    expected = [{**row, "state": names.get(row["state"], row["state"])} for row in before]
    assert [dict(row) for row in await database.read(lambda tx: tx.all(every))] == expected


async def test_a_conversion_that_fails_in_its_last_step_changes_nothing_and_can_be_tried_again(
    empty_url, opened, monkeypatch
):
    await asyncio.to_thread(load, empty_url, "m0014")
    database = await opened()
    before = await contents(database)

    async def broken(tx):
        await forwards(tx)
        raise RuntimeError("in the last step")

    forwards = m0020_attempt_states.forwards
    with monkeypatch.context() as patch:
        patch.setattr(m0020_attempt_states, "forwards", broken)
        with pytest.raises(RuntimeError, match="in the last step"):
            await migrate(database, OURS, SystemClock())
    assert await contents(database) == before
    assert await migrate(database, OURS, SystemClock()) == [f"core.{each.name}" for each in OURS]


async def test_a_conversion_that_is_killed_before_its_commit_has_changed_nothing(empty_url, opened):
    await asyncio.to_thread(load, empty_url, "m0014")
    before = await contents(await opened())
    (code, _), *_ = await started(empty_url, 1, TRAINYARD_FAULT="migrate:before_commit")
    assert code == -signal.SIGKILL
    database = await opened()
    assert await contents(database) == before
    assert await migrate(database, OURS, SystemClock()) == [f"core.{each.name}" for each in OURS]


async def test_processes_that_start_at_once_convert_once(empty_url):
    await asyncio.to_thread(load, empty_url, "m0019")
    assert sorted(await started(empty_url, 3)) == [(0, "0"), (0, "0"), (0, str(len(OURS)))]


async def started(url, count, **environ):
    """What so many processes that migrate at once end with and say."""
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    environ = {**os.environ, **environ}
    starts = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, url, env=environ, **pipes)
        for _ in range(count)
    ]
    async with asyncio.timeout(60):
        for one in starts:
            assert await one.stdout.readline() == b"ready\n"
        for one in starts:
            one.stdin.write(b"go\n")
        said = [(await one.communicate())[0].decode().strip() for one in starts]
    return [(one.returncode, text) for one, text in zip(starts, said, strict=True)]


@pytest.mark.parametrize("missing", ["m0009_sweeps", "m0003_search"])
async def test_a_database_that_is_too_old_is_refused_and_untouched(empty_url, opened, missing):
    await make(empty_url, EARLIEST[-1])
    database = await opened()
    await database.write(lambda tx: tx.run("DELETE FROM migration WHERE name >= ?", missing))
    before = await contents(database)
    with pytest.raises(StartRefused, match=r"older.*has applied m0001_spine.*m0009_sweeps are needed") as caught:
        await migrate(database, OURS, SystemClock())
    assert "m0009_sweeps to m0019_directors" in caught.value.fix
    assert await contents(database) == before


async def test_a_database_of_a_newer_version_is_refused_also_when_it_was_never_converted(empty_url, opened):
    await make(empty_url, FORMER[-1])
    database = await opened()
    await database.write(lambda tx: tx.run("INSERT INTO migration VALUES ('core', 'm9999_future', 1)"))
    before = await contents(database)
    with pytest.raises(StartRefused, match=r"newer version.*m9999_future") as caught:
        await migrate(database, OURS, SystemClock())
    assert "m0019" not in str(caught.value)
    assert await contents(database) == before


TOLD = (
    ("gone", "project_deleted", "{}"),
    ("back", "project_deleted", "{}"),
    ("", "user_deleted", '{"name": "ada"}'),
    ("", "service_deleted", '{"name": "ci"}'),
    ("", "user_deleted", '{"name": "bob"}'),
    ("", "agent_deleted", '{"name": "gpu"}'),
)


async def test_names_that_were_deleted_before_are_not_used_again_either(empty_url, opened):
    async def before(tx):
        await tx.run("INSERT INTO project (name, created_at) VALUES ('back', 1)")
        await tx.run(
            "INSERT INTO principal (name, kind, role, created_at, updated_at) VALUES ('bob', 'user', 'none', 1, 1)"
        )
        await tx.many("INSERT INTO activity (project, kind, actor, at, data) VALUES (?, ?, 'core', 1, ?)", TOLD * 2)

    await make(empty_url, "m0012_token_parents")
    database = await opened()
    await database.write(before)
    await migrate(database, OURS, SystemClock())
    kept = await database.read(lambda tx: tx.all("SELECT kind, name FROM retirement ORDER BY kind, name"))
    assert [(row["kind"], row["name"]) for row in kept] == [
        ("principal", "ada"), ("principal", "ci"), ("project", "gone"),
    ]  # fmt: skip


async def test_metrics_of_before_have_versions_of_their_own(empty_url, opened):
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

    await make(empty_url, "m0012_token_parents")
    database = await opened()
    await database.write(before)
    await migrate(database, OURS, SystemClock())
    rows = await database.read(lambda tx: tx.all("SELECT run, name, version FROM metric ORDER BY run, version"))
    assert [(row["run"], row["name"], row["version"]) for row in rows] == [
        (run, name, version) for run in "ab" for version, name in enumerate(("x", "y", "z"), start=1)
    ]
