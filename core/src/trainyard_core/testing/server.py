"""The API of one server in process, with any plugins, spoken to by the SDK's client or by bare requests.

`serving` is an async context for a fixture of the tests of a plugin with routes. Litestar's application is made without
a socket; database and plugins are real."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
from litestar import Litestar

from trainyard.client import AsyncClient
from trainyard.client.models import CreateRun, RunRecord
from trainyard.client.retry import Backoff
from trainyard_core.app import build, serve
from trainyard_core.contracts.routes import Routes
from trainyard_core.db import principals, tokens
from trainyard_core.db.engine import Tx
from trainyard_core.db.tokens import run_token
from trainyard_core.plugin_host.lifespan import lifespans
from trainyard_core.registry import Registry
from trainyard_core.runtime import Runtime
from trainyard_core.settings import Settings, plugin_of
from trainyard_core.testing.factories import Arrange, HandClock, operation

__all__ = ["BASE", "Connect", "Web", "serving", "token_of"]

BASE = "/api/v1/projects/default/runs"
Connect = Callable[..., AsyncClient]


class Web:
    """One platform's API. `admin` is the SDK's client; `bare` sends requests as they are given."""

    def __init__(self, runtime: Runtime, arrange: Arrange, token: str, connect: Connect) -> None:
        self.runtime, self.arrange, self.token = runtime, arrange, token
        self.app, self._connect = _app(runtime), connect
        self.admin = self.client(token)
        self.bare = httpx.AsyncClient(transport=self._transport(), base_url="http://trainyard", timeout=60)

    def client(self, token: str) -> AsyncClient:
        """The SDK's client with this token; it sends everything once."""
        return self._connect(token=token, project="default", transport=self._transport(), backoff=Backoff(tries=1))

    async def ask(self, method: str, path: str, *, token: str | None = None, **more: Any) -> httpx.Response:
        """A bare request; below `/api/v1` unless it is a whole path."""
        headers = {"Authorization": f"Bearer {self.token if token is None else token}", **more.pop("headers", {})}
        return await self.bare.request(
            method, path if path.startswith("/") else f"/api/v1/{path}", headers=headers, **more
        )

    async def role(self, role: str) -> str:
        """A token of a role."""
        at = self.arrange.clock.now()
        return await token_of(self.runtime, role, role=role, at=at)

    def of_run(self, run: str) -> str:
        """A run's own token."""
        return run_token(self.runtime.secret, run, 1, at=self.arrange.clock.now())

    async def run(self, script: str = "exit 0", **more: Any) -> RunRecord:
        """A run that was created through the API."""
        return await self.admin.runs.create(CreateRun(content=operation(script), **more))

    async def tracked(self) -> RunRecord:
        """A run that somebody else runs."""
        return await self.admin.runs.create(CreateRun(managed=False))

    async def aclose(self) -> None:
        """Close the clients; the application may serve another platform."""
        await self.admin.aclose()
        await self.bare.aclose()
        _idle.append(([*self.runtime.registry.routes], self.app))

    def _transport(self) -> httpx.ASGITransport:
        return httpx.ASGITransport(cast("Any", self.app), raise_app_exceptions=False)


_idle: list[tuple[list[tuple[str, Routes]], Litestar]] = []
"""Applications that nobody uses, each with the routes of plugins that it serves."""


def _app(runtime: Runtime) -> Litestar:
    """An application takes longer to be made than most tests do, so those of tests that are over are used again."""
    for place, (routes, app) in enumerate(_idle):
        if routes == [*runtime.registry.routes]:
            del _idle[place]
            serve(app, runtime)
            return app
    with warnings.catch_warnings():  # Litestar 3 will want parameters marked by where they come from; 2 is pinned
        warnings.simplefilter("ignore", DeprecationWarning)
        return build(runtime)


async def token_of(runtime: Runtime, name: str, *, role: str, at: int, **narrow: Any) -> str:
    """A new token of a person, who is made if need be; `narrow` are fields of `NewToken`."""
    token = tokens.generate()

    async def work(tx: Tx) -> None:
        await principals.ensure(tx, name, kind="user", role=role, at=at)
        await tokens.create(tx, token, tokens.NewToken(principal=name, **narrow), at=at)

    await runtime.database.write(work)
    return token


@asynccontextmanager
async def serving(
    url: str,
    data: Path,
    registry: Registry | None = None,
    *,
    valkey: str = "",
    connect: Connect = AsyncClient,
    **more: Any,
) -> AsyncIterator[Web]:
    """A server with the folder tracker and no scheduler, or with the plugins of `registry`. `connect` makes its
    clients; `more` are settings."""
    clock = HandClock()
    settings = Settings(data=data, database=url, **more)
    plugins = Registry.load([plugin_of("tracker")]) if registry is None else registry
    async with Runtime.open(settings, plugins, valkey=valkey, clock=clock) as runtime, lifespans(runtime):
        arrange = await Arrange(runtime.database, clock=clock, policy=runtime.policy).ground()
        at = clock.now()
        token = await token_of(runtime, "admin", role="admin", at=at)
        web = Web(runtime, arrange, token, connect)
        yield web
        await web.aclose()
