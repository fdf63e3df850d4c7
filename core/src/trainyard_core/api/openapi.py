"""The OpenAPI 3.1 document: what the handlers declare, completed with what holds for all of them: the bearer token,
every status that they may answer and the one shape of an error."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from litestar import Controller, Router, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import BaseRoute
from litestar.types import ControllerRouterHandler

from trainyard_core.api.access import ApiRequest, allow
from trainyard_core.auth import ANYONE

__all__ = ["Document", "complete", "config"]

PROBLEM = "Problem"
MEANINGS = {
    "304": "It has not changed since the ETag in `If-None-Match`.",
    "400": "The request cannot be read.",
    "401": "No valid token.",
    "403": "The token may not do that.",
    "404": "It does not exist, or the token may not see it.",
    "405": "This address does not have that method.",
    "409": "The state does not allow that.",
    "412": "It has changed since the ETag in `If-Match`.",
    "413": "The body is too large.",
    "415": "The body has another content type.",
    "416": "The range is outside the file.",
    "422": "The input is not valid; `problems` say what and where.",
    "429": "Too many requests; `Retry-After` says how long to wait.",
    "503": "The service is not available at the moment.",
    "507": "The disk is full.",
}
"""Of the statuses that more than one route answers."""
ALWAYS = ("400", "401", "403", "404", "422", "429", "503")
CHANGES = ("409", "412", "413", "415", "507")
PUBLIC = ("200", "400", "404", "429", "503")
KIND_MATTERS = "/sweeps/{ref}"
"""What is below it is there of some kinds of runs; of others, reading it is a conflict as well."""
_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "fix": {"type": "string"},
        "retryable": {"type": "boolean"},
        "expected": {"type": "integer"},
        "problems": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message"],
                "properties": {
                    "message": {"type": "string"},
                    "field": {"type": "string"},
                    "file": {"type": "string"},
                    "line": {"type": "integer"},
                    "column": {"type": "integer"},
                    "fix": {"type": "string"},
                },
            },
        },
    },
}


class Document(Controller):
    """`/openapi.json`, for whoever has a valid token, of whatever kind."""

    path = "/"
    tags = ("server",)

    @get("/openapi.json")
    async def document(self, request: ApiRequest) -> dict[str, Any]:
        """This document."""
        await allow(request, ANYONE)
        return complete(request.app.openapi_schema.to_schema())


class _BareRouter(Router):
    """Takes none of the routes that Litestar would add: pages that load scripts from elsewhere, and errors in HTML."""

    def register(self, value: ControllerRouterHandler) -> list[BaseRoute]:
        """Nothing."""
        return []


def config() -> OpenAPIConfig:
    """How Litestar makes the document; `Document` serves it."""
    return OpenAPIConfig(
        title="Trainyard",
        version=version("trainyard-core"),
        render_plugins=[JsonRenderPlugin()],
        openapi_router=_BareRouter(path="/", route_handlers=[]),
        use_handler_docstrings=True,
    )


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what holds for every route."""
    components = {
        **document.get("components", {}),
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    }
    components["schemas"] = {**components.get("schemas", {}), PROBLEM: _SCHEMA}
    paths = {path: _item(path, item) for path, item in sorted(document["paths"].items())}
    return {**document, "paths": paths, "components": components, "security": [{"bearer": []}]}


def _item(path: str, item: dict[str, Any]) -> dict[str, Any]:
    return {method: _operation(path, method, each) if method in METHODS else each for method, each in item.items()}


METHODS = frozenset({"get", "post", "put", "patch", "delete", "head"})


def _operation(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    own = {status: each for status, each in operation["responses"].items() if status != "400"}
    is_public = path in UNGUARDED
    reads = ("304", "409") if KIND_MATTERS in path else ("304",)
    statuses = PUBLIC if is_public else ALWAYS + (reads if method == "get" else CHANGES)
    added = {status: _response(status) for status in statuses if status not in own}
    completed = {**operation, "responses": dict(sorted({**own, **added}.items()))}
    return {**completed, "security": []} if is_public else completed


UNGUARDED = frozenset({"/api/v1/health", "/api/v1/ready"})
"""The routes that ask for no token: they tell nothing but whether the server works."""


def _response(status: str) -> dict[str, Any]:
    if status == "304":
        return {"description": MEANINGS[status]}
    schema = {"$ref": f"#/components/schemas/{PROBLEM}"}
    return {"description": MEANINGS[status], "content": {"application/problem+json": {"schema": schema}}}
