"""Every route of the OpenAPI document, asked by everybody: who is refused, and how. A route without an entry in the
matrix fails."""

from __future__ import annotations

import json
import re
from itertools import count
from types import SimpleNamespace

import pytest
import pytest_asyncio
from litestar.handlers import route
from matrix import CALLERS, MATRIX, UPLOAD, Route, expected, need_of
from web import serving, token_of

from trainyard.client.models import CreateRun, NewUpload
from trainyard.client.requests import open_upload
from trainyard_core.auth import ADMIN, ANYONE, KNOWN, READ, TRACK, WRITE
from trainyard_core.clock import SECOND
from trainyard_core.contracts.connection import Connection
from trainyard_core.contracts.routes import PUBLIC, Permission, Routes, Signed
from trainyard_core.db import connections, jobs, observers, principals, projects, tokens
from trainyard_core.hookspecs import hookimpl
from trainyard_core.registry import Registry
from trainyard_core.testing.factories import operation

PROJECT, OTHER = "yard", "elsewhere"
METHODS = ("get", "post", "put", "patch", "delete", "head")


class Ground:
    """A project with a member of each role, and something fresh to act upon for each request."""

    def __init__(self, web):
        self.web, self.numbers, self.tokens, self.run = web, count(1), {}, ""

    async def laid(self):
        """Everybody of the matrix, with a token."""
        at = self.web.arrange.clock.now()
        for name in (PROJECT, OTHER):
            await self.write(lambda tx, name=name: projects.ensure(tx, name, at=at))
        for caller, project, role in (
            ("foreign", OTHER, "admin"), ("viewer", PROJECT, "viewer"), ("member", PROJECT, "member"),
            ("admin", PROJECT, "admin"), ("narrowed", PROJECT, "admin"), ("service", PROJECT, "member"),
            ("disabled", PROJECT, "admin"), ("revoked", PROJECT, "admin"), ("expired", PROJECT, "admin"),
        ):  # fmt: skip
            await self.join(caller, project, role, at)
        self.tokens |= {"nobody": "", "garbage": "ty." + "x" * 43, "boss": self.web.token}
        self.tokens["stranger"] = await token_of(self.web.runtime, "stranger", role="none", at=at)
        for agent in ("agent", "other_agent", "spare"):
            self.tokens[agent] = await self.agent(agent, at)
        for caller, project in (("other_run", PROJECT), ("foreign_run", OTHER)):
            self.tokens[caller] = self.web.of_run(await self.tracked(project))
        self.tokens["deleted_run"] = self.web.of_run("f" * 36)
        self.run = await self.tracked(PROJECT)
        await self.write(lambda tx: principals.disable(tx, "the-disabled", disabled=True, at=at))
        await self.write(lambda tx: tx.run("UPDATE token SET revoked_at = ? WHERE principal = 'the-revoked'", at))
        return self

    async def write(self, work):
        return await self.web.runtime.database.write(work)

    async def tracked(self, project):
        return (await self.web.admin.runs.create(CreateRun(managed=False), project=project)).id

    async def join(self, caller, project, role, at):
        narrow = {"scopes": ("read",)} if caller == "narrowed" else {}
        if caller == "expired":
            narrow = {"expires_at": at - SECOND}
        kind, name = "service" if caller == "service" else "user", f"the-{caller}"
        await self.write(lambda tx: principals.ensure(tx, name, kind=kind, role="none", at=at))
        self.tokens[caller] = await token_of(self.web.runtime, name, role="none", at=at, **narrow)
        await self.write(lambda tx: principals.put_member(tx, project, name, role, at=at))

    async def project(self, tx, name, at):
        """A project without runs, in which everybody has the role that they have in the first one."""
        await projects.ensure(tx, name, at=at)
        await tx.run(
            "INSERT INTO member (project, principal, role, created_at) SELECT ?, principal, role, created_at"
            " FROM member WHERE project = ?",
            name, PROJECT,
        )  # fmt: skip
        self.web.app.state.known.forget()

    async def agent(self, name, at):
        token, principal = tokens.generate(), tokens.AGENT_PREFIX + name
        await self.write(lambda tx: principals.ensure(tx, principal, kind="agent", role="none", at=at))
        await self.write(lambda tx: tokens.create(tx, token, tokens.NewToken(principal=principal), at=at))
        await self.web.arrange.register(name)
        return token

    async def values(self, path, entry):
        """A value for each parameter of a path; everything that a request may change is made for it."""
        at, fresh = self.web.arrange.clock.now(), f"x{next(self.numbers)}"
        found = {"project": PROJECT, "name": fresh, "principal": fresh, "fresh": fresh + "n", "token_id": fresh}
        found["key"], found["job"], found["stream"] = "1", "1", "none"
        if "{ref}" in path:
            run = await self.web.admin.runs.create(CreateRun(content=operation()), project=PROJECT)
            found["ref"] = run.id
        if "/artifacts/{name}" in path:
            await self.web.admin.artifacts.put(found["ref"], fresh, b"abc", project=PROJECT)
        if "{ident}" in path:
            body = NewUpload(**UPLOAD)
            found["ident"] = (await self.web.admin.send(open_upload(PROJECT, found["ref"], body))).id
        if path == "/projects/{project}":
            await self.write(lambda tx: self.project(tx, fresh, at))
            found["project"] = fresh
        if path.startswith("/connections/{name}"):
            one = Connection(name=fresh, kind="box")
            await self.write(lambda tx: connections.put(tx, one, at=at))
        if path.startswith("/queues/{name}"):
            await self.web.arrange.queue(fresh)
        if path.startswith("/observers/"):
            found["plugin"] = "reader"
            await self.write(lambda tx: observers.ensure(tx, "reader", fresh, cursor=0, at=at))
        if path.startswith("/agents/{name}"):
            found["name"] = "agent" if entry.need == "agent" else "spare"
        if path.startswith(("/users/", "/service-accounts/")) or "{principal}" in path:
            kind = "service" if path.startswith("/service") else "user"
            await self.write(lambda tx: principals.ensure(tx, fresh, kind=kind, role="none", at=at))
        if "{principal}" in path:
            await self.write(lambda tx: principals.put_member(tx, PROJECT, fresh, "viewer", at=at))
        if "{job}" in path:
            found["job"] = str(await self.write(lambda tx: self.job(tx, fresh)))
        if "{token_id}" in path:
            new = tokens.NewToken(principal="admin")
            found["token_id"] = await self.write(lambda tx: tokens.create(tx, tokens.generate(), new, at=at))
        return found

    async def job(self, tx, key):
        await jobs.enqueue(tx, jobs.NewJob(plugin="core", name="purge", key=key, timeout=1, at=1, delay=10**12))
        return (await tx.one("SELECT id FROM job WHERE key = ?", key))["id"]

    async def ask(self, caller, route, entry, values):
        """One request of one caller."""
        method, path = route.split(" ")
        own = self.web.of_run(values.get("ref", self.run))
        token = own if caller == "run" else self.tokens[caller]
        body = entry.body
        if isinstance(body, dict):
            body = json.dumps(body).replace("{fresh}", values["fresh"]).encode()
        return await self.web.ask(
            method,
            "/api/v1" + re.sub(r"\{(\w+)\}", lambda m: values[m.group(1)], path) + entry.query,
            token=token,
            content=body,
            headers={
                **({"Content-Type": "application/json", "Connection": "close"} if body else {}),
                **dict(entry.headers),
            },
        )


