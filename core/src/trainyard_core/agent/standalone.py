"""An agent as a process of its own: it finds the server, keeps one session after another, and parts in order.

TERM or Ctrl-C drains it: no more work, core is told, and it ends while its runs go on, to be adopted by the next
process of this name. A second signal ends it at once.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec
import structlog
import uvloop

from trainyard.client.discovery import Endpoint, discover, without_secrets
from trainyard_core import tracing
from trainyard_core.agent import wire
from trainyard_core.agent.agent import Agent
from trainyard_core.agent.model import WakeEvent
from trainyard_core.agent.port import EndpointChanged
from trainyard_core.agent.registration import registration
from trainyard_core.agent.remote import HttpPort
from trainyard_core.agent.scheduler_builder import built
from trainyard_core.contracts.scheduler import Scheduler
from trainyard_core.errors import StartRefused
from trainyard_core.executor import BlockingCalls
from trainyard_core.registry import BUILDING, Registry
from trainyard_core.settings import Settings

__all__ = ["AgentOptions", "run"]

log = structlog.get_logger("trainyard.agent")


class AgentOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asks of an agent: its name, queues and labels; where the server is (empty: as every client finds
    it); and whether a first signal lets it wait for the end of what it holds."""

    name: str
    queues: Sequence[str]
    labels: Mapping[str, str]
    url: str = ""
    wait: bool = False


def run(settings: Settings, options: AgentOptions, ready: Callable[[str], None]) -> None:
    """Serve until told to end. `ready` is called with a sentence at the begin of each session. Raises StartRefused,
    NoServer, AgentRejected when the server does not take this agent, Superseded when another one has taken its name,
    and KeyboardInterrupt when it was told to end at once."""
    registry = Registry.load(settings.plugins, prefer=settings.prefer)
    registry.check_sections(settings)
    tracing.start_as(settings.traces, "agent")
    uvloop.run(_Process(settings, registry, options, ready).serve())


class _Process:
    """What the sessions of one process share."""

    def __init__(
        self, settings: Settings, registry: Registry, options: AgentOptions, ready: Callable[[str], None]
    ) -> None:
        self._settings, self._registry, self._options, self._ready = settings, registry, options, ready
        self._home = settings.data / "agents" / options.name
        self._agent: Agent | None = None
        self._building = BlockingCalls("build")
        self._signals = 0

    async def serve(self) -> None:
        self._find()
        self._heed_signals()
        try:
            while True:
                try:
                    return await self._session()
                except EndpointChanged:
                    log.info("the server is found elsewhere, or with another token: a new session begins")
        except asyncio.CancelledError:
            if self._signals > 1:
                raise KeyboardInterrupt from None
            if not self._signals:
                raise

    async def _session(self) -> None:
        wake = WakeEvent()
        port = HttpPort(self._find, wake, memory=self._home / "server", begun=self._begun)
        try:
            me = registration(
                self._options.name,
                provider=self._settings.scheduler,
                queues=self._options.queues,
                labels=self._options.labels,
            )
            build = partial(self._scheduler, port.url)
            scheduler = await built(lambda: self._building.call(build, deadline=BUILDING), me, port)
            self._agent = Agent(me, scheduler, port, wake, grace=self._settings.stop_grace)
            if self._signals:
                self._agent.drain(wait=self._options.wait)
            await self._agent.run()
        finally:
            await port.aclose()

    def _scheduler(self, url: str) -> Scheduler:
        """The scheduler, whose runs report to `url`: what it holds lies in this agent's own folder, so that agents of
        one machine do not take each other's attempts for strays."""
        own = msgspec.structs.replace(self._settings, data=self._home)
        return self._registry.scheduler(self._settings.scheduler, own, url=url)

    def _find(self) -> Endpoint:
        found = discover(url=self._options.url or None, data=self._settings.data)
        if not found.token:
            raise StartRefused(
                f"agent '{self._options.name}' has no token for {without_secrets(found.url)}",
                fix=f"make one with `yard agents add {self._options.name}` and give it by TRAINYARD_TOKEN_FILE",
            )
        return found

    def _begun(self, url: str, session: wire.Session) -> None:
        served = ", ".join(session.queues) or "no queue (none of those asked for is allowed)"
        self._ready(f"Agent {self._options.name} serves {served} for {without_secrets(url)}")

    def _heed_signals(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told, task)

    def _told(self, task: asyncio.Task[None]) -> None:
        self._signals += 1
        if self._signals > 1 or self._agent is None:  # before there is an agent, nothing is held
            task.cancel()
        else:
            log.info("draining; a second signal ends at once", wait=self._options.wait)
            self._agent.drain(wait=self._options.wait)
