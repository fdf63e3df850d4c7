"""Shares syncs between appends that wait together: while one write to a segment is on its way, the requests behind
it gather and go as one. Order within a writer is order of arrival. What a write does is `commit`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from trainyard.track.frames import Frame
from trainyard_core.contracts.tracker import RunRef, SequenceGap
from trainyard_tracker_folder.commit import commit
from trainyard_tracker_folder.layout import Layout
from trainyard_tracker_folder.segment import START, Mark

__all__ = ["Appender"]

_LANES = 4096
_THREADS = 16

Answer = asyncio.Future[int | SequenceGap]


@dataclass(eq=False)
class _Lane:
    """The requests of one writer of one run."""

    path: Path
    mark: Mark = START
    waiting: list[tuple[Sequence[Frame], Answer]] = field(default_factory=list)
    task: asyncio.Task[None] | None = None


class Appender:
    """Appends and durable numbers, from one event loop. It has threads of its own: they mostly wait for the disk, or
    for another process that holds a segment."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="tracker-append")
        self._lanes: dict[tuple[RunRef, str], _Lane] = {}

    async def append(self, run: RunRef, frames: Sequence[Frame]) -> int:
        """See `Tracker.append`."""
        _check(frames)
        return await self._ask(run, frames[0].writer, frames)

    async def durable(self, run: RunRef, writer: str) -> int:
        """See `Tracker.durable`. What another process has written counts, and is synced first."""
        return await self._ask(run, writer, ())

    async def aclose(self) -> None:
        """Wait until all that was asked for is on disk."""
        tasks = [lane.task for lane in self._lanes.values() if lane.task]
        await asyncio.gather(*tasks)
        self._threads.shutdown()

    async def _ask(self, run: RunRef, writer: str, frames: Sequence[Frame]) -> int:
        lane = self._lanes.get((run, writer)) or self._new_lane(run, writer)
        answer: Answer = asyncio.get_running_loop().create_future()
        lane.waiting.append((frames, answer))
        if lane.task is None:
            lane.task = asyncio.create_task(self._drain(lane))
        said = await answer
        if isinstance(said, SequenceGap):
            raise said
        return said

    def _new_lane(self, run: RunRef, writer: str) -> _Lane:
        path = self._layout.segment(run, writer)
        if len(self._lanes) >= _LANES:
            self._lanes = {key: lane for key, lane in self._lanes.items() if lane.task}
        return self._lanes.setdefault((run, path.stem), _Lane(path))

    async def _drain(self, lane: _Lane) -> None:
        try:
            while lane.waiting:
                batch, lane.waiting = lane.waiting, []
                await self._commit(lane, batch)
        finally:
            lane.task = None

    async def _commit(self, lane: _Lane, batch: list[tuple[Sequence[Frame], Answer]]) -> None:
        requests = [frames for frames, _ in batch]
        loop = asyncio.get_running_loop()
        try:
            lane.mark, said = await loop.run_in_executor(
                self._threads, commit, lane.path, self._layout.root, lane.mark, requests
            )
        except Exception as error:  # whatever went wrong is each waiting caller's, and nobody may wait for ever
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), value in zip(batch, said, strict=True):
            if not answer.done():
                answer.set_result(value)


def _check(frames: Sequence[Frame]) -> None:
    if not frames:
        raise ValueError("no frames to append; an append needs at least one")
    first = frames[0]
    for place, frame in enumerate(frames):
        if frame.writer != first.writer or frame.seq != first.seq + place:
            raise ValueError(
                f"frame {frame.seq} of writer {frame.writer} does not follow frame {first.seq + place - 1} of "
                f"{first.writer}; append the frames of one writer, in order, without holes"
            )
