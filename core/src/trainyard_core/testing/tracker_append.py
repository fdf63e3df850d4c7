"""The part of the Tracker suite (see `tracker_suite`) about `append` and `durable`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainyard.track.frames import Frame
from trainyard_core.contracts.tracker import RunRef, SequenceGap, Tracker
from trainyard_core.testing.tracker_tools import (
    SHARED,
    TrackerHarness,
    log_frame,
    mixed_frames,
    new_run,
    new_writer,
    opened,
    other_frames,
    read_all_lines,
)

__all__ = ["AppendPromises"]

_COUNT = 8
_SLICE = st.tuples(st.integers(1, _COUNT), st.integers(0, _COUNT)).map(lambda at: (at[0], min(_COUNT, at[0] + at[1])))
_WRITER = st.integers(0, 1)
_INSTANCE = st.integers(0, 1)
_STEP = st.one_of(
    st.tuples(st.just("append"), _WRITER, _INSTANCE, _SLICE),
    st.tuples(st.just("race"), _WRITER, _SLICE, _SLICE),
    st.tuples(st.just("replace"), _INSTANCE),
)


class AppendPromises:
    """Idempotence, order, gaps and races; the durable number belongs to the storage, not to an instance."""

    async def test_append_returns_the_last_durable_sequence_number(self, tracker: Tracker, run: RunRef) -> None:
        frames = mixed_frames(new_writer(), 5)
        assert await tracker.append(run, frames[:2]) == 2
        assert await tracker.append(run, frames[2:]) == 5
        assert await tracker.durable(run, frames[0].writer) == 5

    async def test_events_and_gaps_are_counted_and_show_in_no_log_and_no_series(
        self, tracker: Tracker, run: RunRef
    ) -> None:
        writer = new_writer()
        sent = [log_frame(writer, 1, [(1, "before")]), *other_frames(writer, 2), log_frame(writer, 4, [(2, "after")])]
        assert await tracker.append(run, sent[:3]) == 3
        assert await tracker.durable(run, writer) == 3
        assert await tracker.append(run, sent[1:]) == 4
        assert [line.text for line in await read_all_lines(tracker, run)] == ["before", "after"]
        assert await tracker.series_names(run) == []
        await tracker.delete_run(run)
        assert await tracker.durable(run, writer) == 0

    async def test_an_unknown_writer_or_run_is_durable_up_to_nothing(self, tracker: Tracker, run: RunRef) -> None:
        assert await tracker.durable(run, new_writer()) == 0
        await tracker.append(run, mixed_frames(new_writer(), 1))
        assert await tracker.durable(run, new_writer()) == 0

    async def test_a_repeated_append_stores_nothing_twice(self, tracker: Tracker, run: RunRef) -> None:
        frames = mixed_frames(new_writer(), 4)
        for _ in range(3):
            assert await tracker.append(run, frames) == 4
        await _assert_holds(tracker, run, [frames], [4])

    async def test_an_append_of_old_frames_answers_what_is_durable(self, tracker: Tracker, run: RunRef) -> None:
        frames = mixed_frames(new_writer(), 4)
        await tracker.append(run, frames)
        assert await tracker.append(run, frames[:1]) == 4

    async def test_an_overlapping_append_stores_only_what_is_new(self, tracker: Tracker, run: RunRef) -> None:
        frames = mixed_frames(new_writer(), 6)
        await tracker.append(run, frames[:4])
        assert await tracker.append(run, frames[1:]) == 6
        await _assert_holds(tracker, run, [frames], [6])

    async def test_a_gap_is_refused_and_names_the_frame_that_is_next(self, tracker: Tracker, run: RunRef) -> None:
        frames = mixed_frames(new_writer(), 6)
        with pytest.raises(SequenceGap) as first:
            await tracker.append(run, frames[1:])
        assert first.value.expected == 1
        await tracker.append(run, frames[:2])
        with pytest.raises(SequenceGap) as second:
            await tracker.append(run, frames[3:])
        assert second.value.expected == 3
        await _assert_holds(tracker, run, [frames], [2])

    async def test_an_empty_append_is_refused(self, tracker: Tracker, run: RunRef) -> None:
        with pytest.raises(ValueError):
            await tracker.append(run, [])

    async def test_frames_of_two_writers_in_one_append_are_refused(self, tracker: Tracker, run: RunRef) -> None:
        one, other = mixed_frames(new_writer(), 1), mixed_frames(new_writer(), 2)
        with pytest.raises(ValueError):
            await tracker.append(run, [one[0], other[1]])
        assert await tracker.durable(run, one[0].writer) == 0

    async def test_frames_with_a_hole_between_them_are_refused(self, tracker: Tracker, run: RunRef) -> None:
        frames = mixed_frames(new_writer(), 3)
        with pytest.raises(ValueError):
            await tracker.append(run, [frames[0], frames[2]])
        assert await tracker.durable(run, frames[0].writer) == 0

    async def test_writers_are_numbered_apart(self, tracker: Tracker, run: RunRef) -> None:
        one, other = mixed_frames(new_writer(), 3), mixed_frames(new_writer(), 2)
        await tracker.append(run, one)
        assert await tracker.append(run, other) == 2
        await _assert_holds(tracker, run, [one, other], [3, 2])

    async def test_runs_are_kept_apart_even_for_one_writer(self, tracker: Tracker, run: RunRef) -> None:
        frames, elsewhere = mixed_frames(new_writer(), 3), new_run()
        await tracker.append(run, frames)
        assert await tracker.durable(elsewhere, frames[0].writer) == 0
        assert await tracker.append(elsewhere, frames[:1]) == 1
        await _assert_holds(tracker, run, [frames], [3])

    async def test_runs_of_one_name_in_two_projects_are_kept_apart(self, tracker: Tracker, run: RunRef) -> None:
        frames = mixed_frames(new_writer(), 2)
        await tracker.append(run, frames)
        assert await tracker.durable(RunRef("another", run.run), frames[0].writer) == 0

    @pytest.mark.parametrize(
        "one, other",
        [
            (("a/b", "c"), ("a", "b/c")),
            (("A", "r"), ("a", "r")),
            (("..", "r"), ("p", "..")),
            (("a b", "r"), ("a%20b", "r")),
        ],
        ids=["slash", "case", "dots", "blank"],
    )
    async def test_names_that_could_meet_are_kept_apart_or_refused(
        self, tracker: Tracker, run: RunRef, one: tuple[str, str], other: tuple[str, str]
    ) -> None:
        frames = mixed_frames(new_writer(), 2)
        first = RunRef(one[0], one[1] + run.run)
        second = RunRef(other[0], other[1] + run.run)
        try:
            await tracker.append(first, frames)
            assert await tracker.durable(second, frames[0].writer) == 0
        except ValueError:
            return

    async def test_another_instance_knows_what_is_durable(self, harness: TrackerHarness, run: RunRef) -> None:
        frames = mixed_frames(new_writer(), 4)
        async with opened(harness) as one, opened(harness) as other:
            await one.append(run, frames[:3])
            assert await other.durable(run, frames[0].writer) == 3
            assert await other.append(run, frames) == 4
            assert await one.append(run, frames[2:]) == 4
            await _assert_holds(one, run, [frames], [4])
            await _assert_holds(other, run, [frames], [4])

    async def test_many_appends_of_one_writer_that_overlap_all_count(self, tracker: Tracker, run: RunRef) -> None:
        frames = mixed_frames(new_writer(), 40)
        answers = await asyncio.gather(*(tracker.append(run, frames[: n + 1]) for n in range(len(frames))))
        assert all(answer >= n + 1 for n, answer in enumerate(answers))
        await _assert_holds(tracker, run, [frames], [40])

    async def test_a_reader_never_sees_part_of_an_append_twice(self, harness: TrackerHarness, run: RunRef) -> None:
        writer = new_writer()
        frames = [log_frame(writer, n, [(n, str(n))]) for n in range(1, 61)]
        async with opened(harness) as one, opened(harness) as other:
            for n in range(0, 60, 3):
                _, lines = await asyncio.gather(one.append(run, frames[n : n + 3]), read_all_lines(other, run))
                seen = [line.text for line in lines]
                assert seen == [str(number) for number in range(1, len(seen) + 1)]
                assert n <= len(seen) <= n + 3

    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        suppress_health_check=SHARED,
    )
    @given(steps=st.lists(_STEP, min_size=1, max_size=14))
    async def test_no_order_of_appends_races_and_new_instances_loses_doubles_or_reorders(
        self, harness: TrackerHarness, steps: list[tuple[object, ...]]
    ) -> None:
        model = _Model(harness)
        try:
            for step in steps:
                await model.take(step)
            await model.check()
        finally:
            await model.aclose()


class _Model:
    """Two writers, two instances, and the frames that must be durable."""

    def __init__(self, harness: TrackerHarness) -> None:
        self._harness = harness
        self._run = new_run()
        self._frames = [mixed_frames(new_writer(), _COUNT) for _ in range(2)]
        self._durable = [0, 0]
        self._instances = [harness.make_tracker(), harness.make_tracker()]

    async def take(self, step: tuple[object, ...]) -> None:
        match step:
            case ("append", int(writer), int(instance), (int(first), int(last))):
                await self._append(writer, instance, first, last)
            case ("race", int(writer), (int(a), int(b)), (int(c), int(d))):
                await self._race(writer, ((a, b), (c, d)))
            case ("replace", int(instance)):
                await self._instances[instance].aclose()
                self._instances[instance] = self._harness.make_tracker()

    async def _append(self, writer: int, instance: int, first: int, last: int) -> None:
        said = await self._ask(writer, instance, first, last)
        if first > self._durable[writer] + 1:
            assert said == ("gap", self._durable[writer] + 1)
        else:
            self._durable[writer] = max(self._durable[writer], last)
            assert said == ("durable", self._durable[writer])

    async def _race(self, writer: int, slices: tuple[tuple[int, int], tuple[int, int]]) -> None:
        said = await asyncio.gather(*(self._ask(writer, i, first, last) for i, (first, last) in enumerate(slices)))
        allowed = {_serial(self._durable[writer], slices), _serial(self._durable[writer], slices[::-1])[::-1]}
        assert tuple(said) in allowed, f"{said} is no answer of one append after the other: {allowed}"
        self._durable[writer] = max([self._durable[writer], *(n for kind, n in said if kind == "durable")])

    async def _ask(self, writer: int, instance: int, first: int, last: int) -> tuple[Literal["gap", "durable"], int]:
        try:
            wanted = self._frames[writer][first - 1 : last]
            return "durable", await self._instances[instance].append(self._run, wanted)
        except SequenceGap as gap:
            return "gap", gap.expected

    async def check(self) -> None:
        async with opened(self._harness) as fresh:
            for tracker in (*self._instances, fresh):
                await _assert_holds(tracker, self._run, self._frames, self._durable)

    async def aclose(self) -> None:
        for tracker in self._instances:
            await tracker.aclose()


def _serial(durable: int, slices: Sequence[tuple[int, int]]) -> tuple[tuple[str, int], ...]:
    """Return the answers that appending the slices one after the other gives."""
    answers = []
    for first, last in slices:
        if first > durable + 1:
            answers.append(("gap", durable + 1))
        else:
            durable = max(durable, last)
            answers.append(("durable", durable))
    return tuple(answers)


async def _assert_holds(tracker: Tracker, run: RunRef, kept: Sequence[list[Frame]], durable: Sequence[int]) -> None:
    """Assert that the frames of each writer (as `mixed_frames` makes them) up to its durable number are stored once and
    in order, and that no other frame is."""
    lines = await read_all_lines(tracker, run, limit=3)
    assert len(lines) == sum(2 * ((number + 1) // 2) for number in durable)
    for frames, number in zip(kept, durable, strict=True):
        writer = frames[0].writer
        assert await tracker.durable(run, writer) == number
        wanted = [f"{seq}{part}" for seq in range(1, number + 1, 2) for part in "ab"]
        assert [line.text for line in lines if line.writer == writer] == wanted
        (series,) = await tracker.read_series(run, [writer])
        assert [point.last for point in series.points] == [float(seq) for seq in range(2, number + 1, 2)]
