"""The part of the Tracker suite (see `tracker_suite`) about a process that is killed in the middle of an append."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import warnings
from collections.abc import Sequence

import pytest

from trainyard.track import frames
from trainyard.track.frames import Frame
from trainyard_core.contracts.tracker import RunRef, SequenceGap, Tracker
from trainyard_core.testing.tracker_tools import (
    TrackerHarness,
    event_frame,
    gap_frame,
    log_frame,
    metric_frame,
    new_writer,
    opened,
    read_all_events,
    read_all_lines,
)

__all__ = ["CrashPromises"]

_FRAMES = 4000
"""More than a process appends before it is killed."""
_AT_ONCE = 4


class CrashPromises:
    """What was acknowledged is there after SIGKILL, whole and once, and the next process goes on with it."""

    @pytest.mark.parametrize("seed", range(4))
    async def test_a_process_that_is_killed_while_it_appends_loses_nothing_acknowledged(
        self, harness: TrackerHarness, run: RunRef, seed: int
    ) -> None:
        writer, most = new_writer(), random.Random(seed).randint(1, 12)
        sent = _frames_of(writer, _FRAMES)
        acknowledged = await asyncio.to_thread(_killed_after, most, harness, run, sent)
        assert acknowledged >= most * _AT_ONCE
        async with opened(harness) as tracker:
            lines = [line.text for line in await read_all_lines(tracker, run)]
            assert lines == _lines(sent)[: len(lines)], "no line is torn, doubled or out of order"
            assert len(lines) >= len(_lines(sent[:acknowledged]))
            durable = await tracker.durable(run, writer)
            assert acknowledged <= durable < _FRAMES
            with pytest.raises(SequenceGap):
                await tracker.append(run, sent[durable + _AT_ONCE :])
            last = durable + 2 * _AT_ONCE
            assert await tracker.append(run, sent[acknowledged:last]) == last
            await _assert_holds(tracker, run, writer, sent[:last])

    async def test_a_reader_in_another_process_sees_whole_frames_only(
        self, harness: TrackerHarness, run: RunRef
    ) -> None:
        writer = new_writer()
        sent = _frames_of(writer, _FRAMES)
        async with opened(harness) as tracker:
            killing = asyncio.create_task(asyncio.to_thread(_killed_after, 12, harness, run, sent))
            seen = 0
            while not killing.done():
                lines = [line.text for line in await read_all_lines(tracker, run)]
                events = await read_all_events(tracker, run)
                assert lines == _lines(sent)[: len(lines)]
                assert [event.data["number"] for event in events] == [*range(3, 3 + 4 * len(events), 4)]
                assert len(lines) >= seen, "what was seen once stays"
                seen = len(lines)
            acknowledged = await killing
            assert len(_lines(sent[:acknowledged])) <= len(await read_all_lines(tracker, run))


def _frames_of(writer: str, count: int) -> list[Frame]:
    """Frames 1 to `count`, by turns of two lines (one of them long), of a point, of an event, and of a gap."""
    made = []
    for seq in range(1, count + 1):
        match seq % 4:
            case 1:
                made.append(log_frame(writer, seq, [(seq, f"{seq}a"), (seq, f"{seq}b" + "x" * (seq * 7919 % 30_000))]))
            case 2:
                made.append(metric_frame(writer, seq, "loss", [(seq, float(seq))]))
            case 3:
                made.append(event_frame(writer, seq, {"type": "event", "name": "n", "time": seq, "number": seq}))
            case _:
                made.append(gap_frame(writer, seq))
    return made


def _lines(sent: Sequence[Frame]) -> list[str]:
    found = [frames.unpack_lines(frame.payload) for frame in sent if frame.kind is frames.Kind.LOGS]
    return [line.text for lines in found for line in lines]


async def _assert_holds(tracker: Tracker, run: RunRef, writer: str, sent: Sequence[Frame]) -> None:
    """Assert that these frames of the writer are stored, each once, and no other is."""
    assert await tracker.durable(run, writer) == len(sent)
    assert [line.text for line in await read_all_lines(tracker, run)] == _lines(sent)
    (series,) = await tracker.read_series(run, ["loss"])
    assert [point.last for point in series.points] == [float(f.seq) for f in sent if f.kind is frames.Kind.METRICS]
    numbers = [event.data["number"] for event in await read_all_events(tracker, run)]
    assert numbers == [frame.seq for frame in sent if frame.kind is frames.Kind.EVENTS]


def _killed_after(most: int, harness: TrackerHarness, run: RunRef, sent: Sequence[Frame]) -> int:
    """Have a process of its own append these frames, a few at a time without a pause, and kill it after so many
    answers, while it waits for the next one. Returns the last sequence number that was acknowledged to it."""
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which the child uses none of
        child = os.fork()
    if child == 0:
        _append_all(write, harness, run, sent)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            answers = [int(told.readline()) for _ in range(most)]
            os.kill(child, signal.SIGKILL)
            answers += [int(line) for line in told if line.endswith("\n")]
    finally:
        _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    return answers[-1]


def _append_all(write: int, harness: TrackerHarness, run: RunRef, sent: Sequence[Frame]) -> None:
    """The child: says each acknowledged number in a line, and never returns."""

    async def work() -> None:
        tracker = harness.make_tracker()
        for start in range(0, len(sent), _AT_ONCE):
            durable = await tracker.append(run, sent[start : start + _AT_ONCE])
            os.write(write, f"{durable}\n".encode())

    try:
        asyncio.run(work())
    finally:
        os._exit(1)