@pytest_asyncio.fixture
async def ground(web):
    return await Ground(web).laid()


async def routes_of(web):
    document = (await web.ask("GET", "openapi.json")).json()
    return {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, item in document["paths"].items()
        for method in item
        if method in METHODS
    }


async def test_every_route_has_an_entry_and_every_entry_a_route(web):
    assert await routes_of(web) | {"GET /openapi.json"} == set(MATRIX)


async def test_outside_of_the_api_core_has_nothing(web):
    assert [route.path for route in web.app.routes if not route.path.startswith("/api/v1")] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # who may is decided in Python, the same for both
@pytest.mark.parametrize("route", MATRIX)
async def test_a_route_refuses_whoever_may_not(ground, route):
    entry, wrong = MATRIX[route], []
    path = route.split(" ")[1]
    untouched = await ground.values(path, entry)  # for all who are refused; whoever is allowed may use it up
    for caller in CALLERS:
        refused = expected(entry, route, caller)
        if refused is None and entry.stream:
            continue
        values = untouched if refused is not None else await ground.values(path, entry)
        answer = await ground.ask(caller, route, entry, values)
        if refused is None and answer.status_code in {401, 403, 404, 422, 500} - set(entry.fine):
            wrong.append((caller, "is allowed but got", answer.status_code, answer.text[:200]))
        elif refused is not None and answer.status_code != refused:
            wrong.append((caller, f"is to be refused with {refused} but got", answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))


