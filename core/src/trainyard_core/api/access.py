"""From a request to the one who asks, the project, run or agent that is meant, and whether that may be; raises when
it may not. The decisions are `authorization`'s."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.params import HeaderParameter

from trainyard_core.api.authentication import bearer
from trainyard_core.auth import Actor
from trainyard_core.authorization import check_project, no_project
from trainyard_core.datadir import is_owner
from trainyard_core.db.engine import Row
from trainyard_core.runtime import Runtime

__all__ = [
    "ApiRequest",
    "Recorder",
    "allow",
    "allow_agent",
    "allow_owner",
    "attempt_of",
    "can",
    "check_project",
    "find_run",
    "forget",
    "no_project",
    "refuse_unknown_project",
    "runtime_of",
    "visible",
]

ApiRequest = Request[Actor, str, Any]
Recorder = Annotated[
    int,
    HeaderParameter(
        name="Attempt",
        ge=0,
        le=2**31 - 1,
        description="The attempt that recorded it, where somebody else sends it; 0: the current one.",
    ),
]


def runtime_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Runtime:
    """The runtime behind a request."""
    runtime: Runtime = connection.app.state.runtime
    return runtime


def forget(request: ApiRequest) -> None:
    """Somebody's access has changed, or a run has been deleted, which has a token: whatever was remembered of tokens is
    looked up again."""
    request.app.state.known.forget()


async def can(request: ApiRequest, action: str, *, project: str = "", run: str = "", agent: str = "") -> bool:
    """Whether the asker may do that."""
    return await runtime_of(request).authorization.can(request.user, action, project=project, run=run, agent=agent)


async def allow(request: ApiRequest, action: str, project: str = "") -> Actor:
    """The asker, who may do that in the project, or in the deployment. Raises NotFound, Forbidden."""
    return await runtime_of(request).authorization.allow(request.user, action, project)


async def allow_owner(request: ApiRequest, action: str) -> Actor:
    """The asker, who may do that in the deployment, or has the data directory's own token: no plugin keeps its holder
    from seeing what is wrong with it. Raises Forbidden."""
    if is_owner(runtime_of(request).settings.data, bearer(request)):
        return request.user
    return await allow(request, action)


async def allow_agent(request: ApiRequest, name: str) -> Actor:
    """The asker, who may act for that agent. Raises NotFound for another agent's token, Forbidden for others."""
    return await runtime_of(request).authorization.allow_agent(request.user, name)


async def visible(request: ApiRequest) -> frozenset[str] | None:
    """The projects that the asker may read; None: all of them."""
    return await runtime_of(request).authorization.visible(request.user)


async def find_run(request: ApiRequest, project: str, ref: str, action: str) -> Row:
    """The run that is meant, if the asker may do that to it. Raises NotFound, Conflict for an ambiguous ending,
    Forbidden, Invalid for what is tracked of `latest`."""
    return await runtime_of(request).authorization.find_run(request.user, project, ref, action)


def attempt_of(request: ApiRequest, row: Row, named: int) -> int:
    """The attempt that has recorded what is sent: that of a run's own token, else the one that the sender names (0:
    none), who stands for the current one. There is none after that."""
    return request.user.attempt or min(named, row["attempt"])


async def refuse_unknown_project(request: ApiRequest, name: str) -> None:
    """Raises NotFound for a project that is not there or not for the asker to see."""
    await runtime_of(request).authorization.refuse_unknown_project(request.user, name)
