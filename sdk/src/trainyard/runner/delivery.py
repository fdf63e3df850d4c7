"""Delivers what dead runners left: the spool of an attempt whose exit is written and whose runner is gone.

For schedulers that run attempts beside the runner. One task for each such attempt, begun whenever its scheduler looks
at it; several schedulers may be at one at once, for the platform counts every frame once. What is undelivered when this
process ends is found again by the next look.

Shipping waits for the platform, which may be this very process and then answers with the help of the event loop's own
threads: a delivery has threads of its own and leaves those alone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from trainyard.runner import lock
from trainyard.runner.address import Carrier, server_of
from trainyard.runner.layout import Folder, read_json
from trainyard.track import spool
from trainyard.track.shipper import SLOWEST, Progress

__all__ = ["Delivery"]

T = TypeVar("T")

_log = logging.getLogger(__name__)
_THREADS = 4
"""How many spools travel at once; the others wait for their turn."""
_REST_SECONDS = SLOWEST
"""How long a spool that was delivered, or refused, is left alone."""
_RUNNER_SECONDS = 1.0
"""How long a living runner is left to deliver by itself."""
_LOOK_SECONDS = 1.0
"""How often it is asked, in a pause after trouble, whether runs report elsewhere."""


class Delivery:
    """What one scheduler instance delivers. It belongs to the event loop of its scheduler."""

    def __init__(self) -> None:
        self._tasks: dict[Folder, asyncio.Task[None]] = {}
        self._resting: dict[Folder, float] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="trainyard-delivery")

    def deliver(self, folder: Folder) -> None:
        """See to it that the spool of this ended attempt reaches the platform. Cheap; called at every look."""
        if folder in self._tasks or self._resting.get(folder, 0.0) > time.monotonic():
            return
        task = asyncio.get_running_loop().create_task(self._deliver(folder))
        self._tasks[folder] = task
        task.add_done_callback(lambda _: self._tasks.pop(folder, None))

    async def _deliver(self, folder: Folder) -> None:
        rest = _REST_SECONDS
        try:
            if await self._in_thread(lambda: lock.probe(folder)) is lock.Held.LIVE:
                rest = _RUNNER_SECONDS
                return
            carrier = await self._in_thread(lambda: _opened(folder))
            if carrier is not None:
                await self._ship(carrier, folder)
        except (OSError, ValueError) as error:
            _log.warning("cannot deliver what %s left: %s", folder.path, error)
        finally:
            self._resting[folder] = time.monotonic() + rest

    async def aclose(self) -> None:
        """Stop delivering; what is left stays on disk."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def forget(self, folder: Folder) -> None:
        """The attempt was released."""
        self._resting.pop(folder, None)
        if (task := self._tasks.get(folder)) is not None:
            task.cancel()

    async def _ship(self, carrier: Carrier, folder: Folder) -> None:
        """Pass after pass, until all is acknowledged, refused, or not wanted any more. A pass that is under way when
        nobody waits for it any more closes its connection at its end."""
        passing: Future[Progress] | None = None
        try:
            while folder.path.is_dir():
                passing = self._threads.submit(carrier.ship)
                progress = await asyncio.wrap_future(passing)
                if not progress.pending or progress.fatal:
                    return
                await _pause(carrier)
        finally:
            if passing is None:
                carrier.close()
            else:
                passing.add_done_callback(lambda _: carrier.close())

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


async def _pause(carrier: Carrier) -> None:
    """Until the next pass is advised, or runs report elsewhere."""
    until = time.monotonic() + carrier.delay()
    while (left := until - time.monotonic()) > 0 and not carrier.moved:  # noqa: ASYNC110 - a file, no task, tells it
        await asyncio.sleep(min(left, _LOOK_SECONDS))


def _opened(folder: Folder) -> Carrier | None:
    """A carrier when something is undelivered and there is a place for it."""
    if not spool.pending(folder.spool):
        return None
    workload: dict[str, Any] | None = read_json(folder.workload)
    return Carrier(folder, workload) if workload and server_of(folder, workload) else None
