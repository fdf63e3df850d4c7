"""The trackers of one process, several at once: each is opened when a run needs it, and closed at the end.

A tracker that is not installed, or does not start, concerns its runs only: whoever wants something of them is told
which tracker is missing and what to do, and may try again later. It is built anew then, at the earliest after a while.
"""

from __future__ import annotations

import asyncio
from functools import partial

import structlog

from trainyard_core.clock import SECOND, Clock
from trainyard_core.contracts.tracker import Tracker
from trainyard_core.errors import StartRefused, Unavailable
from trainyard_core.executor import BlockingCalls
from trainyard_core.registry import BUILDING, Registry
from trainyard_core.settings import Settings, install

__all__ = ["Trackers"]

AGAIN = 10 * SECOND
"""Microseconds until a tracker that did not start is built again."""
log = structlog.get_logger("trainyard.trackers")


class Trackers:
    """Opens trackers by name. `current` is the name of the one that keeps new runs."""

    def __init__(self, registry: Registry, settings: Settings, clock: Clock) -> None:
        self.current = settings.tracker
        self._registry, self._settings, self._clock = registry, settings, clock
        self._open: dict[str, Tracker] = {}
        self._building: dict[str, asyncio.Lock] = {}
        self._refused: dict[str, tuple[int, str, str]] = {}
        self._calls = BlockingCalls("build")

    @property
    def installed(self) -> bool:
        """Whether any tracker is offered here."""
        return bool(self._registry.trackers.offered)

    async def start(self) -> None:
        """Open the current tracker. Raises StartRefused when it is not installed or does not start."""
        self._open[self.current] = await self._build(self.current)

    async def get(self, name: str) -> Tracker:
        """The tracker of that name. Raises Unavailable, which says what is wrong with it and what to do."""
        if found := self._open.get(name):
            return found
        async with self._building.setdefault(name, asyncio.Lock()):
            if found := self._open.get(name):
                return found
            until, detail, fix = self._refused.get(name, (0, "", ""))
            if self._clock.now() < until:
                raise Unavailable(detail, fix=fix)
            try:
                self._open[name] = await self._build(name)
            except (StartRefused, TimeoutError) as error:
                refused = self._explained(name, error)
                self._refused[name] = (self._clock.now() + AGAIN, refused.detail, refused.fix)
                log.warning("a tracker that keeps runs is not available", tracker=name, error=refused.detail)
                raise refused from None
            self._refused.pop(name, None)
            return self._open[name]

    async def aclose(self) -> None:
        """Close all that were opened, also when one of them fails to."""
        for name, tracker in self._open.items():
            try:
                await tracker.aclose()
            except Exception:
                log.exception("a tracker was not closed", tracker=name)
        self._open.clear()

    async def _build(self, name: str) -> Tracker:
        return await self._calls.call(partial(self._registry.tracker, name, self._settings), deadline=BUILDING)

    def _explained(self, name: str, error: StartRefused | TimeoutError) -> Unavailable:
        if not self.installed:
            return Unavailable("no tracker is installed here", fix=f"{install('tracker')} and start again")
        kept = f"tracker '{name}', which keeps this run's data, is not available"
        if left_out := self._registry.left_out_trackers.get(name):
            said = self._registry.plugins[left_out].error
            return Unavailable(f"{kept}: plugin '{left_out}' is left out: {said}", fix="correct that, and start again")
        if isinstance(error, TimeoutError):
            return Unavailable(f"{kept}: {error}", fix="see what keeps it from starting in the server's log")
        if name not in self._registry.trackers.offered:
            return Unavailable(
                f"{kept}: {error.detail}", fix="install the plugin that offers it, and start the server again"
            )
        return Unavailable(f"{kept}: {error.detail}", fix=error.fix)
