"""Runs blocking calls of plugins beside the event loop, each with a deadline.

Every call has a daemon thread of its own: one that never returns holds up neither the loop nor the end of the
process, as a thread of a pool would. Their number is bounded, and while several are overdue no more are made.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

__all__ = ["BlockingCalls"]

T = TypeVar("T")
MOST = 16
"""Calls at the same time; others wait for their turn within their deadline."""
MOST_OVERDUE = 3
"""Calls that may be overdue at the same time before further ones are refused at once."""


class BlockingCalls:
    """Calls for one purpose, from one event loop. `name` is that of their threads."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._room = asyncio.Semaphore(MOST)
        self._overdue: set[asyncio.Future[Any]] = set()

    async def call(self, work: Callable[[], T], *, deadline: float) -> T:
        """What `work` returns or raises. Raises TimeoutError after `deadline` seconds, and at once while too many
        earlier calls are overdue; what comes of a call that is overdue is dropped."""
        if len(self._overdue) >= MOST_OVERDUE:
            raise TimeoutError(f"{len(self._overdue)} earlier calls have not come back yet")
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        started = False
        try:
            async with asyncio.timeout(deadline):
                await self._room.acquire()
                self._start(work, outcome)
                started = True
                await asyncio.wait([outcome])
        except TimeoutError:
            if started:
                self._overdue.add(outcome)
            raise TimeoutError(f"no answer within {deadline:g} s") from None
        finally:
            outcome.cancel()  # unless it is done
        return outcome.result()

    def _start(self, work: Callable[[], Any], outcome: asyncio.Future[Any]) -> None:
        threading.Thread(target=self._run, args=(work, outcome), name=self._name, daemon=True).start()

    def _run(self, work: Callable[[], Any], outcome: asyncio.Future[Any]) -> None:
        result: Any = None
        failure: Exception | None = None
        try:
            result = work()
        except Exception as error:
            failure = error
        except BaseException as error:  # SystemExit and its kin would end the loop
            failure = RuntimeError(f"{type(error).__name__}: {error}")
        with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            outcome.get_loop().call_soon_threadsafe(self._settle, outcome, result, failure)

    def _settle(self, outcome: asyncio.Future[Any], result: Any, failure: Exception | None) -> None:
        self._room.release()
        self._overdue.discard(outcome)
        if outcome.done():  # nobody waits for it any more
            return
        if failure is None:
            outcome.set_result(result)
        else:
            outcome.set_exception(failure)
