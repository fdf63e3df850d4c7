"""The ASGI application of one platform: core's controllers under `/api/v1`, authenticated, with one shape of
error."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Router
from litestar.middleware import DefineMiddleware
from litestar.types import Middleware

from trainyard_core.api import openapi, version_skew
from trainyard_core.api.activities import Activities
from trainyard_core.api.agent_sessions import AgentSessions
from trainyard_core.api.agents import Agents
from trainyard_core.api.artifacts import Artifacts
from trainyard_core.api.ask_tell import AskTell
from trainyard_core.api.authentication import Authentication, TokenCache
from trainyard_core.api.bulk import Bulk
from trainyard_core.api.components import Components, Presets
from trainyard_core.api.declare_lost import LostAttempts
from trainyard_core.api.diagnosis import Diagnoses
from trainyard_core.api.docs import Docs
from trainyard_core.api.etag import etags
from trainyard_core.api.home import Home
from trainyard_core.api.jobs import Jobs
from trainyard_core.api.lineage import Lineage
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
from trainyard_core.api.sweeps import Sweeps
from trainyard_core.api.tokens import Tokens
from trainyard_core.api.tracking import Tracking
from trainyard_core.api.uploads import UploadParts
from trainyard_core.runtime import Runtime

__all__ = ["build", "documented", "serve"]

MOST_BODY = 4 * 1024 * 1024
CONTROLLERS = (
    Activities,
    Agents,
    AgentSessions,
    AskTell,
    Bulk,
    Artifacts,
    Components,
    Diagnoses,
    Document,
    Jobs,
    Lineage,
    LostAttempts,
    Members,
    Observers,
    Presets,
    Previews,
    Projects,
    Prometheus,
    Queues,
    RunActions,
    RunTokens,
    RunEvents,
    Runs,
    RunTables,
    Search,
    Server,
    ServiceAccounts,
    Sweeps,
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
    """The application. It does not own the platform: whoever opened it closes it."""
    authentication = DefineMiddleware(Authentication, exclude_from_auth_key="exclude_from_auth")
    middleware: list[Middleware] = [version_skew.spoken, etags, authentication]
    app = Litestar(
        route_handlers=[
            Home,
            Docs,
            Api(path="/api/v1", route_handlers=[*CONTROLLERS], middleware=middleware, before_request=refuse_unknown),
        ],
        exception_handlers=HANDLERS,
        before_send=[version_skew.told],
        openapi_config=openapi.config(),
        request_max_body_size=MOST_BODY,
        logging_config=None,
    )
    app.asgi_handler = RequestLog(app.asgi_handler)
    serve(app, runtime)
    return app


def serve(app: Litestar, runtime: Runtime) -> None:
    """Let an application answer for this platform from now on."""
    rights, sharing = StreamAuthorization(runtime.event_feed), SingleFlight()
    app.state.update({"runtime": runtime, "known": TokenCache(runtime), "rights": rights, "sharing": sharing})


def documented() -> dict[str, Any]:
    """The OpenAPI document of core's routes, without a platform behind them."""
    router = Router(path="/api/v1", route_handlers=[*CONTROLLERS])
    app = Litestar(route_handlers=[router], openapi_config=openapi.config(), logging_config=None)
    return openapi.complete(app.openapi_schema.to_schema())
