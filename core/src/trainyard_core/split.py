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
from importlib.metadata import version
from typing import NoReturn

import msgspec
import structlog

from trainyard_core import server
from trainyard_core.clock import SystemClock
from trainyard_core.datadir import DataLock, admin_token, announce, withdraw
from trainyard_core.errors import StartRefused
from trainyard_core.platform import Platform
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings
from trainyard_core.signals import Signals
from trainyard_core.valkey import EmbeddedValkey

__all__ = ["run"]

AGAIN = 0.5
"""Seconds until a part that has died is started again."""
LOOK = 0.25
"""Seconds between two looks at the embedded Valkey, which also dies without a signal: by losing its socket."""
PATIENCE = 10.0
PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
LONGEST, MOST = 4096, 400
"""Bytes of a message to the parent, and characters of each text in it."""
log = structlog.get_logger("trainyard.split")
_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(tuple[str, str]).decode


def run(settings: Settings, processes: int, ready: Callable[[str], None]) -> int:
    """Serve until told to end. Raises StartRefused when the database is not PostgreSQL."""
    if not settings.database_url.startswith(("postgresql://", "postgres://")):
        raise StartRefused(
            "several processes need PostgreSQL; SQLite has one writer",
            fix="set `database` to postgresql://... in trainyard.toml or TRAINYARD_DATABASE",
        )
    with ExitStack() as stack:
        stack.enter_context(DataLock(settings.data))  # parts inherit it: held until the last of them is gone
        listener = stack.enter_context(server.bind(settings.host, settings.port))
        url = settings.public_url or f"http://{settings.host}:{listener.getsockname()[1]}"
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
    async with Platform.open(settings, Registry()) as platform:
        await admin_token(settings.data, platform.database, SystemClock())


class _Part:
    """One process in one role. `pid` is 0 while it does not run; it is started once `due` has come."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.pid = 0
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
        self._answers, self._tell = os.pipe()
        os.set_blocking(self._tell, False)
        self._parent = os.getpid()
        self._parts: list[_Part] = []

    def serve(self, processes: int, ready: Callable[[], None]) -> None:
        """Keep all parts until a signal says to end. `ready` is called once the API answers. Raises StartRefused when
        a part is refused before."""
        self._parts = [_Part(role) for role in (*[server.API] * processes, server.WORKER, server.AGENT)]
        gc.collect()
        gc.freeze()  # what is there now is never looked at again, so parts go on sharing its memory
        unanswered = [self._answers]
        try:
            while True:
                self._start_what_is_due()
                answered = self._signals.wait(LOOK, unanswered)
                if self._signals.told:
                    return
                if answered:
                    unanswered.clear()
                    _check(os.read(self._answers, LONGEST))
                    ready()
                self._reap()
                if self._embedded is not None and self._embedded.is_gone:
                    asyncio.run(self._embedded.start_again())
        finally:
            self._end()
            os.close(self._answers)
            os.close(self._tell)

    def _start_what_is_due(self) -> None:
        for part in self._parts:
            if not part.pid and part.due <= time.monotonic():
                try:
                    part.pid = self._fork(part.role)
                except OSError as error:
                    log.error("a process cannot be started; it is tried again", role=part.role, error=str(error))
                    part.due = time.monotonic() + AGAIN

    def _fork(self, role: str) -> int:
        sys.stdout.flush()
        with self._signals.blocked():  # none comes to the child before it is itself
            pid = os.fork()
            if not pid:
                self._be(role)
        return pid

    def _be(self, role: str) -> NoReturn:
        """Be a part. Nothing unwinds into what the parent was about."""
        code = 1
        try:
            self._signals.restore()
            _die_with(self._parent)
            _call(f"yard-{role}")
            listener = self._listener if role == server.API else None
            server.run(self._settings, {role}, listener, self._url, self._valkey, lambda: self._say(b""))
            code = 0
        except StartRefused as error:
            log.critical("a process of the server does not start", role=role, error=str(error))
            self._say(_encode((error.detail[:MOST], error.fix[:MOST])))
        except BaseException as error:
            if not isinstance(error, KeyboardInterrupt | SystemExit):
                log.critical("a process of the server broke", role=role, error=repr(error), exc_info=error)
        finally:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
            os._exit(code)

    def _say(self, refused: bytes) -> None:
        """To the parent: that the API answers, or (as JSON) what is refused. Only the first word is ever read."""
        with suppress(BlockingIOError):
            os.write(self._tell, refused + b"\n")

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


def _check(said: bytes) -> None:
    """Raise what a part said first; nothing means that the API answers."""
    if refused := said.splitlines()[0]:
        detail, fix = _decode(refused)
        raise StartRefused(detail, fix=fix)


def _code_of(pid: int) -> int | None:
    """How a child has ended, negative by a signal; None while it runs."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _die_with(parent: int) -> None:
    """A part does not outlive its supervisor, not even one that died before the part could ask to be told."""
    _control(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(0)


def _call(name: str) -> None:
    """What `ps` and `top` call this process."""
    _control(PR_SET_NAME, name.encode())


def _control(option: int, value: int | bytes) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value)
