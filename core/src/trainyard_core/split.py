"""The split layout on one machine: API processes that share a socket, a worker and an agent, each its own process,
around PostgreSQL.

This parent binds the port, keeps the embedded Valkey, starts the children and starts again whichever dies.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import structlog
import uvloop

from trainyard_core import logs, server
from trainyard_core import settings as settings_of
from trainyard_core.clock import SystemClock
from trainyard_core.datadir import DataLock, admin_token, announce, withdraw
from trainyard_core.errors import StartRefused
from trainyard_core.platform import Platform
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings
from trainyard_core.valkey import EmbeddedValkey

__all__ = ["child", "run"]

AGAIN = 0.5
log = structlog.get_logger("trainyard.split")


def run(settings: Settings, processes: int, ready: Callable[[str], None]) -> int:
    """Serve until told to end. Raises StartRefused when the database is not PostgreSQL."""
    if not settings.database_url.startswith(("postgresql://", "postgres://")):
        raise StartRefused(
            "several processes need PostgreSQL; SQLite has one writer",
            fix="set `database` to postgresql://... in trainyard.toml or TRAINYARD_DATABASE",
        )
    with DataLock(settings.data) as lock, server.bind(settings.host, settings.port) as listener:
        uvloop.run(_supervise(settings, _Shared(listener, lock), processes, ready))
    return 0


class _Shared(NamedTuple):
    """What children inherit: the socket to serve, and the lock, so that the directory stays locked until the last
    of them is gone."""

    listener: socket.socket
    lock: DataLock


async def _supervise(settings: Settings, shared: _Shared, processes: int, ready: Callable[[str], None]) -> None:
    url = settings.public_url or f"http://{settings.host}:{shared.listener.getsockname()[1]}"
    embedded = None if settings.valkey else EmbeddedValkey(settings.data)
    try:
        if embedded is not None:
            await embedded.start()
        valkey = f"unix://{embedded.socket}" if embedded else settings.valkey
        await _prepare(settings)
        announce(settings.data, url=url, version=version("trainyard-core"))
        await _keep_all(settings, shared, url, valkey, processes, ready, embedded)
    finally:
        withdraw(settings.data)
        if embedded is not None:
            embedded.close()


async def _prepare(settings: Settings) -> None:
    """Migrate once, before the children start, and make the token."""
    async with Platform.open(settings, Registry()) as platform:
        await admin_token(settings.data, platform.database, SystemClock())


async def _keep_all(
    settings: Settings,
    shared: _Shared,
    url: str,
    valkey: str,
    processes: int,
    ready: Callable[[str], None],
    embedded: EmbeddedValkey | None,
) -> None:
    roles = [server.API] * processes + [server.WORKER, server.AGENT]
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    tasks = [asyncio.create_task(_keep(settings, role, shared, url, valkey)) for role in roles]
    if embedded is not None:
        tasks.append(asyncio.create_task(embedded.keep()))
    try:
        await _answers(shared.listener)
        ready(url)
        await told.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _answers(listener: socket.socket) -> None:
    """Until an API process answers on the shared socket."""
    host, port = listener.getsockname()[:2]
    while True:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        if answer.startswith(b"HTTP/1.1 200"):
            return
        await asyncio.sleep(0.05)


async def _keep(settings: Settings, role: str, shared: _Shared, url: str, valkey: str) -> None:
    """One child in one role, started again whenever it ends."""
    arguments = json.dumps(
        {
            "data": str(settings.data),
            "role": role,
            "fd": shared.listener.fileno(),
            "lock": shared.lock.fileno(),
            "parent": os.getpid(),
            "url": url,
            "valkey": valkey,
            "host": settings.host,
            "verbose": logs.is_verbose(),
        }
    )
    while True:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "trainyard_core.split",
            arguments,
            pass_fds=[shared.listener.fileno(), shared.lock.fileno()],
        )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise
        log.warning("a process ended and is started again", role=role, code=code)
        await asyncio.sleep(AGAIN)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def child(argv: Sequence[str]) -> None:
    """A child's main: serve in one role."""
    given = json.loads(argv[0])
    logs.configure(verbose=given["verbose"])
    loaded = settings_of.load(Path(given["data"]), overrides={"host": given["host"]})
    _die_with(given["parent"])
    for descriptor in (given["fd"], given["lock"]):
        os.set_inheritable(descriptor, False)
    is_api = given["role"] == server.API
    listener = socket.socket(fileno=given["fd"]) if is_api else None
    server.run(loaded, {given["role"]}, listener, given["url"], given["valkey"])


def _die_with(parent: int) -> None:
    """A child does not outlive its supervisor, not even one that died before the child could ask to be told."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(0)


if __name__ == "__main__":
    child(sys.argv[1:])
