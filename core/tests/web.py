"""The API of one platform in process, spoken to by the SDK's client or by bare requests."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from litestar import Litestar

from trainyard.client import AsyncClient
from trainyard.client.models import CreateRun, Run
from trainyard.client.retry import Backoff
from trainyard_core.app import build, serve
from trainyard_core.db import principals, tokens
from trainyard_core.db.engine import Tx
from trainyard_core.db.tokens import run_token
from trainyard_core.platform import Platform
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings
from trainyard_core.testing.factories import Arrange, HandClock, operation

BASE = "/api/v1/projects/default/runs"
Connect = Callable[..., AsyncClient]


class Web:
    """One platform's API. `admin` is the SDK's client; `bare` sends requests as they are given."""

    def __init__(self, platform: Platform, arrange: Arrange, token: str, connect: Connect) -> None:
        self.platform, self.arrange, self.token = platform, arrange, token
        self.app, self._connect = _app(platform), connect
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
        return await token_of(self.platform, role, role=role, at=at)

    def of_run(self, run: str) -> str:
        """A run's own token."""
        return run_token(self.platform.secret, run, 1, at=self.arrange.clock.now())

    async def run(self, script: str = "exit 0", **more: Any) -> Run:
        """A run that was created through the API."""
        return await self.admin.runs.create(CreateRun(content=operation(script), **more))

    async def tracked(self) -> Run:
        """A run that somebody else runs."""
        return await self.admin.runs.create(CreateRun(managed=False))

    async def aclose(self) -> None:
        """Close the clients; the application may serve another platform."""
        await self.admin.aclose()
        await self.bare.aclose()
        _idle.append(self.app)

    def _transport(self) -> httpx.ASGITransport:
        return httpx.ASGITransport(self.app, raise_app_exceptions=False)


_idle: list[Litestar] = []


def _app(platform: Platform) -> Litestar:
    """An application takes longer to be made than most tests do, so those of tests that are over are used again."""
    if _idle:
        serve(app := _idle.pop(), platform)
        return app
    with warnings.catch_warnings():  # Litestar 3 will want parameters marked by where they come from; 2 is pinned
        warnings.simplefilter("ignore", DeprecationWarning)
        return build(platform)


async def token_of(platform: Platform, name: str, *, role: str, at: int, **narrow: Any) -> str:
    """A new token of a person, who is made if need be; `narrow` are fields of `NewToken`."""
    token = tokens.generate()

    async def work(tx: Tx) -> None:
        await principals.ensure(tx, name, kind="user", role=role, at=at)
        await tokens.create(tx, token, tokens.NewToken(principal=name, **narrow), at=at)

    await platform.database.write(work)
    return token


@asynccontextmanager
async def serving(
    url: str, data: Path, registry: Registry | None = None, *, valkey: str = "", connect: Connect = AsyncClient
) -> AsyncIterator[Web]:
    """A platform with the folder tracker and no scheduler, or with the plugins of `registry`. `connect` makes its
    clients."""
    clock = HandClock()
    settings = Settings(data=data, database=url)
    plugins = Registry.load(["tracker_folder"]) if registry is None else registry
    async with Platform.open(settings, plugins, valkey=valkey, clock=clock) as platform:
        arrange = await Arrange(platform.database, clock=clock, policy=platform.policy).ground()
        at = clock.now()
        token = await token_of(platform, "admin", role="admin", at=at)
        web = Web(platform, arrange, token, connect)
        yield web
        await web.aclose()
