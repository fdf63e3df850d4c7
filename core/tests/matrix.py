"""Which route needs what, and who may: the table that the walk over all routes goes by. It is written by hand, apart
from the code that decides, so that a route that forgets its check is found."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from trainyard_core.auth import ANYONE, KNOWN
from trainyard_core.contracts.routes import Permission
from trainyard_core.testing.factories import operation

__all__ = ["CALLERS", "MATRIX", "UPLOAD", "Route", "expected", "need_of"]

CALLERS = (
    "nobody", "garbage", "expired", "revoked", "disabled", "stranger", "foreign", "viewer", "member", "admin",
    "service", "narrowed", "boss", "run", "other_run", "foreign_run", "deleted_run", "agent", "other_agent",
)  # fmt: skip
"""nobody sends no token, garbage one that never was; stranger is a person without any role, foreign the admin of
another project; viewer, member, admin have that role in the project, service is a service account that is a member of
it, narrowed an admin of it with a token for reading only; boss is an admin of the deployment; run has the token of the
run that is meant, other_run that of another run of the project, foreign_run that of a run of another project; agent
likewise."""

INVALID = {"nobody", "garbage", "expired", "revoked", "disabled"}
RUNS = {"run", "other_run", "foreign_run", "deleted_run"}
PEOPLE = {"stranger", "foreign", "viewer", "member", "admin", "service", "narrowed", "boss"}
READERS = {"viewer", "member", "admin", "service", "narrowed", "boss"}
WRITERS = {"member", "admin", "service", "boss"}
ALLOWED = {
    "public": set(CALLERS),
    "anyone": set(CALLERS) - INVALID,
    "known": PEOPLE,
    "deployment": {"boss"},
    "read": READERS | {"run", "other_run"},
    "write": WRITERS,
    "track": WRITERS,
    "admin": {"admin", "boss"},
    "run read": READERS | {"run", "other_run"},
    "run write": WRITERS,
    "run track": WRITERS | {"run"},
    "run admin": {"admin", "boss"},
    "run exit": {"run"},
    "agent": {"agent", "boss"},
    "self": {"boss"},
    "own token": {"run"},
}
"""Who may do what a route needs. `self` routes are about something that belongs to boss alone."""


class Route(NamedTuple):
    """What a route needs, and a body that is valid for it. `query` is put behind the path; a `stream` does not end, so
    only refusals are walked; `fine` are refusals of the matter that somebody who is allowed may get."""

    need: str
    body: dict[str, Any] | bytes | None = None
    query: str = ""
    stream: bool = False
    fine: tuple[int, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


def expected(route: Route, path: str, caller: str) -> int | None:
    """The status that refuses a caller, None when the caller is allowed."""
    if caller in ALLOWED[route.need] and not (caller in RUNS and path.endswith(" /projects/{project}")):
        return None  # of a project there is a fresh one for each caller, which is none of these runs'
    if caller in INVALID:
        return 401
    if route.need in ("known", "deployment"):
        return 403
    if route.need == "self":
        return 404 if caller in PEOPLE else 403
    if route.need == "agent":
        return 404 if caller == "other_agent" else 403
    if route.need == "own token":
        return 404 if caller in RUNS else 401
    if caller == "deleted_run" and route.need.startswith("run "):
        return 404
    return 403 if caller in READERS | RUNS else 404


RUN = {"content": operation()}
STEP = {"epoch": 1}
UPLOAD = {"name": "model.bin", "size": 3, "digest": f"sha256:{hashlib.sha256(b'abc').hexdigest()}"}
BEGIN = (("Upload-Offset", "0"),)
IN_PROJECT = {
    "GET ": Route("read"),
    "PATCH ": Route("admin", {"description": "x"}),
    "DELETE ": Route("admin"),
    "GET /activities": Route("read"),
    "GET /members": Route("read"),
    "PUT /members/{principal}": Route("admin", {"role": "viewer"}),
    "DELETE /members/{principal}": Route("admin"),
    "GET /runs": Route("read"),
    "GET /runs/table": Route("read"),
    "POST /runs/series": Route("read", {"runs": ["latest"], "names": ["loss"]}),
    "POST /runs": Route("write", RUN),
    "POST /runs/preview": Route("write", RUN),
    "POST /runs/bulk": Route("write", {"action": "stop", "q": "status:running"}),
}
IN_RUN = {
    "GET ": Route("run read"),
    "PATCH ": Route("run write", {"description": "x"}),
    "DELETE ": Route("run write"),
    **{
        f"POST /{action}": Route("run write", {})
        for action in ("approve", "archive", "copy", "lost", "restart", "restore", "resume", "skip", "stop")
    },
    "POST /tag": Route("run write", {"add": ["x"]}),
    "POST /token": Route("own token"),
    "GET /statuses": Route("run read"),
    "GET /activities": Route("run read"),
    "GET /events": Route("run read", stream=True),
    "GET /lineage": Route("run read"),
    "GET /uses": Route("run read"),
    "GET /why": Route("run read"),
    "POST /frames": Route("run track", b"", fine=(422,)),
    "POST /exit": Route("run exit", {"code": 0}, fine=(404,)),
    "GET /logs": Route("run read"),
    "GET /metrics": Route("run read"),
    "GET /series": Route("run read"),
    "GET /tracked-events": Route("run read"),
    "POST /attempt-streams": Route("run write", {"kind": "exec", "command": ["true"]}, fine=(409,)),
    "GET /attempt-streams/{stream}/output": Route("run read", fine=(404,)),
    "POST /attempt-streams/{stream}/input": Route("run write", {"items": []}, fine=(404,)),
    "DELETE /attempt-streams/{stream}": Route("run read", fine=(404,)),
    "GET /artifacts": Route("run read"),
    "GET /artifacts.tar": Route("run read"),
    "POST /artifacts.tar": Route("run track", bytes(1024)),
    "GET /artifacts/{name}": Route("run read"),
    "HEAD /artifacts/{name}": Route("run read"),
    "PUT /artifacts/{name}": Route("run track", b"abc"),
    "DELETE /artifacts/{name}": Route("run write"),
    "POST /uploads": Route("run track", UPLOAD),
    "GET /uploads/{ident}": Route("run track"),
    "HEAD /uploads/{ident}": Route("run track"),
    "PATCH /uploads/{ident}": Route("run track", b"abc", headers=BEGIN),
    "DELETE /uploads/{ident}": Route("run track"),
}
OF_AGENT = {
    "POST /sessions": Route("agent", {"scheduler": "late"}),
    "POST /assignments": Route("agent", STEP),
    "POST /leave": Route("agent", STEP),
    "POST /orders": Route("agent", STEP),
    "POST /released": Route("agent", {**STEP, "refs": []}),
    "POST /report": Route("agent", {**STEP, "seen": []}),
    "POST /diagnosis": Route("agent", {**STEP, "ref": {"run": "{run}", "attempt": 1}, "found": []}),
    "POST /workloads": Route("agent", {**STEP, "refs": []}),
    "GET /attempt-streams/{stream}/input": Route("agent", fine=(404,)),
    "POST /attempt-streams/{stream}/output": Route("agent", {"items": []}, fine=(404,)),
}


def need_of(permission: Permission) -> str:
    """What a route of a plugin needs that declares this permission."""
    if permission.run:
        return f"run {permission.action}"
    if permission.project or permission.action in (KNOWN, ANYONE):
        return permission.action
    return "deployment"


def below(path: str, routes: dict[str, Route]) -> dict[str, Route]:
    """Routes below a path."""
    return {route.replace(" ", f" {path}", 1): entry for route, entry in routes.items()}


MATRIX: dict[str, Route] = {
    "GET /health": Route("public"),
    "GET /ready": Route("public"),
    "GET /version": Route("anyone"),
    "GET /whoami": Route("anyone"),
    "GET /openapi.json": Route("anyone"),
    "GET /plugins": Route("deployment"),
    "GET /settings": Route("deployment"),
    "POST /diagnosis": Route("deployment"),
    "POST /diagnosis/upload": Route("known", b"anything"),
    "GET /prometheus": Route("deployment"),
    "GET /users": Route("deployment"),
    "POST /users": Route("deployment", {"name": "{fresh}"}),
    "GET /users/{name}": Route("deployment"),
    "PATCH /users/{name}": Route("deployment", {"description": "x"}),
    "DELETE /users/{name}": Route("deployment"),
    "GET /service-accounts": Route("deployment"),
    "POST /service-accounts": Route("deployment", {"name": "{fresh}"}),
    "GET /service-accounts/{name}": Route("deployment"),
    "PATCH /service-accounts/{name}": Route("deployment", {"description": "x"}),
    "DELETE /service-accounts/{name}": Route("deployment"),
    "GET /tokens": Route("known"),
    "POST /tokens": Route("known", {"name": "more"}),
    "DELETE /tokens/{token_id}": Route("self"),
    "GET /connections": Route("known"),
    "GET /connections/{name}": Route("known", fine=(404,)),
    "PUT /connections/{name}": Route("deployment", {"kind": "box"}, fine=(422,)),
    "DELETE /connections/{name}": Route("deployment"),
    "POST /connections/{name}/check": Route("deployment"),
    "GET /queues": Route("known"),
    "GET /queues/{name}": Route("known"),
    "PUT /queues/{name}": Route("deployment", {"concurrency": 1}),
    "PATCH /queues/{name}": Route("deployment", {"concurrency": 1}),
    "DELETE /queues/{name}": Route("deployment"),
    "GET /observers": Route("deployment"),
    "GET /observers/{plugin}/{name}": Route("deployment"),
    "DELETE /observers/{plugin}/{name}": Route("deployment"),
    "POST /observers/{plugin}/{name}/retry": Route("deployment"),
    "GET /agents": Route("known"),
    "POST /agents": Route("deployment", {"name": "{fresh}"}),
    "GET /agents/{name}": Route("known"),
    "PATCH /agents/{name}": Route("deployment", {"draining": True}),
    "DELETE /agents/{name}": Route("deployment", fine=(409,)),
    "POST /agents/{name}/token": Route("deployment"),
    **below("/agents/{name}", OF_AGENT),
    "GET /jobs": Route("deployment"),
    "POST /jobs/{job}/retry": Route("deployment"),
    "DELETE /jobs/{job}": Route("deployment"),
    "GET /activities": Route("known"),
    "GET /runs": Route("known"),
    "GET /projects": Route("known"),
    "POST /projects": Route("deployment", {"name": "{fresh}"}),
    **below("/projects/{project}", IN_PROJECT),
    **below("/projects/{project}/runs/{ref}", IN_RUN),
}
"""Every route of the OpenAPI document, below `/api/v1`."""
