"""Runs a process of the platform in one or more roles: `api`, `worker` and `agent`. On one machine one process has
all three.

Several API processes share one listening socket that their parent bound. TCP_NODELAY is set on that socket, so
that no event loop leaves keep-alive answers waiting for a delayed acknowledgement.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from types import FrameType
from typing import Any

import structlog
import uvicorn
import uvloop

from trainyard_core import reach, tracing
from trainyard_core.api.shutdown import answering
from trainyard_core.app import build
from trainyard_core.cancellation import end_all
from trainyard_core.datadir import DataLock, admin_token, announce, withdraw
from trainyard_core.errors import StartRefused, Superseded
from trainyard_core.plugin_host.lifespan import lifespans
from trainyard_core.process import raise_open_files, release_free_memory
from trainyard_core.protocol import BoundedProtocol
from trainyard_core.registry import Registry
from trainyard_core.runtime import Runtime
from trainyard_core.settings import Settings
from trainyard_core.valkey import EmbeddedValkey

__all__ = ["AGENT", "API", "WORKER", "bind", "run_alone", "serve"]

API, WORKER, AGENT = "api", "worker", "agent"
GRACE = 2
STUCK = 5.0
"""Seconds that the event loop has to hear of a signal that ends the process."""
TAKES_NOTHING = 120_000
"""Milliseconds for which a connection may hold bytes that the client does not take."""
log = structlog.get_logger("trainyard")


def run_alone(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve everything from this process until it is told to end. `ready` is called with the URL once it answers.

    Raises StartRefused when another server uses the data directory, the port is taken, or a setting is wrong.
    """
    raise_open_files()
    with DataLock(settings.data), bind(settings.host, settings.port) as listener:
        url = settings.url(listener.getsockname()[1])
        registry = Registry.load(settings.plugins, prefer=settings.prefer)
        uvloop.run(_alone(settings, registry, listener, url, ready))


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises StartRefused when the address cannot be had."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: a client that takes nothing any more is gone after that
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TAKES_NOTHING)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise StartRefused(
            f"cannot listen on {host}:{port}: {error.strerror}", fix="choose another port with --port (0: any free one)"
        ) from error
    listener.listen(2048)
    return listener


async def _alone(
    settings: Settings, registry: Registry, listener: socket.socket, url: str, ready: Callable[[str], None]
) -> None:
    async with AsyncExitStack() as stack:
        valkey, keeper = settings.valkey, None
        if not valkey:
            embedded = EmbeddedValkey(settings.data)
            stack.callback(embedded.close)
            await embedded.start()
            valkey, keeper = f"unix://{embedded.socket}", embedded.keep
        runtime = await stack.enter_async_context(_runtime(settings, registry, url, valkey))
        await admin_token(settings.data, runtime.database, runtime.clock)
        await reach.warn(runtime)
        api = _Server(runtime, lambda: ready(url))
        background = _background(runtime, {API, WORKER, AGENT})
        if keeper is not None:
            background.append(keeper())
        await stack.enter_async_context(_running(background))
        announce(settings.data, url=url, version=version("trainyard-core"))
        stack.callback(withdraw, settings.data)
        await api.serve(sockets=[listener])


async def serve(
    settings: Settings,
    registry: Registry,
    roles: Collection[str],
    listener: socket.socket | None,
    url: str,
    valkey: str,
    ready: Callable[[], None],
) -> None:
    """Be one process of several, in some of the roles, until told to end. `ready` is called once its API answers.

    Raises StartRefused when a setting or a plugin is wrong."""
    async with AsyncExitStack() as stack:
        runtime = await stack.enter_async_context(_runtime(settings, registry, url, valkey))
        if AGENT in roles:
            await reach.warn(runtime)
        api = _Server(runtime, ready) if API in roles and listener is not None else None
        await stack.enter_async_context(_running(_background(runtime, roles)))
        if api is not None and listener is not None:
            await api.serve(sockets=[listener])
        else:
            await _until_told()


@asynccontextmanager
async def _runtime(settings: Settings, registry: Registry, url: str, valkey: str) -> AsyncIterator[Runtime]:
    tracing.start_as(settings.traces, "server")
    async with Runtime.open(settings, registry, valkey=valkey) as runtime:
        runtime.url = url
        for capability in registry.missing():
            log.warning("no plugin offers a capability", capability=capability)
        async with lifespans(runtime):
            yield runtime
    tracing.stop()


def _background(runtime: Runtime, roles: Collection[str]) -> list[Coroutine[Any, Any, None]]:
    """What runs beside the API in these roles. Every process serves the notifier, for its streams and agents wait
    on it. Called when it is known which plugins are left out. Raises StartRefused when there is no such scheduler."""
    runtime.forget_left_out()
    has_agent = AGENT in roles and runtime.registry.schedulers.offered and runtime.settings.agent
    if has_agent:
        runtime.registry.schedulers.get(runtime.settings.scheduler)
    work: list[Coroutine[Any, Any, None]] = [runtime.notifier.serve()]
    if API in roles:
        work.append(runtime.uptime_recorder().run())
    if WORKER in roles:
        work += [runtime.maintainer().run(), runtime.run_jobs()]
        if runtime.registry.observers:
            work.append(runtime.observer_runner().run())
    if has_agent:
        work.append(_agent(runtime))
    return work


async def _agent(runtime: Runtime) -> None:
    """This process's agent. When another server took its name, the process goes on without one: coming back would
    take the name away from the other again."""
    try:
        agent = await runtime.agent()
        await agent.run()
    except Superseded as error:
        log.error("this server's agent has ended; all else goes on", agent=runtime.settings.agent, error=str(error))


@asynccontextmanager
async def _running(work: list[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """These run until the block ends. One that breaks takes the process down for its supervisor to see, and what
    broke it is raised here."""
    tasks = [asyncio.create_task(each) for each in work]
    for task in tasks:
        task.add_done_callback(_tell_of_end)
    try:
        yield
    finally:
        await end_all(tasks, patience=GRACE * 2)
    for task in tasks:
        if task.done() and not task.cancelled() and (broken := task.exception()) is not None:
            raise broken


def _tell_of_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        if not isinstance(error, StartRefused):  # which is told in one line by whoever started this
            log.critical("a part of the server broke; the process ends", error=repr(error), exc_info=error)
        signal.raise_signal(signal.SIGTERM)


async def _until_told() -> None:
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()


class _Server(uvicorn.Server):
    """uvicorn with our endings: streams are told first, so that they do not hold up the shutdown."""

    def __init__(self, runtime: Runtime, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                answering(build(runtime)),
                loop="none",
                http=BoundedProtocol,
                ws="none",
                lifespan="on",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE,
                timeout_keep_alive=75,
                backlog=2048,
            )
        )
        self._runtime, self._ready = runtime, ready
        self._loop = asyncio.get_running_loop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # modules and routes stay: a large answer is not held up by collections that look at them again
        release_free_memory()
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._runtime.event_feed.close()
        _end_if_stuck(self._loop)
        super().handle_exit(sig, frame)
        self._captured_signals.clear()  # uvicorn would raise it again and end us before anything else is closed


def _end_if_stuck(loop: asyncio.AbstractEventLoop) -> None:
    """End the process when its event loop does not turn any more, as when a plugin blocks it: nothing else would."""
    turns = threading.Event()
    loop.call_soon_threadsafe(turns.set)

    def look() -> None:
        if not turns.wait(STUCK):
            log.critical("the event loop stands still; the process ends at once")
            os._exit(1)

    threading.Thread(target=look, name="end if stuck", daemon=True).start()
