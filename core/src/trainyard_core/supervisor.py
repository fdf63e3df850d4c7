"""The split layout on one machine: API processes that share a socket, a worker and an agent, each its own process,
around PostgreSQL.

This parent binds the port, keeps the embedded Valkey and starts again whichever part dies. It has imported everything,
and has neither threads nor an event loop, so a part is a fork of it: there at once, and the code is in memory once.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from importlib.metadata import version
from typing import NoReturn

import msgspec
import structlog
import uvloop

from trainyard_core import server
from trainyard_core.clock import SystemClock
from trainyard_core.datadir import DataLock, admin_token, announce, withdraw
from trainyard_core.errors import StartRefused
from trainyard_core.process import call_self, die_with_parent, raise_open_files
from trainyard_core.registry import Registry
from trainyard_core.runtime import Runtime
from trainyard_core.settings import Settings
from trainyard_core.signals import Signals
from trainyard_core.valkey import EmbeddedValkey

__all__ = ["run"]

AGAIN = 0.5
"""Seconds until a part that has died is started again."""
LOOK = 0.25
"""Seconds between two looks at the embedded Valkey, which also dies without a signal: by losing its socket."""
PATIENCE = 10.0
ALL, MOST = 65_536, 300
"""Bytes that a pipe holds, and characters of each text in a word to the parent: so few that it is one write."""
log = structlog.get_logger("trainyard.split")
_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(tuple[int, str, str]).decode


def run(settings: Settings, processes: int, ready: Callable[[str], None]) -> int:
    """Serve until told to end. Raises StartRefused when the database is not PostgreSQL."""
    if not settings.database_url.startswith(("postgresql://", "postgres://")):
        raise StartRefused(
            "several processes need PostgreSQL; SQLite has one writer",
            fix="set `database` to postgresql://... in trainyard.toml or TRAINYARD_DATABASE",
        )
    raise_open_files()
    with ExitStack() as stack:
        stack.enter_context(DataLock(settings.data))  # parts inherit it: held until the last of them is gone
        listener = stack.enter_context(server.bind(settings.host, settings.port))
        url = settings.url(listener.getsockname()[1])
        embedded = None if settings.valkey else EmbeddedValkey(settings.data)
        if embedded is not None:
            stack.callback(embedded.close)
            asyncio.run(embedded.start())
        asyncio.run(_prepare(settings))
        announce(settings.data, url=url, version=version("trainyard-core"))
        stack.callback(withdraw, settings.data)
        with Signals() as signals:
            _Supervisor(settings, listener, url, embedded, signals).serve(processes, lambda: ready(url))
    return 0


async def _prepare(settings: Settings) -> None:
    """Migrate once, before the parts start, and make the token."""
    async with Runtime.open(settings, Registry()) as runtime:
        await admin_token(settings.data, runtime.database, SystemClock())


class _Part:
    """One process in one role. `pid` is 0 while it does not run; it is started once `due` has come, for the first time
    in its life 1."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.pid = self.life = 0
        self.due = 0.0


class _Supervisor:
    def __init__(
        self,
        settings: Settings,
        listener: socket.socket,
        url: str,
        embedded: EmbeddedValkey | None,
        signals: Signals,
    ) -> None:
        self._settings, self._listener, self._url = settings, listener, url
        self._embedded, self._signals = embedded, signals
        self._words, self._say_to = os.pipe()
        self._parent = os.getpid()
        self._parts: list[_Part] = []
        self._answers = False

    def serve(self, processes: int, ready: Callable[[], None]) -> None:
        """Keep all parts until a signal says to end. `ready` is called once the API answers. Raises StartRefused when
        one is refused in its first life: it would be so for ever."""
        self._parts = [_Part(role) for role in (*[server.API] * processes, server.WORKER, server.AGENT)]
        gc.collect()
        gc.freeze()  # what is there now is never looked at again, so parts go on sharing its memory
        try:
            while True:
                self._start_what_is_due()
                spoken = self._signals.wait(LOOK, [self._words])
                if self._signals.told:
                    return
                if spoken:
                    self._hear(ready)
                self._reap()
                if self._embedded is not None and self._embedded.is_gone:
                    asyncio.run(self._embedded.start_again())
        finally:
            self._end()
            os.close(self._words)
            os.close(self._say_to)

    def _hear(self, ready: Callable[[], None]) -> None:
        """Take what parts have said."""
        for word in os.read(self._words, ALL).splitlines():
            life, refused, fix = _decode(word)
            if refused and life == 1:
                raise StartRefused(refused, fix=fix)
            if not refused and not self._answers:
                self._answers = True
                ready()

    def _start_what_is_due(self) -> None:
        for part in self._parts:
            if not part.pid and part.due <= time.monotonic():
                try:
                    part.pid = self._fork(part)
                except OSError as error:
                    log.error("a process cannot be started; it is tried again", role=part.role, error=str(error))
                    part.due = time.monotonic() + AGAIN

    def _fork(self, part: _Part) -> int:
        sys.stdout.flush()
        part.life += 1
        with self._signals.blocked():  # none comes to the child before it is itself
            pid = os.fork()
            if not pid:
                self._be(part)
        return pid

    def _be(self, part: _Part) -> NoReturn:
        """Be a part. Nothing unwinds into what the parent was about."""
        code = 1
        try:
            self._signals.restore()
            die_with_parent(signal.SIGTERM)
            if os.getppid() != self._parent:
                sys.exit(0)  # it died before it could be said
            call_self(f"yard-{part.role}")
            listener = self._listener if part.role == server.API else None
            told = partial(self._say, part.life)
            registry = Registry.load(self._settings.plugins, prefer=self._settings.prefer)
            uvloop.run(server.serve(self._settings, registry, {part.role}, listener, self._url, self._valkey, told))
            code = 0
        except StartRefused as error:
            log.critical("a process of the server does not start", role=part.role, error=str(error))
            self._say(part.life, error)
        except BaseException as error:
            if not isinstance(error, KeyboardInterrupt | SystemExit):
                log.critical("a process of the server broke", role=part.role, error=repr(error), exc_info=error)
        finally:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
            os._exit(code)

    def _say(self, life: int, refused: StartRefused | None = None) -> None:
        """To the parent: that the API answers, or what is refused."""
        detail, fix = (refused.detail, refused.fix) if refused is not None else ("", "")
        os.write(self._say_to, _encode((life, detail[:MOST], fix[:MOST])) + b"\n")

    @property
    def _valkey(self) -> str:
        return self._settings.valkey if self._embedded is None else f"unix://{self._embedded.socket}"

    def _reap(self) -> None:
        for part in self._parts:
            if part.pid and (code := _code_of(part.pid)) is not None:
                log.warning("a process ended and is started again", role=part.role, code=code)
                part.pid, part.due = 0, time.monotonic() + AGAIN

    def _end(self) -> None:
        """End all parts, in order if they do so in time."""
        pids = [part.pid for part in self._parts if part.pid]
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while (pids := [pid for pid in pids if _code_of(pid) is None]) and time.monotonic() < deadline:
            self._signals.wait(LOOK)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _code_of(pid: int) -> int | None:
    """How a child has ended, negative by a signal; None while it runs."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None
