"""The routes that plugins bring, as routers of the application: each below its prefix, authenticated and authorized as
it declares. A plugin with a route that must not be served is left out, with the reason; the others are served."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from litestar import Litestar, Request, Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.routes import BaseRoute, HTTPRoute

from trainyard_core.api import openapi, version_skew
from trainyard_core.api.access import runtime_of
from trainyard_core.api.etag import etags
from trainyard_core.api.parameters import refuse_unknown
from trainyard_core.api.plugin_authorization import (
    AUTHORIZATION,
    PluginAuthentication,
    RouteGuard,
    actor_of,
    authorization_of,
)
from trainyard_core.api.plugin_change import RequestChange
from trainyard_core.api.route_pattern import overlap
from trainyard_core.auth import ADMIN, ANYONE, KNOWN, READ, TRACK, WRITE, Actor
from trainyard_core.contracts.platform import Platform
from trainyard_core.contracts.routes import Change, Permission, Routes, Signed
from trainyard_core.errors import choice
from trainyard_core.registry import Registry

__all__ = ["PluginRouter", "admitted", "leave_out_refused"]

API, STEP = "/api/v1", "routes"
ACTIONS = (READ, WRITE, TRACK, ADMIN, KNOWN, ANYONE)
"""What a permission may ask for: an agent's own routes are core's."""


class PluginRouter(Router):
    """The routes that one plugin brings under one name."""

    def __init__(self, plugin: str, offer: Routes) -> None:
        """Raises ValueError for a prefix that is none, what Litestar refuses the handlers with, and what the plugin
        raises when it is asked for them."""
        if offer.prefix and not offer.prefix.startswith("/"):
            raise ValueError(f"the prefix of routes begins with `/`, not '{offer.prefix}'")
        prefix = offer.prefix or f"{API}/{plugin}"
        self.plugin, self.offer = plugin, offer
        super().__init__(
            path=prefix,
            route_handlers=[*(offer.handlers() if callable(offer.handlers) else offer.handlers)],
            middleware=[version_skew.spoken, etags, DefineMiddleware(PluginAuthentication)],
            guards=[RouteGuard(plugin)],
            before_request=refuse_unknown if prefix.startswith(API) else None,
            dependencies={
                "platform": Provide(_platform_of(plugin), sync_to_thread=False),
                "actor": Provide(_actor, sync_to_thread=False),
                "change": Provide(_change_of(plugin), sync_to_thread=False),
            },
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> PluginRouter:
        """Itself: Litestar copies what it registers, as it may be registered again, and this never is."""
        return self


def admitted(registry: Registry, core: Sequence[BaseRoute]) -> list[PluginRouter]:
    """The routers of all plugins beside core's routes. A plugin with a route that must not be served is left out of the
    registry; routers that give way are left out where others have their addresses."""
    routers = _checked(registry)
    accepted: list[PluginRouter] = []
    for plugin in sorted({each.plugin for each in routers}):
        own = [each for each in routers if each.plugin == plugin and not each.offer.fallback]
        with registry.leaving_out(plugin, STEP):
            for router in own:
                _refuse_hidden(router, core, accepted)
            accepted += own
    return accepted + _giving_way(registry, routers, core, accepted)


def _checked(registry: Registry) -> list[PluginRouter]:
    """All routers of the plugins whose handlers can be served."""
    routers: list[PluginRouter] = []
    for plugin in [*dict(registry.routes)]:
        with registry.leaving_out(plugin, STEP):
            made = [PluginRouter(plugin, offer) for offer in registry.routes.of(plugin)]
            for router in made:
                _check(router)
            routers += made
    return routers


def _giving_way(
    registry: Registry, routers: Iterable[PluginRouter], core: Sequence[BaseRoute], accepted: Sequence[PluginRouter]
) -> list[PluginRouter]:
    """The routers that may give way and need not."""
    taken = [*core, *(route for each in accepted for route in each.routes)]
    kept: list[PluginRouter] = []
    for router in routers:
        is_there = router.offer.fallback and registry.manager.has_plugin(router.plugin)
        if is_there and not any(_hidden(route, taken) for route in router.routes):
            kept.append(router)
            taken += router.routes
    return kept


def _check(router: PluginRouter) -> None:
    """Raises ValueError for a handler that cannot be served: it is of another kind, or declares no authorization."""
    for route in router.routes:
        if not isinstance(route, HTTPRoute):
            raise ValueError(
                f"{route.path_format} is no HTTP route: websockets and mounted applications are not served"
            )
        for method, handler in _handlers(route):
            if problem := _problem(route, handler):
                raise ValueError(f"{method} {route.path_format}: {problem}")


def _handlers(route: HTTPRoute) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """A route's handlers by method, but for the answers to OPTIONS that Litestar adds."""
    for handler in route.route_handlers:
        handler.resolve_opts()
        for method in sorted(handler.http_methods):
            if method != "OPTIONS" or AUTHORIZATION in handler.opt:
                yield method, handler


