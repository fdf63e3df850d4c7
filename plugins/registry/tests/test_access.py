"""Who may do what with components and presets: every route of the plugin, asked by everybody."""

from __future__ import annotations

from itertools import count

import pytest
import pytest_asyncio

from trainyard.client.models import CreateRun, RegisterComponent
from trainyard_core.db import principals
from trainyard_core.testing.server import token_of

CONTENT = {"components": "version: 1.1\nkind: component\ncmd: echo hi\n", "presets": "isPreset: true\n"}
READ, WRITE = "read", "write"
ROUTES = {
    "GET /{noun}": READ,
    "POST /{noun}": WRITE,
    "GET /{noun}/{name}": READ,
    "GET /{noun}/{name}/versions": READ,
    "GET /{noun}/{name}/versions/{version}": READ,
    "PATCH /{noun}/{name}/versions/{version}": WRITE,
    "DELETE /{noun}/{name}/versions/{version}": WRITE,
}
"""By hand, apart from what the handlers declare."""
REFUSED = {
    "nobody": {READ: 401, WRITE: 401},
    "stranger": {READ: 404, WRITE: 404},
    "foreign": {READ: 404, WRITE: 404},
    "foreign run": {READ: 403, WRITE: 403},
    "run": {WRITE: 403},
    "viewer": {WRITE: 403},
    "narrowed": {WRITE: 403},
    "member": {},
    "admin": {},
}
"""The status that refuses a caller what a route needs."""
PROJECT, OTHER = "yard", "elsewhere"


@pytest_asyncio.fixture
async def callers(web):
    """A token for each of them."""
    at, runtime = web.arrange.clock.now(), web.runtime
    for project in (PROJECT, OTHER):
        await web.admin.projects.create(project)
    found = {"nobody": ""}
    roles = (
        ("stranger", "", ""), ("foreign", OTHER, "admin"), ("viewer", PROJECT, "viewer"),
        ("narrowed", PROJECT, "admin"), ("member", PROJECT, "member"), ("admin", PROJECT, "admin"),
    )  # fmt: skip
    for caller, project, role in roles:
        narrow = {"scopes": ("read",)} if caller == "narrowed" else {}
        found[caller] = await token_of(runtime, f"the-{caller}", role="none", at=at, **narrow)
        if project:
            await runtime.database.write(
                lambda tx, name=f"the-{caller}", project=project, role=role: principals.put_member(
                    tx, project, name, role, at=at
                )
            )
    for caller, project in (("run", PROJECT), ("foreign run", OTHER)):
        found[caller] = web.of_run((await web.admin.runs.create(CreateRun(managed=False), project=project)).id)
    return found


async def test_the_table_has_every_route(web):
    document = (await web.ask("GET", "openapi.json")).json()
    prefix = "/api/v1/projects/{project}"
    found = {
        f"{method.upper()} {path.removeprefix(prefix)}"
        for path, item in document["paths"].items()
        for method in item
        if path.startswith((f"{prefix}/components", f"{prefix}/presets")) and method != "parameters"
    }
    assert found == {route.replace("{noun}", noun) for route in ROUTES for noun in CONTENT}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # who may is decided in Python, the same for both
@pytest.mark.parametrize("noun", CONTENT)
async def test_a_route_refuses_whoever_may_not(web, callers, noun):
    numbers, wrong = count(1), []
    resource = getattr(web.admin, noun)
    for route, need in ROUTES.items():
        method, path = route.split(" ")
        for caller, refused in REFUSED.items():
            name = f"x{next(numbers)}"
            if "{name}" in path:
                body = RegisterComponent(name=name, version="1", content=CONTENT[noun])
                await resource.register(body, project=PROJECT)
            sent = {"POST": {"name": name, "version": "1", "content": CONTENT[noun]}, "PATCH": {"description": "x"}}
            answer = await web.ask(
                method,
                f"projects/{PROJECT}{path.format(noun=noun, name=name, version='1')}",
                token=callers[caller],
                **({"json": sent[method]} if method in sent else {}),
            )
            if answer.status_code != refused.get(need) and (need in refused or answer.status_code >= 400):
                wrong.append((route, caller, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))