async def test_a_foreign_id_is_nothing_wherever_it_is_put(ground):
    """The admin of another project, with the ids of this one: by path, as a stream, in bulk, in a query."""
    web, token = ground.web, ground.tokens["foreign"]
    run = await web.admin.runs.create(CreateRun(content=operation(), name="hidden"), project=PROJECT)
    own = await web.admin.runs.create(CreateRun(content=operation(), name="own"), project=OTHER)
    await web.admin.artifacts.put(run.id, "model.bin", b"abc", project=PROJECT)
    stream = {"Accept": "text/event-stream"}
    for project in (PROJECT, OTHER):
        for rest in (
            "",
            "/logs",
            "/metrics",
            "/events",
            "/artifacts",
            "/artifacts/model.bin",
            "/artifacts.tar",
            "/lineage",
        ):
            for headers in ({}, stream):
                answer = await web.ask("GET", f"projects/{project}/runs/{run.id}{rest}", token=token, headers=headers)
                assert answer.status_code == 404, (project, rest, headers, answer.text)
    body = {"action": "stop", "refs": [run.id, own.id]}
    done = await web.ask("POST", f"projects/{OTHER}/runs/bulk", token=token, json=body)
    told = {each["ref"]: each.get("code", "") for each in done.json()["items"]}
    assert told == {run.id: "not_found", own.id: ""}
    body = {"action": "stop", "q": f"id:{run.id}"}
    assert (await web.ask("POST", f"projects/{OTHER}/runs/bulk", token=token, json=body)).json()["items"] == []
    assert (await web.admin.runs.get(run.id, project=PROJECT)).status == "queued"
    for query in (
        "",
        f"id:{run.id}",
        "name:hidden",
        f"project:{PROJECT}",
        f"name:own OR project:{PROJECT}",
        "NOT name:own",
    ):
        found = await web.ask("GET", "runs", token=token, params={"q": query})
        assert found.status_code == 200, found.text
        assert {each["project"] for each in found.json()["items"]} <= {OTHER}, query
        inside = await web.ask("GET", f"projects/{OTHER}/runs", token=token, params={"q": query})
        assert {each["project"] for each in inside.json()["items"]} <= {OTHER}, query
    for ref in (run.id, run.short_id):
        body = {"content": operation(), "params": {"x": {"ref": f"runs.{ref}", "value": "outputs.y"}}}
        assert "hidden" not in (await web.ask("POST", f"projects/{OTHER}/runs", token=token, json=body)).text


