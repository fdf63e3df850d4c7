"""Callers of a plugin's routes below a project, from nobody to an admin, and what refuses them. A test asks every route
of a plugin as each of them, with a table of what each route needs that is written by hand."""

from __future__ import annotations

from trainyard.client.models import CreateRun
from trainyard_core.auth import READ, WRITE
from trainyard_core.db import principals
from trainyard_core.db.engine import Tx
from trainyard_core.testing.server import Web, token_of

__all__ = ["OTHER", "PROJECT", "REFUSED", "operations", "tokens_of_callers"]

PROJECT, OTHER = "yard", "elsewhere"
"""The project that the routes are asked for, and another one."""
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
"""The status that refuses a caller what a route needs. nobody sends no token; stranger has no role, foreign is an admin
of the other project; viewer, member and admin have that role in the project, narrowed is an admin of it with a token
for reading only; run has the token of a run of the project, foreign run that of a run of the other one."""
_ROLES = {
    "stranger": None,
    "foreign": (OTHER, "admin"),
    "viewer": (PROJECT, "viewer"),
    "narrowed": (PROJECT, "admin"),
    "member": (PROJECT, "member"),
    "admin": (PROJECT, "admin"),
}


async def tokens_of_callers(web: Web) -> dict[str, str]:
    """Create both projects, and return a token for each of `REFUSED`."""
    at = web.arrange.clock.now()
    for project in (PROJECT, OTHER):
        await web.admin.projects.create(project)
    found = {"nobody": ""}
    for caller, member in _ROLES.items():
        narrow = {"scopes": ("read",)} if caller == "narrowed" else {}
        found[caller] = await token_of(web.runtime, f"the-{caller}", role="none", at=at, **narrow)
        if member is not None:
            await _join(web, f"the-{caller}", *member, at=at)
    for caller, project in (("run", PROJECT), ("foreign run", OTHER)):
        found[caller] = web.of_run((await web.admin.runs.create(CreateRun(managed=False), project=project)).id)
    return found


async def _join(web: Web, name: str, project: str, role: str, *, at: int) -> None:
    async def work(tx: Tx) -> None:
        await principals.put_member(tx, project, name, role, at=at)

    await web.runtime.database.write(work)


async def operations(web: Web, prefix: str) -> set[str]:
    """The operations of the OpenAPI document below a path under the project, such as `POST /{ref}/ask`."""
    document = (await web.ask("GET", "openapi.json")).json()
    whole = f"/api/v1/projects/{{project}}{prefix}"
    return {
        f"{method.upper()} {path.removeprefix(whole)}"
        for path, item in document["paths"].items()
        for method in item
        if path.startswith(whole) and method != "parameters"
    }
