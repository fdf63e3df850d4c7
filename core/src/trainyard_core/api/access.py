"""From a request to the one who asks, the project, run or agent that is meant, and whether that may be; raises when
it may not.

A run is named by its id or a unique ending of it. What the asker may not see is answered as if it did not exist.
"""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection

from trainyard_core import auth
from trainyard_core.auth import ADMIN, AGENT, READ, TRACK, WRITE, Actor
from trainyard_core.db import projects, runs
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Conflict, Forbidden, NotFound, choice
from trainyard_core.ids import is_run_id
from trainyard_core.platform import Platform
from trainyard_core.registry import HookFailed

__all__ = [
    "Asked",
    "allow",
    "allow_agent",
    "can",
    "check_project",
    "find_run",
    "forget",
    "no_project",
    "platform_of",
    "refuse_unknown_project",
    "visible",
]

Asked = Request[Actor, str, Any]
SHORTEST = 4
MOST_NAMED = 200
HEX = frozenset("0123456789abcdef-")


def platform_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Platform:
    """The platform behind a request."""
    platform: Platform = connection.app.state.platform
    return platform


def forget(request: Asked) -> None:
    """Somebody's access has changed: whatever was remembered of tokens is looked up again."""
    request.app.state.known.forget()


def can(request: Asked, action: str, *, project: str = "", run: str = "", agent: str = "") -> bool:
    """Whether the asker may do that: as a plugin says, else as the roles say."""
    try:
        said = platform_of(request).registry.first(
            "authorize", actor=request.user, action=action, project=project, run=run, agent=agent
        )
    except HookFailed:
        return False
    return said if isinstance(said, bool) else auth.may(request.user, action, project=project, run=run, agent=agent)


def allow(request: Asked, action: str, project: str = "") -> Actor:
    """The asker, who may do that in the project, or in the deployment. Raises NotFound for a project that the asker
    may not see, Forbidden for one that the asker sees but may not do that to."""
    if can(request, action, project=project):
        return request.user
    if project and not _sees(request, project):
        raise no_project(project)
    where = f"in project '{project}'" if project else "here"
    raise Forbidden(f"{request.user.name} may not {action} {where}", fix="use a token with another role or scope")


def allow_agent(request: Asked, name: str) -> Actor:
    """The asker, who may act for that agent. Raises NotFound for another agent's token, Forbidden for others."""
    if can(request, AGENT, agent=name):
        return request.user
    if request.user.role == "agent":
        raise NotFound(f"no agent '{name}'", fix="an agent's token acts for that agent only")
    raise Forbidden(f"{request.user.name} may not act for agent '{name}'", fix="use the agent's own token")


async def visible(request: Asked) -> frozenset[str] | None:
    """The projects that the asker may read; None: all of them. A plugin that decides is asked about each."""
    platform = platform_of(request)
    if not platform.registry.has("authorize"):
        return auth.visible(request.user)
    names = await platform.database.read(projects.names)
    return frozenset(name for name in names if can(request, READ, project=name))


async def find_run(request: Asked, project: str, ref: str, action: str) -> Row:
    """The run that is meant, if the asker may do that to it. Raises NotFound, Conflict for an ambiguous ending,
    Forbidden."""
    if request.user.role == "run" and ref != request.user.run:
        raise _no_run(project, ref)
    if request.user.role != "run" and not _sees(request, project):
        raise no_project(project)
    row = await platform_of(request).database.read(lambda tx: _look_for(tx, project, ref))
    if row is None:
        await refuse_unknown_project(request, project)
        raise _no_run(project, ref)
    if not can(request, action, project=project, run=row["id"]):
        raise Forbidden(
            f"{request.user.name} may not {action} run {row['id']}", fix="use a token with another role or scope"
        )
    return row


def _sees(request: Asked, project: str) -> bool:
    """Whether the asker may know that there is such a project: whoever may do anything in it does."""
    return any(can(request, action, project=project) for action in (READ, WRITE, TRACK, ADMIN))


def no_project(name: str) -> NotFound:
    """The error for a project that is not there, or not for the asker to see: it names no other project."""
    return NotFound(f"no project '{name}'", fix="see yard projects ls; create it: yard projects create")


async def check_project(tx: Tx, name: str, only: frozenset[str] | None) -> None:
    """Raises NotFound for a project that is not there, naming those of `only` (None: all), which the asker may see."""
    if await projects.get(tx, name) is None:
        known = [row["name"] for row in await projects.page(tx, only=only, limit=MOST_NAMED)]
        raise NotFound(choice("project", name, known), fix="use one of these, or create it: yard projects create")


async def refuse_unknown_project(request: Asked, name: str) -> None:
    """As `check_project`, for a request that has found nothing in it."""
    only = await visible(request)
    await platform_of(request).database.read(lambda tx: check_project(tx, name, only))


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
    return None


def _no_run(project: str, ref: str) -> NotFound:
    return NotFound(
        f"no run '{ref}' in project '{project}'",
        fix=f"use the id, or its last {SHORTEST} characters or more; see yard ls",
    )