async def test_an_id_that_is_taken_elsewhere_is_told_as_one_that_was_deleted(ground):
    """Whoever has learned an id finds out that it cannot be used, and not whether there is such a run."""
    web, token = ground.web, ground.tokens["foreign"]
    hidden = await web.admin.runs.create(CreateRun(managed=False), project=PROJECT)
    gone = await web.admin.runs.create(CreateRun(managed=False), project=PROJECT)
    await web.admin.runs.stop(gone.id, project=PROJECT)
    await web.admin.runs.delete(gone.id, project=PROJECT)
    told = []
    for run in (hidden.id, gone.id):
        body = {"managed": False, "id": run}
        answer = await web.ask("POST", f"projects/{OTHER}/runs", token=token, json=body)
        told.append((answer.status_code, answer.text.replace(run, "ID")))
    assert told[0] == told[1]
    assert told[0][0] == 409
    own = await web.ask("POST", f"projects/{PROJECT}/runs", json={"managed": False, "id": hidden.id})
    assert "there is a run" in own.json()["detail"]


def declaring(name, authorization):
    """A handler of a plugin that declares this."""

    @route(
        f"/{name}/{{project:str}}/{{ref:str}}/{{number:int}}",
        http_method=["GET", "PUT"],
        opt={"authorization": authorization},
    )
    async def answer() -> str:
        return name

    return answer


async def never(platform, headers, body):
    return False


DECLARED = {
    **{f"{action}-here": Permission(action) for action in (READ, WRITE, TRACK, ADMIN, KNOWN, ANYONE)},
    **{f"{action}-in-project": Permission(action, project="project") for action in (READ, WRITE, TRACK, ADMIN)},
    **{f"{action}-run": Permission(action, project="project", run="ref") for action in (READ, WRITE, TRACK, ADMIN)},
    "public": PUBLIC,
    "signed": Signed(never),
}


def everything():
    """A plugin whose routes declare all that can be declared."""
    handlers = [declaring(*each) for each in DECLARED.items()]
    registry = Registry()
    registry.add("every", SimpleNamespace(register_controllers=hookimpl(lambda: [Routes(handlers=handlers)])))
    return registry


@pytest.mark.parametrize("plugins", [everything, Registry.load], ids=["all declarations", "what is installed"])
async def test_a_route_of_a_plugin_refuses_whoever_may_not(tmp_path, plugins):
    registry, wrong = plugins(), []
    async with serving(f"sqlite:///{tmp_path / 'walk.db'}", tmp_path, registry=registry) as web:
        ground = await Ground(web).laid()
        walked = [each for each in web.app.routes if not each.path.startswith("/api/v1") or is_of_plugin(each)]
        assert walked or not [*registry.routes]
        for each in walked:
            for method, (handler, _) in each.route_handler_map.items():
                if method != "OPTIONS":
                    wrong += await refused_wrongly(ground, f"{method} {each.path_format}", handler.opt["authorization"])
    assert not wrong, "\n".join(map(str, wrong))


def is_of_plugin(each):
    return any("authorization" in handler.opt for handler in each.route_handlers)


async def refused_wrongly(ground, route, declared):
    """The callers that one route of a plugin answers otherwise than it declares."""
    path, names, wrong = route.split(" ")[1], {}, []
    run = (await ground.web.admin.runs.create(CreateRun(managed=False), project=PROJECT)).id
    if isinstance(declared, Permission):
        names = {declared.project: PROJECT, declared.run: run}
    address = re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], "1"), path)
    for caller in CALLERS:
        token = ground.web.of_run(run) if caller == "run" else ground.tokens[caller]
        ground.web.arrange.clock.turn(1)  # so that strangers are not too many
        answer = await ground.web.ask(route.split(" ")[0], address, token=token)
        if isinstance(declared, Permission):
            status = expected(Route(need_of(declared)), route, caller)
        else:
            status = 401 if isinstance(declared, Signed) else None
        if (answer.status_code in {401, 403, 500}) if status is None else (answer.status_code != status):
            wrong.append((route, caller, status or "is allowed", answer.status_code, answer.text[:200]))
    return wrong
