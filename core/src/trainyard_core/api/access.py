"""From a request to the one who asks, the project, run or agent that is meant, and whether that may be; raises when
it may not.

A run is named by its id, a unique ending of it, or `latest`: the newest of the project that is no child of another,
such as a trial. What the asker may not see is answered as if it did not exist.
"""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.params import HeaderParameter

from trainyard_core import auth
from trainyard_core.api.authentication import bearer
from trainyard_core.auth import ADMIN, AGENT, READ, TRACK, WRITE, Actor
from trainyard_core.datadir import is_owner
from trainyard_core.db import projects, runs
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Conflict, Forbidden, Invalid, NotFound, choice
from trainyard_core.ids import is_run_id
from trainyard_core.registry import HookFailed
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
LATEST = "latest"
SHORTEST = 4
MOST_NAMED = 200
HEX = frozenset("0123456789abcdef-")


def runtime_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Runtime:
    """The platform behind a request."""
    runtime: Runtime = connection.app.state.runtime
    return runtime


def forget(request: ApiRequest) -> None:
    """Somebody's access has changed, or a run has been deleted, which has a token: whatever was remembered of tokens is
    looked up again."""
    request.app.state.known.forget()


async def can(request: ApiRequest, action: str, *, project: str = "", run: str = "", agent: str = "") -> bool:
    """Whether the asker may do that: as a plugin says, else as the roles say. A plugin that fails to say forbids."""
    try:
        said = await runtime_of(request).registry.authorize(
            actor=request.user, action=action, project=project, run=run, agent=agent
        )
    except HookFailed:
        return False
    return auth.may(request.user, action, project=project, run=run, agent=agent) if said is None else said


async def allow(request: ApiRequest, action: str, project: str = "") -> Actor:
    """The asker, who may do that in the project, or in the deployment. Raises NotFound for a project that the asker
    may not see, Forbidden for one that the asker sees but may not do that to. A run is told that other projects are not
    for its token, whether there are such or not."""
    if await can(request, action, project=project):
        return request.user
    await _check_sees(request, project)
    where = f"in project '{project}'" if project else "here"
    raise Forbidden(f"{request.user.name} may not {action} {where}", fix="use a token with another role or scope")


async def allow_owner(request: ApiRequest, action: str) -> Actor:
    """The asker, who may do that in the deployment, or has the data directory's own token: no plugin keeps its holder
    from seeing what is wrong with it. Raises Forbidden."""
    if is_owner(runtime_of(request).settings.data, bearer(request)):
        return request.user
    return await allow(request, action)


async def allow_agent(request: ApiRequest, name: str) -> Actor:
    """The asker, who may act for that agent. Raises NotFound for another agent's token, Forbidden for others."""
    if await can(request, AGENT, agent=name):
        return request.user
    if request.user.role == "agent":
        raise NotFound(f"no agent '{name}'", fix="an agent's token acts for that agent only")
    raise Forbidden(f"{request.user.name} may not act for agent '{name}'", fix="use the agent's own token")


async def visible(request: ApiRequest) -> frozenset[str] | None:
    """The projects that the asker may read; None: all of them. A plugin that decides is asked about each."""
    runtime = runtime_of(request)
    if not runtime.registry.has("authorize"):
        return auth.visible(request.user)
    names = await runtime.database.read(projects.names)
    return frozenset([name for name in names if await can(request, READ, project=name)])


async def find_run(request: ApiRequest, project: str, ref: str, action: str) -> Row:
    """The run that is meant, if the asker may do that to it. Raises NotFound, Conflict for an ambiguous ending,
    Forbidden, Invalid for what is tracked of `latest`."""
    if request.user.role == "run" and not request.user.projects:
        raise _no_run(project, ref)  # it has been deleted
    await _check_sees(request, project)
    if ref == LATEST and action == TRACK:
        raise Invalid("`latest` may be another run when this is sent again", fix="name the run by its id")
    row = await runtime_of(request).database.read(lambda tx: _look_for(tx, project, ref))
    if row is None:
        await refuse_unknown_project(request, project)
        raise _no_run(project, ref)
    if not await can(request, action, project=project, run=row["id"]):
        raise Forbidden(
            f"{request.user.name} may not {action} run {row['id']}", fix="use a token with another role or scope"
        )
    return row


def attempt_of(request: ApiRequest, row: Row, named: int) -> int:
    """The attempt that has recorded what is sent: that of a run's own token, else the one that the sender names (0:
    none), who stands for the current one. There is none after that."""
    return request.user.attempt or min(named, row["attempt"])


async def _check_sees(request: ApiRequest, project: str) -> None:
    """Raises NotFound for a project of which the asker may not know: whoever may do anything in it does. A run is told
    that its token is for another one, whether there is such a project or not."""
    if not project:
        return
    for action in (READ, WRITE, TRACK, ADMIN):
        if await can(request, action, project=project):
            return
    raise no_project(project) if request.user.role != "run" else _elsewhere(request.user)


def no_project(name: str) -> NotFound:
    """The error for a project that is not there, or not for the asker to see: it names no other project."""
    return NotFound(f"no project '{name}'", fix="see yard projects ls; create it: yard projects create")


def _elsewhere(actor: Actor) -> Forbidden:
    return Forbidden(
        f"the token of run {actor.run} may read its own project only",
        fix="use a token of your own: set TRAINYARD_TOKEN in the program, or log in with another one",
    )


async def check_project(tx: Tx, name: str, only: frozenset[str] | None) -> None:
    """Raises NotFound for a project that is not there, naming those of `only` (None: all), which the asker may see."""
    if await projects.get(tx, name) is None:
        known = [row["name"] for row in await projects.page(tx, only=only, limit=MOST_NAMED)]
        raise NotFound(choice("project", name, known), fix="use one of these, or create it: yard projects create")


async def refuse_unknown_project(request: ApiRequest, name: str) -> None:
    """As `check_project`, for a request that has found nothing in it."""
    only = await visible(request)
    await runtime_of(request).database.read(lambda tx: check_project(tx, name, only))


async def _look_for(tx: Tx, project: str, ref: str) -> Row | None:
    if is_run_id(ref):
        row = await runs.get(tx, ref)
        if row is not None and row["project"] == project:
            return row
    elif len(ref) >= SHORTEST and set(ref) <= HEX:
        rows = await runs.by_ending(tx, project, ref)
        if len(rows) > 1:
            raise Conflict(f"more than one run of '{project}' ends with '{ref}'", fix="use more characters of the id")
        if rows:
            return rows[0]
    elif ref == LATEST:
        return await runs.newest(tx, project)
    return None


def _no_run(project: str, ref: str) -> NotFound:
    if ref == LATEST:
        return NotFound(f"there is no latest run: project '{project}' has none", fix="create one with `yard run -f`")
    return NotFound(
        f"no run '{ref}' in project '{project}'",
        fix=f"use the id, or its last {SHORTEST} characters or more; see yard ls",
    )
