"""Who may do what with sweeps: every route of the plugin, asked by everybody."""

from __future__ import annotations

import pytest
import pytest_asyncio
from sweep_harness import Book, sweeping

from trainyard.client.models import CreateRun, NewSweep
from trainyard.client.requests import create_sweep
from trainyard_core.db import principals
from trainyard_core.testing.server import token_of

READ, WRITE = "read", "write"
MATRIX = {"kind": "random", "numRuns": 4, "seed": 1, "params": {"x": {"kind": "choice", "value": [1, 2]}}}
ROUTES = {
    "POST ": (WRITE, {"matrix": MATRIX}),
    "GET /{ref}": (READ, None),
    "GET /{ref}/trials": (READ, None),
    "GET /{ref}/front": (READ, None),
    "POST /{ref}/ask": (WRITE, {"count": 1}),
    "POST /{ref}/trials/{key}/tell": (WRITE, {"status": "failed"}),
}
"""By hand, apart from what the handlers declare."""
REFUSED = {
    "nobody": {READ: 401, WRITE: 401},
    "stranger": {READ: 404, WRITE: 404},
    "foreign": {READ: 404, WRITE: 404},
    "foreign run": {READ: 403, WRITE: 403},
    "viewer": {WRITE: 403},
    "narrowed": {WRITE: 403},
    "member": {},
    "admin": {},
}
"""The status that refuses a caller what a route needs."""
FINE = {404, 409}
"""What a route may answer to somebody who may use it here: there is no trial of that key, no objective."""
PROJECT, OTHER = "yard", "elsewhere"


@pytest_asyncio.fixture
async def web(tmp_path):
    async with sweeping(f"sqlite:///{tmp_path / 'trainyard.db'}", tmp_path / "data", Book()) as served:
        yield served  # who may is decided in Python, the same for both databases


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
    run = await web.admin.runs.create(CreateRun(managed=False), project=OTHER)
    return {**found, "foreign run": web.of_run(run.id)}


async def test_the_table_has_every_route(web):
    document = (await web.ask("GET", "openapi.json")).json()
    prefix = "/api/v1/projects/{project}/sweeps"
    found = {
        f"{method.upper()} {path.removeprefix(prefix)}"
        for path, item in document["paths"].items()
        for method in item
        if path.startswith(prefix) and method != "parameters"
    }
    assert found == {*ROUTES}


@pytest.mark.parametrize("route", ROUTES)
async def test_a_route_refuses_whoever_may_not(web, callers, route):
    need, body = ROUTES[route]
    made = await web.admin.send(create_sweep(PROJECT, NewSweep(matrix=MATRIX, name="search")))
    method, path = route.split(" ")
    wrong = []
    for caller, refused in REFUSED.items():
        answer = await web.ask(
            method,
            f"projects/{PROJECT}/sweeps{path.format(ref=made.id, key='9')}",
            token=callers[caller],
            **({} if body is None else {"json": body}),
        )
        fine = (
            answer.status_code == refused[need]
            if need in refused
            else answer.status_code < 400 or (answer.status_code in FINE)
        )
        if not fine:
            wrong.append((caller, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))
