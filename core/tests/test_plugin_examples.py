"""The examples of docs/plugins.md are plugins: each is written to a package, loaded and used."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from types import FunctionType

import pytest
from web import serving

from trainyard.client.models import CreateRun
from trainyard.compile.resolved import ResolvedOperation
from trainyard_core import hookspecs
from trainyard_core.contracts.secret import SecretRef
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.errors import Forbidden, Invalid
from trainyard_core.lifecycle import Status
from trainyard_core.registry import Registry
from trainyard_core.testing.background import until, working
from trainyard_core.testing.factories import operation

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text("utf-8")
SECTION = re.compile(r"^### `(\w+)`\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
SECTIONS = {name: BLOCK.findall(text) for name, text in SECTION.findall(PAGE)}
HOOKS = {name for name, hook in vars(hookspecs).items() if hasattr(hook, "trainyard_spec")}


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """The plugin of a section, imported from a package `trainyard_shelf` that holds its files."""
    root = tmp_path / "shelf"
    monkeypatch.syspath_prepend(root)

    def of(hook):
        for block in SECTIONS[hook]:
            file = root / "trainyard_shelf" / re.match(r"# (\S+)\n", block)[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            for folder in (root / "trainyard_shelf", file.parent):
                (folder / "__init__.py").touch()
            file.write_text(block)
        return importlib.import_module("trainyard_shelf.plugin")

    yield of
    for name in [each for each in sys.modules if each.partition(".")[0] == "trainyard_shelf"]:
        del sys.modules[name]


@pytest.fixture
def serve(plugin, tmp_path):
    """A server with the plugin of a section, which has nothing to complain about."""

    def of(hook):
        registry = Registry()
        registry.add("shelf", plugin(hook))
        assert registry.plugins["shelf"].error == ""
        return serving(f"sqlite:///{tmp_path / 'yard.db'}", tmp_path / "data", registry=registry)

    return of


def test_every_hook_has_a_section():
    assert set(SECTIONS) == HOOKS
    assert all(isinstance(getattr(hookspecs, name), FunctionType) for name in SECTIONS)


async def test_hooks(serve):
    async with serve("register_hooks") as web:
        checks = (await web.ask("POST", "diagnosis")).json()["items"]
        (covers,) = [each["detail"] for each in checks if each["name"] == "shelf: covers"]
        assert covers == "plain: DUNE"


async def test_settings(serve):
    async with serve("register_settings") as web:
        settings = web.runtime.platforms.of("shelf").settings
        assert (settings.retries, settings.url) == (3, "https://shelf.example")
        shown = {each["name"]: each["value"] for each in (await web.ask("GET", "settings")).json()["items"]}
        assert shown["shelf.password"] == "***"


async def test_migrations(serve):
    async with serve("register_migrations") as web:
        database = web.runtime.platforms.of("shelf").database
        await database.write(lambda tx: tx.run("INSERT INTO shelf_book VALUES (?, ?)", "dune", "user:ada"))
        assert (await database.read(lambda tx: tx.one("SELECT name FROM shelf_book")))["name"] == "dune"


@pytest.mark.parametrize(
    ("hook", "offer"),
    [
        ("register_schedulers", "scheduler:shelf"),
        ("register_trackers", "tracker:shelf"),
        ("register_optimizers", "optimizer:shelf"),
        ("register_ci_providers", "ci provider:shelf"),
    ],
)
def test_providers(plugin, hook, offer):
    registry = Registry()
    registry.add("shelf", plugin(hook))
    assert (registry.plugins["shelf"].offers, registry.plugins["shelf"].error) == ([offer], "")


async def test_directors(serve):
    async with serve("register_directors") as web:
        platform = web.runtime.platforms.of("shelf")
        actor = await platform.actor("user:admin")
        run = await platform.parents.create(actor, "default", ResolvedOperation(kind="shelf"))
        for ref in await until(lambda: web.arrange.assign(most=2)):
            await web.arrange.report(ref, Phase.EXITED, exit=Exit(code=0))

        async def final():
            found = await web.admin.runs.get(run.id)
            return found if found.is_final else None

        assert (await until(final)).message == "both sides are done"


async def test_connection_kinds(serve):
    async with serve("register_connection_kinds") as web:
        secrets, fields = {"token": {"env": "PATH"}}, {"url": "http://shelf"}
        await web.admin.connections.set("books", kind="shelf", fields=fields, secrets=secrets)
        assert (await web.admin.connections.check("books")).ok


async def test_secret_sources(serve):
    async with serve("register_secret_sources") as web:
        ref = SecretRef(source="shelf", name="no-such-secret")
        with pytest.raises(Invalid, match="the secret 'no-such-secret' of source 'shelf' is missing"):
            await web.runtime.secrets.resolve(ref)


async def test_resolvers(serve):
    async with serve("register_resolvers") as web:
        await web.arrange.queue("night")
        preview = await web.admin.runs.preview(CreateRun(content=operation("exit 0"), presets=["night"]))
        assert preview.queue == "night"
        assert [(use.kind, use.name, use.version) for use in preview.uses] == [("preset", "night", "1")]


async def test_controllers(serve):
    async with serve("register_controllers") as web:
        run = await web.tracked()
        assert (await web.ask("GET", "shelf/projects/default/count")).json() == {"runs": 1}
        assert (await web.ask("POST", f"shelf/projects/default/runs/{run.id}/stop")).status_code == 201
        assert (await web.admin.runs.get(run.id)).message == "as the shelf says"
        sent = await web.bare.post("/api/v1/shelf/delivery", json={"a": "b"}, headers={"X-Shelf": "secret"})
        assert sent.json() == {"a": "b"}
        assert (await web.bare.post("/api/v1/shelf/delivery", json={})).status_code == 401
        assert (await web.bare.get("/shelf")).text == "<h1>Shelf</h1>"


async def test_jobs(serve):
    async with serve("register_jobs") as web:
        platform, shelf = web.runtime.platforms.of("shelf"), sys.modules["trainyard_shelf.plugin"]
        await shelf.order(platform, "dune")

        async def owner():
            row = await platform.database.read(lambda tx: tx.one("SELECT owner FROM shelf_book"))
            return row["owner"]

        async with working(web.runtime.run_jobs()):
            assert await until(owner) == "ada"
            await until(lambda: _names(web, {"count"}))


async def _names(web, names):
    """Whether these are all jobs of the plugin that are left."""
    return {job.name async for job in web.admin.jobs.list(plugin="shelf")} == names


async def test_observers(serve, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with serve("register_observers") as web:
        async with working(web.runtime.observer_runner().run()):
            await until(lambda: _observes(web))
            run = await web.arrange.run(Status.FAILED)
            file = tmp_path / "failures.jsonl"
            await until(lambda: _is_there(file))
        assert json.loads(file.read_text())["run"] == run


async def _observes(web):
    """Whether the observer has its place: it begins at the end of the log."""
    return await web.admin.observers.list()


async def _is_there(file):
    return file.exists() and file.read_text().endswith("\n")


async def test_checks(serve):
    async with serve("register_checks") as web:
        (check,) = [
            each for each in (await web.ask("POST", "diagnosis")).json()["items"] if each["name"] == "shelf: space"
        ]
        assert (check["state"], check["detail"]) == ("ok", "3 places are free")


async def test_lifespan(serve):
    async with serve("lifespan"):
        assert sys.modules["trainyard_shelf.plugin"].OPEN == ["shelf"]
    assert sys.modules["trainyard_shelf.plugin"].OPEN == []


async def test_amendment(serve):
    async with serve("amend_operation") as web:
        preview = await web.admin.runs.preview(CreateRun(content=operation("exit 0")))
        assert preview.operation["termination"] == {"timeout": 3600}
        refused = await web.ask("POST", "projects/default/runs", json={"content": operation("exit 0"), "queue": "gpu"})
        assert (refused.status_code, refused.json()["fix"]) == (403, "use a project of your own")


async def test_authentication(serve):
    async with serve("register_authenticators") as web:
        seen = await web.bare.get("/api/v1/whoami", headers={"X-Forwarded-User": "ada"})
        assert (seen.json()["name"], seen.json()["role"]) == ("user:ada", "viewer")


async def test_authorization(serve):
    async with serve("authorize") as web:
        ada, decide = await web.runtime.platforms.of("shelf").actor("user:admin"), web.runtime.authorization
        await decide.allow(ada, "write", "default")
        with pytest.raises(Forbidden):
            await decide.allow(ada, "write", "closed")


def test_the_platform_in_memory():
    (source,) = BLOCK.findall(PAGE.partition("\n## The platform\n")[2].partition("\n## ")[0])
    exec(source, {"__name__": "example"})
