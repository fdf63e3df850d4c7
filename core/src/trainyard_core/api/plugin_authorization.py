"""Who may use a route of a plugin: what its handler declares is enforced here, before the handler is called and before
its body is read for it."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Receive, Scope, Send

from trainyard_core.api.access import runtime_of
from trainyard_core.api.authentication import Authentication, TokenCache
from trainyard_core.auth import Actor
from trainyard_core.contracts.routes import Authorization, Permission, Public, Signed
from trainyard_core.errors import Forbidden, TrainyardError, Unauthenticated, Unavailable
from trainyard_core.request_hooks import HOOK_DEADLINE
from trainyard_core.runtime import Runtime

__all__ = ["AUTHORIZATION", "PluginAuthentication", "RouteGuard", "actor_of", "authorization_of"]

AUTHORIZATION = "authorization"
"""The key of `opt` under which a handler, or what it belongs to, declares its authorization."""
log = structlog.get_logger("trainyard.plugins")


def authorization_of(handler: BaseRouteHandler) -> Authorization | None:
    """What a handler declares, by itself or by its controller or router; None: nothing that is an authorization."""
    declared = handler.opt.get(AUTHORIZATION)
    return declared if isinstance(declared, Authorization) else None


def actor_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Actor:
    """Who has been authenticated. Raises Unauthenticated where nobody was to be."""
    actor = connection.scope.get("user")
    if not isinstance(actor, Actor):
        raise Unauthenticated("this route is used without a token", fix="declare a Permission for the handler")
    return actor


class PluginAuthentication(Authentication):
    """Asks for a token where a handler declares a permission, and nowhere else, whatever else its `opt` says."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if isinstance(authorization_of(scope["route_handler"]), Permission):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class RouteGuard:
    """Enforces what the handlers of one plugin declare."""

    def __init__(self, plugin: str) -> None:
        self._plugin = plugin

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Raises NotFound, Forbidden, Unauthenticated, RateLimited, Unavailable."""
        declared = authorization_of(handler)
        if isinstance(declared, Permission):
            await _allow(connection, declared)
        elif isinstance(declared, Signed) and isinstance(connection, Request):
            await self._verify(connection, declared)
        elif not isinstance(declared, Public) and connection.scope.get("method") != "OPTIONS":
            raise Forbidden("this route declares no authorization", fix="update the plugin")

    async def _verify(self, request: Request[Any, Any, Any], signed: Signed) -> None:
        """The address counts as a stranger's until the signature is found to be genuine, so that strangers cannot have
        it checked as often as they like."""
        known: TokenCache = request.app.state.known
        runtime, address = runtime_of(request), request.client.host if request.client else ""
        known.strangers.take(address, at=runtime.clock.now())
        if await self._is_genuine(runtime, request, signed) is not True:
            log.warning("a signature was refused", plugin=self._plugin, route=request.scope.get("path_template"))
            raise Unauthenticated("the signature is not valid", fix="use the same secret on both sides")
        known.strangers.give_back(address)

    async def _is_genuine(self, runtime: Runtime, request: Request[Any, Any, Any], signed: Signed) -> object:
        headers, body = dict(request.headers), await request.body()
        try:
            async with asyncio.timeout(HOOK_DEADLINE):
                return await signed.verify(runtime.platforms.of(self._plugin), headers, body)
        except TrainyardError:
            raise
        except Exception as error:
            log.warning("a signature cannot be checked", plugin=self._plugin, error=type(error).__name__)
            raise Unavailable("the signature cannot be checked now", fix="try again") from None


async def _allow(connection: ASGIConnection[Any, Any, Any, Any], permission: Permission) -> None:
    authorization, actor = runtime_of(connection).authorization, actor_of(connection)
    values = connection.path_params
    project = str(values[permission.project]) if permission.project else ""
    if permission.run:
        await authorization.find_run(actor, project, str(values[permission.run]), permission.action)
    elif project:
        await authorization.allow_within(actor, permission.action, project)
    else:
        await authorization.allow(actor, permission.action)
