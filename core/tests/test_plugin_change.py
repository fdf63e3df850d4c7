"""How routes of plugins change the plugins' tables: idempotent by key, refused when outdated, in open projects."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import msgspec
import pytest
from litestar import Controller, delete, get, post, put
from litestar.params import FromPath, JSONBody
from web import serving

from trainyard_core.contracts.database import PluginTx
from trainyard_core.contracts.platform import Platform
from trainyard_core.contracts.plugin import Migrations
from trainyard_core.contracts.routes import READ, WRITE, Change, Permission, Routes
from trainyard_core.errors import Conflict, NotFound
from trainyard_core.hookspecs import hookimpl
from trainyard_core.registry import Registry

TABLE = "async def forwards(tx):\n    await tx.run('CREATE TABLE shelf_book (name TEXT PRIMARY KEY, pages INTEGER)')\n"
MAY_WRITE = {"authorization": Permission(WRITE, project="project")}


class Book(msgspec.Struct):
    name: str
    pages: int


async def find(tx: PluginTx, name: str) -> Book:
    row = await tx.one("SELECT name, pages FROM shelf_book WHERE name = ?", name)
    if row is None:
        raise NotFound(f"no book '{name}'", fix="add it")
    return Book(row["name"], row["pages"])


class Shelf(Controller):
    """A table of books."""

    path = "/{project:str}/books"
    opt = {"authorization": Permission(READ, project="project")}  # noqa: RUF012 - Litestar reads it so

    @get("/{name:str}")
    async def one(self, platform: Platform, name: FromPath[str]) -> Book:
        """Return a book."""
        return await platform.database.read(lambda tx: find(tx, name))

    @post(opt=MAY_WRITE)
    async def add(self, change: Change, project: FromPath[str], data: JSONBody[Book]) -> Book:
        """Add a book."""

        async def work(tx: PluginTx) -> Book:
            await tx.check_open_project(project)
            await tx.run("INSERT INTO shelf_book (name, pages) VALUES (?, ?)", data.name, data.pages)
            if data.pages == 0:
                raise Conflict("a book has pages", fix="write some")
            return await find(tx, data.name)

        return await change(work, Book)

    @put("/{name:str}", opt=MAY_WRITE)
    async def write(self, change: Change, name: FromPath[str], data: JSONBody[Book]) -> Book:
        """Write a book anew."""

        async def work(tx: PluginTx) -> Book:
            change.check_match(await find(tx, name))
            await tx.run("UPDATE shelf_book SET pages = ? WHERE name = ?", data.pages, name)
            return await find(tx, name)

        return await change(work, Book)

    @delete("/{name:str}", opt=MAY_WRITE)
    async def remove(self, change: Change, name: FromPath[str]) -> None:
        """Remove a book."""

        async def work(tx: PluginTx) -> None:
            await find(tx, name)
            await tx.run("DELETE FROM shelf_book WHERE name = ?", name)

        await change(work, type(None))


@pytest.fixture
async def web(database_url, tmp_path):
    """A server with a plugin that has these routes and their table."""
    steps = ModuleType("shelf_change_steps")
    steps.__path__ = [str(tmp_path)]
    (tmp_path / "m0001_books.py").write_text(TABLE)
    sys.modules[steps.__name__] = steps
    plugin = SimpleNamespace(
        register_migrations=hookimpl(lambda: [Migrations(steps)]),
        register_controllers=hookimpl(lambda: [Routes(handlers=[Shelf])]),
    )
    registry = Registry()
    registry.add("shelf", plugin)
    async with serving(database_url, tmp_path / "data", registry=registry) as served:
        yield served
    for name in [each for each in sys.modules if each.startswith(steps.__name__)]:
        del sys.modules[name]


DUNE = {"name": "dune", "pages": 600}
BOOKS = "shelf/default/books"


async def test_a_request_that_comes_again_with_its_key_gets_the_first_answer(web):
    key = {"Idempotency-Key": "once"}
    first = await web.ask("POST", BOOKS, json=DUNE, headers=key)
    await web.ask("PUT", f"{BOOKS}/dune", json={**DUNE, "pages": 700})
    again = await web.ask("POST", BOOKS, json=DUNE, headers=key)
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, DUNE)
    other = await web.ask("POST", BOOKS, json={**DUNE, "pages": 1}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    removed = [await web.ask("DELETE", f"{BOOKS}/dune", headers={"Idempotency-Key": "gone"}) for _ in range(2)]
    assert [each.status_code for each in removed] == [204, 204]
    assert (await web.ask("DELETE", f"{BOOKS}/dune")).status_code == 404


async def test_a_change_that_fails_leaves_neither_its_rows_nor_its_key(web):
    key = {"Idempotency-Key": "once"}
    refused = await web.ask("POST", BOOKS, json={**DUNE, "pages": 0}, headers=key)
    assert (refused.status_code, refused.json()["detail"]) == (409, "a book has pages")
    assert (await web.ask("GET", f"{BOOKS}/dune")).status_code == 404
    assert (await web.ask("POST", BOOKS, json=DUNE, headers=key)).status_code == 201


async def test_the_key_of_another_token_is_another_key(web):
    key = {"Idempotency-Key": "once"}
    await web.ask("POST", BOOKS, json=DUNE, headers=key)
    member = await web.role("member")
    other = await web.ask("POST", BOOKS, json={**DUNE, "name": "emma"}, headers=key, token=member)
    assert (other.status_code, other.json()["name"]) == (201, "emma")


async def test_an_outdated_change_is_refused(web):
    await web.ask("POST", BOOKS, json=DUNE)
    tag = (await web.ask("GET", f"{BOOKS}/dune")).headers["etag"]
    match = {"If-Match": tag}
    assert (await web.ask("PUT", f"{BOOKS}/dune", json={**DUNE, "pages": 1}, headers=match)).json()["pages"] == 1
    assert (await web.ask("PUT", f"{BOOKS}/dune", json={**DUNE, "pages": 2}, headers=match)).status_code == 412
    assert (await web.ask("GET", f"{BOOKS}/dune")).json()["pages"] == 1


async def test_an_archived_project_is_not_written_to(web):
    await web.admin.projects.create("old")
    await web.ask("PATCH", "projects/old", json={"archived": True})
    refused = await web.ask("POST", "shelf/old/books", json=DUNE)
    assert (refused.status_code, refused.json()["detail"]) == (409, "project 'old' is archived")
    platform = web.runtime.platforms.of("shelf")
    with pytest.raises(NotFound, match="no project 'gone'"):
        await platform.database.write(lambda tx: tx.check_open_project("gone"))
