"""What core kept before the registry was a plugin is taken over when the plugin is first there, and what the plugin
keeps outlives its absence."""

from __future__ import annotations

import pytest
from earlier import make

from trainyard.client.errors import Conflict, Invalid, NotInstalled
from trainyard.client.models import CreateRun, RegisterComponent
from trainyard_core.db.connect import connect
from trainyard_core.ids import new_id
from trainyard_core.registry import Registry
from trainyard_core.testing.server import serving

CONTENT = "version: 1.1\nkind: component\ncmd: echo hi\n"
VERSION = (
    "INSERT INTO component (id, project, kind, name, version, content, digest, description, tags, stage, deprecated,"
    " archived_at, created_by, created_at, updated_at)"
    " VALUES (?, 'default', ?, 'train', ?, ?, ?, 'd', '[\"x\"]', 'staging', 1, ?, 'user:ada', ?, ?)"
)
RUN = (
    "INSERT INTO run (id, project, kind, status, created_by, created_at, updated_at, finished_at)"
    " VALUES (?, 'default', 'job', 'succeeded', 'user:ada', 1, 1, 1)"
)
USES = "version: 1.1\nkind: operation\nhubRef: train\n"


@pytest.fixture
def serve(empty_url, tmp_path):
    def of(*plugins):
        registry = Registry.load(plugins) if plugins else Registry()
        return serving(empty_url, tmp_path / "data", registry=registry)

    return of


async def kept_by_core(url, *versions):
    """A database of the time when core kept components; returns the run that was made with the first of them."""
    run = new_id()

    async def fill(tx):
        await tx.run("INSERT INTO project (name, created_at, updated_at) VALUES ('default', 1, 1)")
        await tx.run(RUN, run)
        for number, (kind, version, archived_at) in enumerate(versions, 1):
            at = number * 1_000_000
            await tx.run(VERSION, number * 10, kind, version, CONTENT, f"sha256:{number}", archived_at, at, at)
        if versions:
            await tx.run("INSERT INTO component_use (run, component) VALUES (?, 10)", run)

    await make(url, "m0017_observers")
    database = await connect(url)
    await database.write(fill)
    await database.close()
    return run


async def tables_of(web):
    """The names of all tables that the registry could have."""
    where = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
        "postgresql": "SELECT table_name AS name FROM information_schema.tables",
    }
    rows = await web.runtime.database.read(lambda tx: tx.all(where[tx.dialect]))
    return {row["name"] for row in rows if row["name"].startswith(("registry", "component"))}


async def test_what_core_kept_is_taken_over_whenever_the_plugin_is_installed(serve, empty_url):
    versions = (("component", "b", None), ("preset", "p", None), ("component", "a", None), ("component", "c", 7))
    run = await kept_by_core(empty_url, *versions)
    async with serve() as web:
        with pytest.raises(NotInstalled):
            await web.admin.components.get("train")
        assert [(use.version, use.digest) for use in await web.admin.runs.uses(run)] == [("b", "sha256:1")]
        assert await tables_of(web) == {"registry_component"}
    async with serve("registry") as web:
        found = [each async for each in web.admin.components.versions("train", archived=True)]
        assert [(each.version, each.archived, each.digest) for each in found] == [
            ("c", True, "sha256:4"), ("a", False, "sha256:3"), ("b", False, "sha256:1"),
        ]  # fmt: skip
        assert [each.version async for each in web.admin.presets.list()] == ["p"]
        first = await web.admin.components.get("train", "b")
        assert (first.content, first.description, first.tags, first.stage) == (CONTENT, "d", ["x"], "staging")
        assert (first.deprecated, first.created_by, first.created_at) == (
            True,
            "user:ada",
            "1970-01-01T00:00:01.000000Z",
        )
        with pytest.raises(Conflict, match="is part of runs"):
            await web.admin.components.delete("train", "b")
        await web.admin.components.delete("train", "a")
        await web.admin.components.register(RegisterComponent(name="train", version="d", content=CONTENT))
        assert (await web.admin.components.get("train")).version == "d", "what is registered later is newer"
        assert await tables_of(web) == {"registry_version"}


async def test_a_database_without_components_keeps_no_table_for_them(serve, empty_url):
    await kept_by_core(empty_url)
    async with serve() as web:
        assert await tables_of(web) == set()
    async with serve("registry") as web:
        assert await tables_of(web) == {"registry_version"}
        assert [each async for each in web.admin.components.list()] == []


async def test_uninstalled_its_data_stays_and_installed_again_it_goes_on(serve):
    async with serve("registry") as web:
        await web.admin.components.register(RegisterComponent(name="train", version="1", content=CONTENT))
        run = await web.admin.runs.create(CreateRun(content=USES))
    async with serve() as web:
        with pytest.raises(NotInstalled):
            await web.admin.components.get("train")
        with pytest.raises(Invalid, match="cannot be looked up"):
            await web.admin.runs.create(CreateRun(content=USES))
        again = await web.admin.runs.restart(run.id)
        assert await web.admin.runs.uses(again.id) == await web.admin.runs.uses(run.id)
        await web.admin.runs.stop(run.id)
        await web.admin.runs.delete(run.id)
    async with serve("registry") as web:
        assert (await web.admin.components.get("train")).content == CONTENT
        with pytest.raises(Conflict, match=f"is part of runs, such as {again.short_id}"):
            await web.admin.components.delete("train", "1")
        assert (await web.admin.runs.create(CreateRun(content=USES))).status == "queued"
