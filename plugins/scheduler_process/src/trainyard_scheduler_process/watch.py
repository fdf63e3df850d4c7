"""Receives the notifications of runners and looks by itself now and then, so that changes are told as they happen.

A runner that is killed notifies nobody, and a datagram may be lost: the slow look finds both.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

from trainyard.runner.notify import bind
from trainyard_core.contracts.scheduler import Scheduler
from trainyard_core.contracts.workload import AttemptRef, Observation, Phase

__all__ = ["watch"]

_SCAN_SECONDS = 2.0


async def watch(scheduler: Scheduler, watchers: Path) -> AsyncIterator[Observation]:
    """Observations of `scheduler` that differ from the last one of their attempt, without end."""
    name = secrets.token_hex(8)
    listener = await asyncio.to_thread(bind, watchers, name)
    told: dict[AttemptRef, Observation] = {}
    next_scan = 0.0
    try:
        while True:
            left = next_scan - time.monotonic()
            if left <= 0:
                next_scan = time.monotonic() + _SCAN_SECONDS
            refs = await _unfinished(scheduler, told) if left <= 0 else await _notified(listener, left)
            for observation in await scheduler.observe(refs):
                if told.get(observation.ref) != observation:
                    told[observation.ref] = observation
                    yield observation
    finally:
        listener.close()
        (watchers / name).unlink(missing_ok=True)


async def _unfinished(scheduler: Scheduler, told: dict[AttemptRef, Observation]) -> list[AttemptRef]:
    """Attempts whose end was not told yet; what was released is forgotten."""
    held = await scheduler.adopt()
    for ref in told.keys() - set(held):
        del told[ref]
    return [ref for ref in held if ref not in told or told[ref].phase is not Phase.EXITED]


async def _notified(listener: socket.socket, seconds: float) -> list[AttemptRef]:
    """The attempts whose runners sent a notification, each once; empty after `seconds` of silence."""
    try:
        async with asyncio.timeout(seconds):  # not wait_for, which loses a cancellation that comes with the datagram
            first = await asyncio.get_running_loop().sock_recv(listener, 4096)
    except TimeoutError:
        return []
    messages = {first}
    while True:
        try:
            messages.add(listener.recv(4096))
        except BlockingIOError:
            return [ref for message in messages if (ref := _ref_of(message)) is not None]


def _ref_of(message: bytes) -> AttemptRef | None:
    run, _, number = message.decode("utf-8", "replace").rpartition("/")
    return AttemptRef(run, int(number)) if number.isdecimal() else None
