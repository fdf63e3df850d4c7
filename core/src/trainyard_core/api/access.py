"""From a request to the one who asks and the run that is meant; raises when that may not be.

A run is named by its id or a unique ending of it. What the asker may not see is answered as if it did not exist.
"""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from trainyard_core.auth import READ, may
from trainyard_core.db import projects, runs, tokens
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.tokens import Actor
from trainyard_core.errors import Conflict, Forbidden, NotFound, Unauthenticated, choice
from trainyard_core.ids import is_run_id
from trainyard_core.platform import Platform

__all__ = ["Asked", "Authentication", "allow", "find_run", "platform_of"]

Asked = Request[Actor, str, Any]
SHORTEST = 4
HEX = frozenset("0123456789abcdef-")
REMEMBER = 1_000_000
"""Microseconds for which a checked token is not looked up again."""


def platform_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Platform:
    """The platform behind a request."""
    platform: Platform = connection.app.state.platform
    return platform


class Authentication(AbstractAuthenticationMiddleware):
    """A bearer token, of the database or a run's own. Everything but `/api/v1/health` asks for one."""

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("the request has no bearer token", fix="send `Authorization: Bearer <token>`")
        platform = platform_of(connection)
        known: dict[str, tuple[int, Actor]] = connection.app.state.known_tokens
        now = platform.clock.now()
        checked, actor = known.get(token, (0, None))
        if actor is None or now - checked > REMEMBER:
            actor = await self._look_up(platform, token, now)
            if len(known) > 10_000:
                known.clear()
            known[token] = (now, actor)
        return AuthenticationResult(user=actor, auth=None)

    async def _look_up(self, platform: Platform, token: str, now: int) -> Actor:
        actor = tokens.run_actor(platform.secret, token, at=now)
        if actor is None:
            actor = await platform.database.read(lambda tx: tokens.by_token(tx, token, at=now))
        if actor is None:
            raise Unauthenticated("the token is not valid here", fix="use the one in the data directory's `token` file")
        return actor


def allow(request: Asked, action: str) -> Actor:
    """The asker, who may do that; raises Forbidden otherwise."""
    if not may(request.user, action):
        raise Forbidden(f"{request.user.name} may not {action} here", fix="use a token with another role")
    return request.user


async def find_run(request: Asked, project: str, ref: str, action: str) -> Row:
    """The run that is meant, if the asker may do that to it. Raises NotFound, Conflict for an ambiguous ending,
    Forbidden."""
    if request.user.role == "run" and ref != request.user.run:
        raise _no_run(project, ref)
    row = await platform_of(request).database.read(lambda tx: _look_for(tx, project, ref))
    if not may(request.user, READ, run=row["id"]):
        raise _no_run(project, ref)
    if not may(request.user, action, run=row["id"]):
        raise Forbidden(f"{request.user.name} may not {action} run {row['id']}", fix="use a token with another role")
    return row


async def _look_for(tx: Tx, project: str, ref: str) -> Row:
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
    names = await projects.names(tx)
    if project not in names:
        raise NotFound(choice("project", project, names))
    raise _no_run(project, ref)


def _no_run(project: str, ref: str) -> NotFound:
    return NotFound(
        f"no run '{ref}' in project '{project}'",
        fix=f"use the id, or its last {SHORTEST} characters or more; see yard ls",
    )
