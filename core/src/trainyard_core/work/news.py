"""Tells the streams of this process that a run has something new, so that they wait instead of asking again and
again.

A stream that misses a word, because another process took the frames, looks by itself once a second.
"""

from __future__ import annotations

import asyncio

__all__ = ["News"]


class News:
    """One event for each run that somebody streams. `closing` is set when the process shuts down: streams end
    themselves."""

    def __init__(self) -> None:
        self._events: dict[str, tuple[asyncio.Event, int]] = {}
        self.closing = False

    def tell(self, run: str) -> None:
        """There is something new of this run."""
        if run in self._events:
            self._events[run][0].set()

    def close(self) -> None:
        """Every stream should end."""
        self.closing = True
        for event, _ in self._events.values():
            event.set()

    async def wait(self, run: str, seconds: float) -> None:
        """Until there is something new, or for so long."""
        event, waiting = self._events.get(run, (asyncio.Event(), 0))
        self._events[run] = (event, waiting + 1)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        finally:
            self._leave(run)

    def _leave(self, run: str) -> None:
        event, waiting = self._events[run]
        if waiting == 1:
            del self._events[run]
        else:
            self._events[run] = (event, waiting - 1)
            event.clear()
