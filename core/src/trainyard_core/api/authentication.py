"""Who asks: a run's token, a stored token, or whatever way in a plugin brings; and how often.

A stored token is looked up for each request, so that a revocation, a new role or an expiry counts at once. Where
this process is the database's only writer, what it looked up is remembered until somebody's access changes here.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from trainyard_core.api.limits import Buckets
from trainyard_core.auth import Actor
from trainyard_core.clock import SECOND
from trainyard_core.db import tokens
from trainyard_core.db.tokens import RunReach
from trainyard_core.errors import Unauthenticated, Unavailable
from trainyard_core.registry import HookFailed
from trainyard_core.runtime import Runtime

__all__ = ["Authentication", "TokenCache", "asker", "bearer"]

REMEMBER = 60 * SECOND
USED_EVERY = 3600 * SECOND
MOST_KNOWN = 10_000
STRANGER_RATE, STRANGER_BURST = 10, 100


class TokenCache:
    """What has been looked up and may still be believed, and the limits of those who ask."""

    def __init__(self, runtime: Runtime) -> None:
        self._platform = runtime
        self._known: dict[str, tuple[int, Actor]] = {}
        self._used: dict[str, int] = {}
        self._reaches: dict[str, RunReach] = {}
        self._generation = 0
        rate = runtime.settings.rate_limit
        self.askers = Buckets(rate, 2 * rate)
        self.strangers = Buckets(STRANGER_RATE, STRANGER_BURST)

    def forget(self) -> None:
        """Somebody's access has changed, or a run is gone with its own: look everybody up again."""
        self._generation += 1
        self._known.clear()
        self._reaches.clear()

    async def actor(self, token: str, at: int) -> Actor | None:
        """Who holds a token; None when it is not valid now."""
        if token.startswith(tokens.RUN_PREFIX):
            found = tokens.run_actor(self._platform.secret, token, at=at)
            return found and await self._placed(found)
        checked, actor = self._known.get(token, (0, None))
        if actor is None or not 0 <= at - checked <= REMEMBER or not self._platform.database.exclusive:
            actor = await self._look_up(token, at)
        return actor

    async def _placed(self, actor: Actor) -> Actor:
        """A run's actor with its project, in which the run stays until it is deleted."""
        found, generation, database = self._reaches.get(actor.run), self._generation, self._platform.database
        if found is None or not database.exclusive:
            found = await database.read(lambda tx: tokens.run_reach(tx, actor.run))
            if generation == self._generation:
                if len(self._reaches) >= MOST_KNOWN:
                    self._reaches.clear()
                self._reaches[actor.run] = found
        return msgspec.structs.replace(actor, projects=found.projects, alone=found.alone)

    async def _look_up(self, token: str, at: int) -> Actor | None:
        generation, database = self._generation, self._platform.database
        found = await database.read(lambda tx: tokens.by_token(tx, token, at=at))
        if found is None:
            return None
        actor, expires_at = found
        if generation == self._generation and (expires_at is None or expires_at - at > REMEMBER):
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[token] = (at, actor)
        if not 0 <= at - self._used.get(actor.token, 0) <= USED_EVERY:
            self._used[actor.token] = at
            await database.write(lambda tx: tokens.used(tx, actor.token, at=at, every=USED_EVERY), name="token_used")
        return actor


class Authentication(AbstractAuthenticationMiddleware):
    """Every route asks for a token but those that say `exclude_from_auth`."""

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        known: TokenCache = connection.app.state.known
        at = connection.app.state.runtime.clock.now()
        actor = await _by_token(connection) or await _by_plugin_within_limit(connection, at)
        known.askers.take(actor.name, at=at)
        return AuthenticationResult(user=actor, auth=None)


async def asker(connection: ASGIConnection[Any, Any, Any, Any]) -> Actor | None:
    """Who asks, as it is now: by a token, else by a plugin's way; None for a stranger. A stream asks again."""
    return await _by_token(connection) or await _by_plugin(connection)


async def _by_token(connection: ASGIConnection[Any, Any, Any, Any]) -> Actor | None:
    known: TokenCache = connection.app.state.known
    token = bearer(connection)
    return await known.actor(token, connection.app.state.runtime.clock.now()) if token else None


async def _by_plugin_within_limit(connection: ASGIConnection[Any, Any, Any, Any], at: int) -> Actor:
    """Whom a plugin vouches for. The address counts as a stranger's until then, so that strangers cannot have plugins
    asked as often as they like. Raises RateLimited, Unauthenticated, Unavailable."""
    known: TokenCache = connection.app.state.known
    address = connection.client.host if connection.client else ""
    known.strangers.take(address, at=at)
    actor = await _by_plugin(connection)
    if actor is None:
        raise _stranger(bearer(connection))
    known.strangers.give_back(address)
    return actor


def bearer(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The bearer token of a request; empty when it has none."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


async def _by_plugin(connection: ASGIConnection[Any, Any, Any, Any]) -> Actor | None:
    """Raises Unavailable when a plugin fails to tell who it is, unless the request came with a token of ours."""
    runtime: Runtime = connection.app.state.runtime
    try:
        identity = await runtime.authenticators.identify(dict(connection.headers))
    except HookFailed as error:
        if bearer(connection).startswith((tokens.PREFIX, tokens.RUN_PREFIX)):
            return None
        raise Unavailable(
            "who sends this cannot be told now", fix="try again; an admin sees why: yard plugins ls"
        ) from error
    if identity is None:
        return None
    return await runtime.database.read(lambda tx: tokens.by_identity(tx, identity.name, role=identity.role))


def _stranger(token: str) -> Unauthenticated:
    if not token:
        return Unauthenticated("the request has no bearer token", fix="send `Authorization: Bearer <token>`")
    return Unauthenticated(
        "the token is not valid here: unknown, expired or revoked",
        fix="yard login, or use the one in the data directory's `token` file",
    )
