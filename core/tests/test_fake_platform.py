"""The platform for tests of plugins is held against that of a server: one test for both."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from test_plugin_platform import COUNTED, TABLE, changed_by, package
from web import serving

from trainyard.client.models import CreateRun
from trainyard_core.contracts.database import ForeignTable, NewEvent
from trainyard_core.contracts.job import Job, JobCall, JobLost
from trainyard_core.contracts.platform import Platform
from trainyard_core.contracts.plugin import Migrations
from trainyard_core.errors import Forbidden, Invalid, NotFound
from trainyard_core.hookspecs import hookimpl
from trainyard_core.registry import Registry
from trainyard_core.testing.platform import FakePlatform

ADD = "INSERT INTO shelf_book (name, run) VALUES (?, ?)"


async def nothing(platform, call):
    """The job of these tests is never run."""


JOBS = [Job(name="tidy", run=nothing)]


@pytest.fixture
def steps(tmp_path):
    return package("shelf_fake_steps", TABLE, tmp_path=tmp_path)


@pytest.fixture(params=["fake", "real"])
async def stage(request, tmp_path, steps):
    """A platform of the plugin `shelf`, and how a person gets a role in it."""
    if request.param == "fake":
        platform = FakePlatform("shelf", jobs=JOBS)
        await platform.migrate(steps)

        async def grant(name, role):
            return platform.grant(name, role)

        yield SimpleNamespace(platform=platform, grant=grant)
        platform.database.close()
        return
    registry = Registry()
    hooks = {"register_migrations": lambda: [Migrations(steps)], "register_jobs": lambda: JOBS}
    registry.add("shelf", SimpleNamespace(**{name: hookimpl(hook) for name, hook in hooks.items()}))
    async with serving(f"sqlite:///{tmp_path / 'yard.db'}", tmp_path / "data", registry=registry) as web:
        platform = web.runtime.platforms.of("shelf")

        async def join(name, role):
            await web.admin.users.add(name.removeprefix("user:"), role=role)
            return await platform.actor(name)

        yield SimpleNamespace(platform=platform, grant=join)


async def books(platform):
    return [row["name"] for row in await platform.database.read(lambda tx: tx.all("SELECT name FROM shelf_book"))]


async def test_it_is_a_platform(stage):
    assert isinstance(stage.platform, Platform)
    assert stage.platform.plugin == "shelf"


async def test_a_transaction_that_fails_leaves_nothing(stage):
    async def fail(tx):
        await tx.run(ADD, "dune", "1")
        await tx.enqueue("tidy", "dune")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await stage.platform.database.write(fail)
    assert await books(stage.platform) == []
    await stage.platform.database.write(lambda tx: tx.run(ADD, "dune", "1"))
    assert await books(stage.platform) == ["dune"]


async def test_a_statement_says_how_many_rows_it_has_changed(stage):
    assert await changed_by(stage.platform) == [count for count, _ in COUNTED]


async def test_a_reader_writes_nothing_and_nobody_reaches_foreign_tables(stage):
    with pytest.raises(Exception, match="readonly"):
        await stage.platform.database.read(lambda tx: tx.run(ADD, "dune", "1"))
    with pytest.raises(ForeignTable, match="shelf_"):
        await stage.platform.database.write(lambda tx: tx.run("CREATE TABLE elsewhere (x INTEGER)"))
    assert await books(stage.platform) == []


async def test_jobs_are_checked(stage):
    await stage.platform.jobs.enqueue("tidy", "a", {"n": 1})
    for job, key, args in (("tidi", "a", None), ("tidy", "k" * 201, None), ("tidy", "a", {"n": object()})):
        with pytest.raises(Invalid):
            await stage.platform.jobs.enqueue(job, key, args)


async def test_who_may_do_what_with_runs(stage):
    runs = stage.platform.runs
    ada, eve = await stage.grant("user:ada", "member"), await stage.grant("user:eve", "viewer")
    run = await runs.create(ada, "default", CreateRun(managed=False, name="first"), key="once")
    assert (await runs.create(ada, "default", CreateRun(managed=False, name="first"), key="once")).id == run.id
    assert (run.user, run.status, run.name) == ("user:ada", "running", "first")
    assert (await runs.get(eve, "default", run.id)).id == (await runs.get(eve, "default", run.id[-8:])).id == run.id
    assert [each.id for each in (await runs.find(eve, "default")).items] == [run.id]
    with pytest.raises(Forbidden):
        await runs.act(eve, "default", run.id, "stop")
    assert (await runs.act(ada, "default", run.id, "stop")).status in ("stopping", "stopped")
    for asker, project, ref in ((ada, "elsewhere", run.id), (ada, "default", "f" * 36)):
        with pytest.raises(NotFound):
            await runs.get(asker, project, ref)
    itself = await stage.platform.principal()
    with pytest.raises(NotFound):
        await runs.get(itself, "default", run.id)
    with pytest.raises(Forbidden):
        await stage.platform.actor("user:nobody")


async def test_what_is_recorded_is_seen_once_it_is_committed(stage):
    eve = await stage.grant("user:eve", "viewer")
    event = NewEvent(kind="book.added", actor=eve.name, at=1, project="default", data={"name": "dune"})
    await stage.platform.database.write(lambda tx: tx.record(event))
    (seen,) = [each for each in await stage.platform.activities.after(eve, 0) if each.kind == "book.added"]
    assert (seen.project, seen.actor, seen.data["name"]) == ("default", "user:eve", "dune")
    assert [each for each in await stage.platform.activities.after(eve, seen.id) if each.kind == "book.added"] == []


async def test_a_fake_shows_the_jobs_that_wait_and_loses_those_that_a_test_names():
    fake = FakePlatform("shelf", jobs=JOBS)
    await fake.jobs.enqueue("tidy", "a", {"n": 1}, at=9)
    await fake.jobs.enqueue("tidy", "a", {"n": 2}, at=5)
    await fake.jobs.enqueue("tidy", "a", {"n": 3}, at=7)
    assert {key: (job.args, job.at) for key, job in fake.jobs.enqueued.items()} == {("tidy", "a"): ({"n": 3}, 5)}
    call = JobCall(id=1, key="a", args={}, attempt=1, epoch=4, deadline=0)
    fake.jobs.lost.add(4)
    with pytest.raises(JobLost):
        await fake.jobs.write(call, lambda tx: tx.one("SELECT 1"))
    fake.database.close()


async def test_connections_are_for_whoever_may_write_in_the_project(stage):
    viewer, member = await stage.grant("user:eve", "viewer"), await stage.grant("user:ada", "member")
    with pytest.raises(Forbidden):
        await stage.platform.connections.get(viewer, "default", "code")
    with pytest.raises(Invalid, match="no connection 'code'"):
        await stage.platform.connections.get(member, "default", "code")
