"""Carries frames between the two sides of a stream to an attempt: whoever asked for it, and the agent. Both poll, so
that the agent's side is opened by the agent, which nobody can reach from outside.

Each direction keeps at most `MOST_KEPT` frames. Frames are kept until the reader asks for those after them, so that an
answer that is lost is answered again; a frame that is put again is taken once, by its number.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import Literal, Protocol

from trainyard.client.models import StreamFrame

__all__ = ["ABSENT", "KEEP", "MOST_KEPT", "Direction", "LocalStreamRelay", "StreamRelay"]

Direction = Literal["input", "output"]
"""Input goes to the agent, output comes from it."""
MOST_KEPT = 64
KEEP = 600.0
"""Seconds that frames are kept which nobody asks for."""
ABSENT = 45.0
"""Seconds after which a side that has not asked for or sent anything counts as gone."""


class StreamRelay(Protocol):
    """The frames of all streams of a deployment."""

    async def put(self, stream: str, direction: Direction, frames: Sequence[StreamFrame], *, wait: float) -> bool:
        """Keep frames. False when there was no room for them within `wait` seconds: the reader is slow."""

    async def get(self, stream: str, direction: Direction, *, after: int, wait: float) -> list[StreamFrame]:
        """The frames after that number; the others are forgotten. When there are none, wait for some."""

    async def touch(self, stream: str, direction: Direction) -> None:
        """The reader of that direction is there, and does not ask now."""

    async def is_present(self, stream: str, direction: Direction) -> bool:
        """Whether the reader of that direction has asked lately, or the other side of it has yet to begin."""

    async def forget(self, stream: str) -> None:
        """The stream is over."""

    async def aclose(self) -> None:
        """Free what is held."""


class _Line:
    """One direction of a stream in memory."""

    def __init__(self) -> None:
        self.frames: deque[StreamFrame] = deque()
        self.last = 0
        self.used_at = monotonic()
        self.asked_at: float | None = None
        self.changed = asyncio.Event()

    def change(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class LocalStreamRelay:
    """The relay of one process that serves everybody."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, Direction], _Line] = {}

    async def put(self, stream: str, direction: Direction, frames: Sequence[StreamFrame], *, wait: float) -> bool:
        line = self._line(stream, direction)
        fresh, deadline = [frame for frame in frames if frame.seq > line.last], monotonic() + wait
        while len(line.frames) + len(fresh) > MOST_KEPT and line.frames:
            if not await _changed(line, deadline - monotonic()):
                return False
            fresh = [frame for frame in frames if frame.seq > line.last]
        line.frames.extend(fresh)
        line.last = fresh[-1].seq if fresh else line.last
        line.change()
        return True

    async def get(self, stream: str, direction: Direction, *, after: int, wait: float) -> list[StreamFrame]:
        line, deadline = self._line(stream, direction), monotonic() + wait
        line.asked_at = monotonic()
        while line.frames and line.frames[0].seq <= after:
            line.frames.popleft()
        line.change()
        while not line.frames:
            if not await _changed(line, deadline - monotonic()):
                break
        line.asked_at = monotonic()
        return [*line.frames]

    async def touch(self, stream: str, direction: Direction) -> None:
        self._line(stream, direction).asked_at = monotonic()

    async def is_present(self, stream: str, direction: Direction) -> bool:
        asked_at = self._line(stream, direction).asked_at
        return asked_at is None or monotonic() - asked_at < ABSENT

    async def forget(self, stream: str) -> None:
        for direction in ("input", "output"):
            if (line := self._lines.pop((stream, direction), None)) is not None:
                line.change()

    async def aclose(self) -> None:
        self._lines.clear()

    def _line(self, stream: str, direction: Direction) -> _Line:
        if (line := self._lines.get((stream, direction))) is None:
            self._drop_unused()
            line = self._lines[stream, direction] = _Line()
        line.used_at = monotonic()
        return line

    def _drop_unused(self) -> None:
        """Forget streams that both sides have left without a word."""
        oldest = monotonic() - KEEP
        for key in [key for key, line in self._lines.items() if line.used_at < oldest]:
            del self._lines[key]


async def _changed(line: _Line, seconds: float) -> bool:
    """Wait for the next change; False when there was none in time."""
    if seconds <= 0:
        return False
    changed = line.changed
    try:
        async with asyncio.timeout(seconds):
            await changed.wait()
    except TimeoutError:
        return False
    return True
