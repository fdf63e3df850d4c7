"""Which route needs what, and who may: the table that the walk over all routes goes by. It is written by hand, apart
from the code that decides, so that a route that forgets its check is found."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from trainyard_core.testing.factories import operation

__all__ = ["CALLERS", "MATRIX", "Route", "expected"]

CALLERS = (
    "nobody", "garbage", "expired", "revoked", "disabled", "stranger", "foreign", "viewer", "member", "admin",
    "service", "narrowed", "boss", "run", "other_run", "agent", "other_agent",
)  # fmt: skip
"""nobody sends no token, garbage one that never was; stranger is a person without any role, foreign the admin of another
project; viewer, member, admin have that role in the project, service is a service account that is a member of it,
narrowed an admin of it with a token for reading only; boss is an admin of the deployment; run has the token of the run
that is meant, other_run that of another run of the project; agent likewise."""

INVALID = {"nobody", "garbage", "expired", "revoked", "disabled"}
PEOPLE = {"stranger", "foreign", "viewer", "member", "admin", "service", "narrowed", "boss"}
READERS = {"viewer", "member", "admin", "service", "narrowed", "boss"}
WRITERS = {"member", "admin", "service", "boss"}
ALLOWED = {
    "public": set(CALLERS),
    "anyone": set(CALLERS) - INVALID,
    "known": PEOPLE,
    "deployment": {"boss"},
    "read": READERS,
    "write": WRITERS,
    "admin": {"admin", "boss"},
    "run read": READERS | {"run"},
    "run write": WRITERS,
    "run track": WRITERS | {"run"},
    "agent": {"agent", "boss"},
    "self": {"boss"},
}
"""Who may do what a route needs. `self` routes are about something that belongs to boss alone."""


class Route(NamedTuple):
    """What a route needs, and a body that is valid for it. `query` is put behind the path; a `stream` does not end, so
    only refusals are walked."""

    need: str
    body: dict[str, Any] | bytes | None = None
    query: str = ""
    stream: bool = False
    headers: tuple[tuple[str, str], ...] = ()


def expected(route: Route, path: str, caller: str) -> int | None:
    """The status that refuses a caller, None when the caller is allowed."""
    if caller in ALLOWED[route.need]:
        return None
    if caller in INVALID:
        return 401
    if route.need in ("known", "deployment"):
        return 403
    if route.need == "self":
        return 404 if caller in PEOPLE else 403
    if route.need == "agent":
        return 404 if caller == "other_agent" else 403
    if caller in READERS or (caller == "run" and route.need.startswith("run ")):
        return 403
    return 404


RUN = {"content": operation()}
COMPONENT = {"name": "{fresh}", "version": "1", "content": "version: 1.1\nkind: component\ncmd: echo hi\n"}
PRESET = {"name": "{fresh}", "version": "1", "content": "isPreset: true\n"}
UPLOAD = {"name": "model.bin", "size": 3, "digest": f"sha256:{hashlib.sha256(b'abc').hexdigest()}"}
BEGIN = (("Upload-Offset", "0"),)
MATRIX: dict[str, Route] = {
    "GET /health": Route("public"),
    "GET /ready": Route("public"),
    "GET /version": Route("anyone"),
    "GET /whoami": Route("anyone"),
    "GET /openapi.json": Route("anyone"),
    "GET /plugins": Route("deployment"),
    "GET /settings": Route("deployment"),
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
    "GET /projects": Route("known"),
    "POST /projects": Route("deployment", {"name": "{fresh}"}),
    "GET /projects/{project}": Route("read"),
    "PATCH /projects/{project}": Route("admin", {"description": "x"}),
    "DELETE /projects/{project}": Route("admin"),
    "GET /projects/{project}/members": Route("read"),
    "PUT /projects/{project}/members/{principal}": Route("admin", {"role": "viewer"}),
    "DELETE /projects/{project}/members/{principal}": Route("admin"),
    "GET /projects/{project}/components": Route("read"),
    "POST /projects/{project}/components": Route("write", COMPONENT),
    "GET /projects/{project}/components/{name}": Route("read"),
    "GET /projects/{project}/components/{name}/versions": Route("read"),
    "GET /projects/{project}/components/{name}/versions/{version}": Route("read"),
    "PATCH /projects/{project}/components/{name}/versions/{version}": Route("write", {"stage": "production"}),
    "DELETE /projects/{project}/components/{name}/versions/{version}": Route("write"),
    "GET /projects/{project}/presets": Route("read"),
    "POST /projects/{project}/presets": Route("write", PRESET),
    "GET /projects/{project}/presets/{name}": Route("read"),
    "GET /projects/{project}/presets/{name}/versions": Route("read"),
    "GET /projects/{project}/presets/{name}/versions/{version}": Route("read"),
    "PATCH /projects/{project}/presets/{name}/versions/{version}": Route("write", {"stage": "production"}),
    "DELETE /projects/{project}/presets/{name}/versions/{version}": Route("write"),
    "GET /projects/{project}/runs": Route("read"),
    "POST /projects/{project}/runs/preview": Route("write", RUN),
    "GET /projects/{project}/runs/{ref}/uses": Route("run read"),
    "POST /projects/{project}/runs": Route("write", RUN),
    "GET /projects/{project}/runs/{ref}": Route("run read"),
    "POST /projects/{project}/runs/{ref}/stop": Route("run write", {}),
    "GET /projects/{project}/runs/{ref}/statuses": Route("run read"),
    "GET /projects/{project}/runs/{ref}/activities": Route("run read"),
    "GET /projects/{project}/runs/{ref}/why": Route("run read"),
    "POST /projects/{project}/runs/{ref}/frames": Route("run track", b""),
    "GET /projects/{project}/runs/{ref}/logs": Route("run read"),
    "GET /projects/{project}/runs/{ref}/metrics": Route("run read"),
    "GET /projects/{project}/runs/{ref}/series": Route("run read"),
    "GET /projects/{project}/runs/{ref}/artifacts": Route("run read"),
    "GET /projects/{project}/runs/{ref}/artifacts.tar": Route("run read"),
    "GET /projects/{project}/runs/{ref}/artifacts/{name}": Route("run read"),
    "HEAD /projects/{project}/runs/{ref}/artifacts/{name}": Route("run read"),
    "PUT /projects/{project}/runs/{ref}/artifacts/{name}": Route("run track", b"abc"),
    "DELETE /projects/{project}/runs/{ref}/artifacts/{name}": Route("run write"),
    "POST /projects/{project}/runs/{ref}/uploads": Route("run track", UPLOAD),
    "GET /projects/{project}/runs/{ref}/uploads/{ident}": Route("run track"),
    "HEAD /projects/{project}/runs/{ref}/uploads/{ident}": Route("run track"),
    "PATCH /projects/{project}/runs/{ref}/uploads/{ident}": Route("run track", b"abc", headers=BEGIN),
    "DELETE /projects/{project}/runs/{ref}/uploads/{ident}": Route("run track"),
}
"""Every route of the OpenAPI document, below `/api/v1`."""