def _problem(route: HTTPRoute, handler: HTTPRouteHandler) -> str:
    """What is wrong with a handler's declaration, with what to write instead; empty when nothing is."""
    declared = authorization_of(handler)
    if declared is None:
        return 'it declares no authorization: write opt={"authorization": Permission(...)}, Signed(...) or PUBLIC'
    if isinstance(declared, Permission):
        return _problem_of_permission(route, declared)
    for name in ("actor", "change"):
        if name in handler.parsed_fn_signature.parameters:
            return f"it asks for `{name}` and for no token: declare a Permission, or use `platform` alone"
    is_unbounded = any(layer.request_max_body_size is None for layer in handler.ownership_layers)
    if isinstance(declared, Signed) and is_unbounded:
        return "it is signed, so its body is read whole: set `request_max_body_size` to a number of bytes"
    return ""


def _problem_of_permission(route: HTTPRoute, permission: Permission) -> str:
    if permission.action not in ACTIONS:
        return f"{choice('action', permission.action, ACTIONS)}: name one of these in its Permission"
    if permission.run and not permission.project:
        return "its Permission names a run and no project: name the path parameter of the project too"
    for name in (permission.project, permission.run):
        if name and name not in route.path_parameters:
            return f"its Permission names `{name}`, and its path has no such parameter"
    return ""


def _refuse_hidden(router: PluginRouter, core: Sequence[BaseRoute], others: Iterable[PluginRouter]) -> None:
    """Raises ValueError for a route with an address of another owner."""
    for route in router.routes:
        if hidden := _hidden(route, core):
            raise ValueError(
                f"its route {route.path_format} hides {hidden.path_format} of Trainyard: use another prefix"
            )
        for other in others:
            if other.plugin != router.plugin and (hidden := _hidden(route, other.routes)):
                raise ValueError(
                    f"its route {route.path_format} hides {hidden.path_format} of plugin '{other.plugin}': "
                    "use another prefix, or uninstall one of them"
                )


def _hidden(route: BaseRoute, others: Iterable[BaseRoute]) -> BaseRoute | None:
    return next((each for each in others if overlap(route.path_components, each.path_components)), None)


def leave_out_refused(registry: Registry) -> bool:
    """Leave out the plugins whose routes Litestar refuses to serve. Returns whether there is one."""
    is_found = False
    for plugin in [*dict(registry.routes)]:
        try:
            routers = [PluginRouter(plugin, offer) for offer in registry.routes.of(plugin)]
            Litestar(route_handlers=[*routers], openapi_config=openapi.config(), logging_config=None)
        except Exception as error:
            registry.leave_out(plugin, STEP, error)
            is_found = True
    return is_found


def _platform_of(plugin: str) -> Callable[[Request[Any, Any, Any]], Platform]:
    def platform(request: Request[Any, Any, Any]) -> Platform:
        return runtime_of(request).platforms.of(plugin)

    return platform


def _actor(request: Request[Any, Any, Any]) -> Actor:
    return actor_of(request)


def _change_of(plugin: str) -> Callable[[Request[Any, Any, Any]], Change]:
    def change(request: Request[Any, Any, Any]) -> Change:
        actor_of(request)  # an idempotency key belongs to a token
        return RequestChange(request, plugin)

    return change
