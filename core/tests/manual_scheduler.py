"""An agent's other side in core's tests: a scheduler whose attempts run until the test ends them, and an agent of its
own that speaks to the API of a `Web`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from web import Web

from trainyard.client import AsyncClient
from trainyard.client.discovery import Endpoint
from trainyard.client.retry import Backoff
from trainyard_core.agent.agent import Agent
from trainyard_core.agent.model import Registration, WakeEvent
from trainyard_core.agent.remote import HttpPort
from trainyard_core.contracts.capacity import Capacity
from trainyard_core.contracts.scheduler import Manifest, Scheduler
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation, Phase, Workload

PATIENCE = 20.0


class ManualScheduler(Scheduler):
    """Attempts are notes in a book. `changed` is set with each change, for a test to wait on; `trouble` is raised by
    what is called, for as long as it is there; `gate`, while it is closed, holds up `submit` and `observe`."""

    name = "manual"

    def __init__(self) -> None:
        self.workloads: list[Workload] = []
        self.exits: dict[AttemptRef, Exit | None] = {}
        self.stopped: list[AttemptRef] = []
        self.released: list[AttemptRef] = []
        self.changed = asyncio.Event()
        self.trouble: Exception | None = None
        self.tried: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def _pass(self, call: str) -> None:
        self.tried.append(call)
        self.changed.set()
        await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble

    def render(self, workload: Workload) -> Manifest:
        return {"run": workload.run, "attempt": workload.attempt}

    async def submit(self, workload: Workload) -> None:
        await self._pass("submit")
        if workload.ref not in self.exits:
            self.workloads.append(workload)
            self.exits[workload.ref] = None
        self.changed.set()

    async def observe(self, refs: Sequence[AttemptRef]) -> list[Observation]:
        await self._pass("observe")
        return [self._seen(ref) for ref in refs]

    def _seen(self, ref: AttemptRef) -> Observation:
        if ref not in self.exits:
            return Observation(ref=ref, phase=Phase.GONE)
        end = self.exits[ref]
        phase = Phase.RUNNING if end is None else Phase.EXITED
        return Observation(ref=ref, phase=phase, exit=end)

    async def stop(self, ref: AttemptRef, *, grace: float) -> None:
        if self.trouble is not None:
            self.tried.append("stop")
            self.changed.set()
            raise self.trouble
        self.stopped.append(ref)
        self.exits[ref] = Exit(signal=15, reason="user")
        self.changed.set()

    async def adopt(self) -> list[AttemptRef]:
        return list(self.exits)

    async def release(self, ref: AttemptRef) -> None:
        self.exits.pop(ref, None)
        self.released.append(ref)
        self.changed.set()

    async def aclose(self) -> None:
        self.changed.set()

    async def until(self, condition) -> None:
        """Wait until it is so; it is looked at after each change."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


class Line(httpx.AsyncBaseTransport):
    """The way to a `Web`, which may be `cut`."""

    def __init__(self, web: Web) -> None:
        self._whole = httpx.ASGITransport(web.app, raise_app_exceptions=False)
        self.cut = False
        self.refused = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            self.refused.set()
            raise httpx.ConnectError("the line is cut")
        return await self._whole.handle_async_request(request)


class Remote:
    """One agent over HTTP. `line` may be cut; `url` and `token` are what it finds when it looks."""

    def __init__(
        self,
        web: Web,
        token: str,
        folder: Path,
        *,
        name: str = "far",
        queues: Sequence[str] = ("*",),
        scheduler: ManualScheduler | None = None,
    ) -> None:
        self.url, self.token, self.line = "http://trainyard", token, Line(web)
        self.scheduler = scheduler or ManualScheduler()
        called = WakeEvent()
        self.port = HttpPort(self._find, called, memory=folder / "server", wait=5, connect=self._connect)
        me = Registration(
            name=name, scheduler="manual", queues=tuple(queues), capacity=Capacity(cpu=4, memory=1 << 40, gpu=0)
        )
        self.agent = Agent(me, self.scheduler, self.port, called, grace=1)
        self.task: asyncio.Task[None] | None = None

    def _find(self) -> Endpoint:
        return Endpoint(self.url, self.token)

    def _connect(self, endpoint: Endpoint) -> AsyncClient:
        return AsyncClient(endpoint.url, token=endpoint.token, transport=self.line, backoff=Backoff(tries=1))

    async def ended(self) -> BaseException | None:
        """What ended it; None when it ended by itself."""
        assert self.task is not None
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait([self.task])
        return self.task.exception()


@asynccontextmanager
async def running(remote: Remote) -> AsyncIterator[Remote]:
    """The agent, at work."""
    remote.task = asyncio.create_task(remote.agent.run())
    try:
        yield remote
    finally:
        remote.task.cancel()
        await asyncio.wait([remote.task])
        await remote.port.aclose()
