"""The OpenAPI 3.1 document: what the handlers declare, completed with what holds for all of them. That is the bearer
token, every status that they may answer and the one shape of an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

import structlog
from litestar import Controller, Litestar, Router, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import ControllerRouterHandler

from trainyard_core.api.access import ApiRequest, allow
from trainyard_core.api.plugin_authorization import authorization_of
from trainyard_core.auth import ANYONE
from trainyard_core.contracts.routes import Public, Signed

__all__ = ["Document", "complete", "config"]

log = structlog.get_logger("trainyard.api")
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
OPEN = ("200", "400", "404", "429", "503")
SIGNED = ("400", "401", "413", "422", "429", "503")
OpenRoutes = Mapping[tuple[str, str], tuple[str, ...]]
UNGUARDED: OpenRoutes = {("/api/v1/health", "get"): OPEN, ("/api/v1/ready", "get"): OPEN}
"""Core's routes that ask for no token: they tell nothing but whether the server works. By path and method, with the
statuses that they may answer."""
METHODS = frozenset({"get", "post", "put", "patch", "delete", "head"})
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
        return _whole(request.app)


def _whole(app: Litestar) -> dict[str, Any]:
    """The document of all routes, or of core's where those of plugins cannot be described."""
    try:
        document = app.openapi_schema.to_schema()
    except Exception as error:
        log.error("the OpenAPI document leaves out the routes of plugins", error=str(error))
        core: dict[str, Any] = app.state.documented()
        return core
    return complete(document, {**UNGUARDED, **_open_routes(app.routes)})


def _open_routes(routes: Iterable[BaseRoute]) -> OpenRoutes:
    """By path and method, the routes of plugins that ask for no token, with what all such routes may answer."""
    return {
        (route.path_format, method.lower()): SIGNED if isinstance(declared, Signed) else OPEN
        for route in routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if isinstance(declared := authorization_of(handler), Signed | Public)
        for method in handler.http_methods
    }


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


def complete(document: dict[str, Any], open_routes: OpenRoutes = UNGUARDED) -> dict[str, Any]:
    """The document with what holds for every route; `open_routes` ask for no token."""
    components = {
        **document.get("components", {}),
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    }
    components["schemas"] = {**components.get("schemas", {}), PROBLEM: _SCHEMA}
    paths = {path: _item(path, item, open_routes) for path, item in sorted(document["paths"].items())}
    return {**document, "paths": paths, "components": components, "security": [{"bearer": []}]}


def _item(path: str, item: dict[str, Any], open_routes: OpenRoutes) -> dict[str, Any]:
    return {
        method: _operation(path, method, each, open_routes.get((path, method), ())) if method in METHODS else each
        for method, each in item.items()
    }


def _operation(path: str, method: str, operation: dict[str, Any], answers: tuple[str, ...]) -> dict[str, Any]:
    """One operation; `answers` are the statuses of a route that asks for no token, and empty for the others."""
    declared = {status: each for status, each in operation["responses"].items() if status != "400"}
    own = {status: _response(status) if status in MEANINGS else each for status, each in declared.items()}
    statuses = answers or ALWAYS + (("304",) if method == "get" else CHANGES)
    added = {status: _response(status) for status in statuses if status not in own}
    completed = {**operation, "responses": dict(sorted({**own, **added}.items()))}
    return {**completed, "security": []} if answers else completed


def _response(status: str) -> dict[str, Any]:
    if status == "304":
        return {"description": MEANINGS[status]}
    schema = {"$ref": f"#/components/schemas/{PROBLEM}"}
    return {"description": MEANINGS[status], "content": {"application/problem+json": {"schema": schema}}}
