"""The ASGI application of one server: core's controllers under `/api/v1`, authenticated, with one shape of
error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Litestar, Router
from litestar.middleware import DefineMiddleware
from litestar.types import Middleware

from trainyard_core.api import openapi, plugin_routes, version_skew
from trainyard_core.api.activities import Activities
from trainyard_core.api.agent_sessions import AgentSessions
from trainyard_core.api.agents import Agents
from trainyard_core.api.artifacts import Artifacts
from trainyard_core.api.attempt_streams import AgentStreams, RunStreams
from trainyard_core.api.authentication import Authentication, TokenCache
from trainyard_core.api.bulk import Bulk
from trainyard_core.api.connections import Connections
from trainyard_core.api.declare_lost import LostAttempts
from trainyard_core.api.diagnosis import Diagnoses
from trainyard_core.api.etag import etags
from trainyard_core.api.jobs import Jobs
from trainyard_core.api.lineage import Lineage
from trainyard_core.api.many_series import ManySeries
from trainyard_core.api.members import Members
from trainyard_core.api.observers import Observers
from trainyard_core.api.openapi import Document
from trainyard_core.api.parameters import refuse_unknown
from trainyard_core.api.preview import Previews
from trainyard_core.api.principals import ServiceAccounts, Users
from trainyard_core.api.problems import HANDLERS
from trainyard_core.api.projects import Projects
from trainyard_core.api.prometheus import Prometheus
from trainyard_core.api.queues import Queues
from trainyard_core.api.request_log import RequestLog
from trainyard_core.api.run_actions import RunActions
from trainyard_core.api.run_events import RunEvents
from trainyard_core.api.run_table import RunTables
from trainyard_core.api.run_token import RunTokens
from trainyard_core.api.runs import Runs
from trainyard_core.api.search import Search
from trainyard_core.api.server import Server
from trainyard_core.api.single_flight import SingleFlight
from trainyard_core.api.stream_auth import StreamAuthorization
from trainyard_core.api.tokens import Tokens
from trainyard_core.api.tracking import Tracking
from trainyard_core.api.uploads import UploadParts
from trainyard_core.registry import Registry
from trainyard_core.runtime import Runtime

__all__ = ["build", "documented", "documented_plugin", "serve"]

MOST_BODY = 4 * 1024 * 1024
CONTROLLERS = (
    Activities,
    Agents,
    AgentSessions,
    AgentStreams,
    Bulk,
    Artifacts,
    Connections,
    Diagnoses,
    Document,
    Jobs,
    Lineage,
    LostAttempts,
    Members,
    Observers,
    Previews,
    Projects,
    Prometheus,
    Queues,
    RunActions,
    RunStreams,
    RunTokens,
    RunEvents,
    Runs,
    ManySeries,
    RunTables,
    Search,
    Server,
    ServiceAccounts,
    Tokens,
    Tracking,
    UploadParts,
    Users,
)


class Api(Router):
    """The routes of one application. Litestar copies a router whenever it is registered, as it may be registered again:
    that takes a third of the time in which an application is made, and this one never is."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Api:
        return self


def build(runtime: Runtime) -> Litestar:
    """The application. It does not own the runtime: whoever opened it closes it. A plugin whose routes cannot be served
    is left out."""
    try:
        app = _application(runtime.registry)
    except Exception:
        if not plugin_routes.leave_out_refused(runtime.registry):
            raise
        app = _application(runtime.registry)
    serve(app, runtime)
    return app


def _application(registry: Registry) -> Litestar:
    """Core's routes and those of all plugins."""
    authentication = DefineMiddleware(Authentication, exclude_from_auth_key="exclude_from_auth")
    middleware: list[Middleware] = [version_skew.spoken, etags, authentication]
    api = Api(path="/api/v1", route_handlers=[*CONTROLLERS], middleware=middleware, before_request=refuse_unknown)
    app = Litestar(
        route_handlers=[api, *plugin_routes.admitted(registry, api.routes)],
        exception_handlers=HANDLERS,
        before_send=[version_skew.told],
        openapi_config=openapi.config(),
        request_max_body_size=MOST_BODY,
        logging_config=None,
    )
    app.asgi_handler = RequestLog(app.asgi_handler)
    return app


def serve(app: Litestar, runtime: Runtime) -> None:
    """Let an application answer for this platform from now on."""
    rights, sharing = StreamAuthorization(runtime.event_feed), SingleFlight()
    app.state.update({"runtime": runtime, "known": TokenCache(runtime), "rights": rights, "sharing": sharing})
    app.state.documented = documented


def documented() -> dict[str, Any]:
    """The OpenAPI document of core's routes, without a platform behind them."""
    return _document([Router(path="/api/v1", route_handlers=[*CONTROLLERS])])


def documented_plugin(plugin: str) -> dict[str, Any]:
    """The OpenAPI document of the routes of a plugin that is installed here."""
    return _document([plugin_routes.PluginRouter(plugin, offer) for offer in Registry.load([plugin]).routes.of(plugin)])


def _document(routers: Sequence[Router]) -> dict[str, Any]:
    app = Litestar(route_handlers=[*routers], openapi_config=openapi.config(), logging_config=None)
    return openapi.complete(app.openapi_schema.to_schema())
