"""The part of the Tracker suite (see `tracker_suite`) about `series_names` and `read_series`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainyard_core.contracts.tracker import Point, RunRef, Series, Tracker
from trainyard_core.testing.tracker_tools import (
    SHARED,
    TrackerHarness,
    log_frame,
    metric_frame,
    new_run,
    new_writer,
    opened,
)

__all__ = ["SeriesPromises"]

Row = tuple[int, float]

_ROWS = st.lists(st.tuples(st.integers(-5, 30), st.floats(width=64)), min_size=1, max_size=12)
_LIMIT = st.one_of(st.none(), st.integers(-6, 31))


class SeriesPromises:
    """All rows at full resolution, all spikes at any other; NaN and infinities, ranges, several writers, several
    attempts."""

    async def test_a_run_without_metrics_has_no_names_and_empty_series(self, tracker: Tracker, run: RunRef) -> None:
        assert await tracker.series_names(run) == []
        assert await tracker.read_series(run, ["loss"]) == [Series(name="loss", total=0, points=[])]

    async def test_names_are_sorted_and_only_those_of_metrics(self, tracker: Tracker, run: RunRef) -> None:
        writer = new_writer()
        named = [metric_frame(writer, n, name, [(n, 1.0)]) for n, name in enumerate(["loss", "acc", "é/val"], 1)]
        await tracker.append(run, [*named, log_frame(writer, 4, [(1, "hello")])])
        assert await tracker.series_names(run) == ["acc", "loss", "é/val"]

    async def test_series_come_in_the_order_asked_for(self, tracker: Tracker, run: RunRef) -> None:
        await _log(tracker, run, [(1, 0.5)])
        found = await tracker.read_series(run, ["no such", "loss"])
        assert [(series.name, series.total) for series in found] == [("no such", 0), ("loss", 1)]

    async def test_at_full_resolution_a_point_is_a_row(self, tracker: Tracker, run: RunRef) -> None:
        await _log(tracker, run, [(1, 0.5), (2, 0.25)])
        series = await _read(tracker, run)
        assert series.total == 2
        assert series.points == [Point(1, 1, 1, 0.5, 0.5, 0.5), Point(2, 2, 2, 0.25, 0.25, 0.25)]

    async def test_rows_appended_after_a_read_show_in_the_next(self, harness: TrackerHarness, run: RunRef) -> None:
        writer = new_writer()
        async with opened(harness) as reads, opened(harness) as writes:
            for seq in range(1, 6):
                await writes.append(run, [metric_frame(writer, seq, "loss", [(seq, float(seq))])])
                assert [point.last for point in (await _read(reads, run)).points] == [*range(1, seq + 1)]

    async def test_a_range_includes_both_its_ends(self, tracker: Tracker, run: RunRef) -> None:
        await _log(tracker, run, [(step, float(step)) for step in range(10)])
        series = await _read(tracker, run, first=3, last=5)
        assert series.total == 3
        assert [point.step for point in series.points] == [3, 4, 5]
        assert (await _read(tracker, run, first=11)).points == []
        assert (await _read(tracker, run, last=-1)).total == 0

    @pytest.mark.parametrize("points", [1, 2, 7, 99, 100, 101])
    async def test_there_are_at_most_as_many_buckets_as_asked_for(
        self, tracker: Tracker, run: RunRef, points: int
    ) -> None:
        await _log(tracker, run, [(step, float(step)) for step in range(100)])
        series = await _read(tracker, run, points=points)
        assert series.total == 100
        assert 1 <= len(series.points) <= points
        assert series.points[0].step == 0
        assert series.points[-1].until == 99

    async def test_a_spike_shows_at_every_resolution(self, tracker: Tracker, run: RunRef) -> None:
        rows = [(step, 1.0) for step in range(1000)]
        rows[137], rows[138] = (137, 1e6), (138, -1e6)
        await _log(tracker, run, rows)
        for points in (1, 3, 10, 100):
            found = (await _read(tracker, run, points=points)).points
            assert max(point.max for point in found) == 1e6
            assert min(point.min for point in found) == -1e6

    async def test_nan_and_infinity_are_kept_in_last_and_left_out_of_low_and_high(
        self, tracker: Tracker, run: RunRef
    ) -> None:
        await _log(tracker, run, [(1, 2.0), (2, math.inf), (3, -1.0), (4, math.nan)])
        (bucket,) = (await _read(tracker, run, points=1)).points
        assert (bucket.min, bucket.max) == (-1.0, 2.0)
        assert math.isnan(bucket.last)
        rows = (await _read(tracker, run)).points
        assert rows[1].last == math.inf
        assert math.isnan(rows[1].min) and math.isnan(rows[1].max)
        assert math.isnan(rows[3].last)

    async def test_the_greatest_numbers_and_negative_zero_come_back(self, tracker: Tracker, run: RunRef) -> None:
        values = [1.7976931348623157e308, -1.7976931348623157e308, 5e-324, -0.0]
        await _log(tracker, run, list(enumerate(values)))
        back = [point.last for point in (await _read(tracker, run)).points]
        assert [value.hex() for value in back] == [value.hex() for value in values]

    async def test_steps_of_64_bits_and_negative_ones_are_kept(self, tracker: Tracker, run: RunRef) -> None:
        steps = [-(2**63), -1, 0, 2**53 + 1, 2**63 - 1]
        await _log(tracker, run, [(step, 1.0) for step in steps])
        assert [point.step for point in (await _read(tracker, run)).points] == steps

    async def test_rows_logged_out_of_order_are_read_in_step_order(self, tracker: Tracker, run: RunRef) -> None:
        await _log(tracker, run, [(3, 3.0), (1, 1.0), (2, 2.0)])
        assert [point.last for point in (await _read(tracker, run)).points] == [1.0, 2.0, 3.0]

    async def test_rows_of_several_writers_are_merged_by_step_then_time(self, tracker: Tracker, run: RunRef) -> None:
        one, other = new_writer(), new_writer()
        await tracker.append(run, [metric_frame(one, 1, "loss", [(1, 1.0), (3, 3.5)], time=20)])
        await tracker.append(run, [metric_frame(other, 1, "loss", [(2, 2.0), (3, 3.0)], time=10)])
        series = await _read(tracker, run)
        assert [point.last for point in series.points] == [1.0, 2.0, 3.0, 3.5]
        assert series.total == 4

    async def test_rows_of_one_step_and_time_are_in_the_order_of_their_writers(
        self, tracker: Tracker, run: RunRef
    ) -> None:
        for writer, value in (("b" * 32, 2.0), ("a" * 32, 1.0), ("c" * 32, 3.0)):
            await tracker.append(run, [metric_frame(writer, 1, "loss", [(1, value)], time=10)])
        assert [point.last for point in (await _read(tracker, run)).points] == [1.0, 2.0, 3.0]

    async def test_the_last_value_is_that_of_the_highest_step_and_of_equals_the_latest(
        self, tracker: Tracker, run: RunRef
    ) -> None:
        one, other = new_writer(), new_writer()
        await tracker.append(run, [metric_frame(one, 1, "loss", [(10, 0.9)], time=30)])
        await tracker.append(run, [metric_frame(other, 1, "loss", [(10, 0.8)], time=20)])
        await tracker.append(run, [metric_frame(one, 2, "loss", [(3, 0.1)], time=40)])
        for points in (0, 1, 2):
            assert (await _read(tracker, run, points=points)).points[-1].last == 0.9

    async def test_a_later_attempt_wins_from_its_first_step_on(self, tracker: Tracker, run: RunRef) -> None:
        first, second = new_writer(), new_writer()
        await tracker.append(run, [metric_frame(first, 1, "loss", [(step, 1.0) for step in range(38)], time=90)])
        await tracker.append(run, [metric_frame(second, 1, "loss", [(step, 2.0) for step in range(30, 60)], time=10)])
        attempts = {first: 1, second: 2}
        (series,) = await tracker.read_series(run, ["loss"], attempts=attempts)
        assert series.total == 60
        assert [(point.step, point.last) for point in series.points] == [
            (step, 1.0 if step < 30 else 2.0) for step in range(60)
        ]
        (series,) = await tracker.read_series(run, ["loss"], first=20, last=35, points=1, attempts=attempts)
        assert series == Series(name="loss", total=16, points=[Point(20, 35, 90, 1.0, 2.0, 2.0)])

    async def test_what_an_earlier_attempt_sends_late_counts_below_that_step_only(
        self, tracker: Tracker, run: RunRef
    ) -> None:
        first, second = new_writer(), new_writer()
        attempts = {first: 1, second: 2}
        await tracker.append(run, [metric_frame(second, 1, "loss", [(5, 2.0)])])
        assert (await tracker.read_series(run, ["loss"], attempts=attempts))[0].total == 1
        await tracker.append(run, [metric_frame(first, 1, "loss", [(4, 1.0), (5, 1.0), (6, 1.0)])])
        (series,) = await tracker.read_series(run, ["loss"], attempts=attempts)
        assert [(point.step, point.last) for point in series.points] == [(4, 1.0), (5, 2.0)]
        assert (await _read(tracker, run)).total == 4, "nothing is removed: without attempts every row is read"

    async def test_attempts_are_held_against_each_other_metric_by_metric(self, tracker: Tracker, run: RunRef) -> None:
        writers = [new_writer() for _ in range(3)]
        logged: list[dict[str, tuple[int, int]]] = [
            {"a": (0, 4), "b": (0, 4), "c": (0, 4)},
            {"a": (2, 4), "b": (3, 4)},
            {"a": (0, 1), "c": (2, 4)},
        ]
        for attempt, (writer, metrics) in enumerate(zip(writers, logged, strict=True)):
            for seq, (name, steps) in enumerate(metrics.items(), 1):
                rows = [(step, float(attempt)) for step in range(*steps)]
                await tracker.append(run, [metric_frame(writer, seq, name, rows)])
        found = await tracker.read_series(run, ["a", "b", "c"], attempts=dict(zip(writers, range(3), strict=True)))
        assert [[point.last for point in series.points] for series in found] == [[2], [0, 0, 0, 1], [0, 0, 2, 2]]

    async def test_a_step_logged_twice_keeps_both_rows(self, tracker: Tracker, run: RunRef) -> None:
        await _log(tracker, run, [(1, 1.0), (1, 2.0), (1, 3.0)])
        assert [point.last for point in (await _read(tracker, run)).points] == [1.0, 2.0, 3.0]

    async def test_runs_do_not_share_series(self, tracker: Tracker, run: RunRef) -> None:
        await _log(tracker, run, [(1, 1.0)])
        assert await tracker.series_names(new_run()) == []

    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        suppress_health_check=SHARED,
    )
    @given(
        parts=st.lists(st.tuples(st.integers(0, 1), _ROWS), max_size=5),
        points=st.integers(0, 9),
        at=st.tuples(_LIMIT, _LIMIT),
    )
    async def test_any_buckets_cover_any_rows_in_order_and_exactly(
        self, tracker: Tracker, parts: list[tuple[int, list[Row]]], points: int, at: tuple[int | None, int | None]
    ) -> None:
        run, writers, seqs = new_run(), (new_writer(), new_writer()), [0, 0]
        for writer, rows in parts:
            seqs[writer] += 1
            await tracker.append(run, [metric_frame(writers[writer], seqs[writer], "loss", rows)])
        first, last = at
        wanted = [
            (step, value)
            for _, rows in parts
            for step, value in rows
            if (first is None or step >= first) and (last is None or step <= last)
        ]
        (series,) = await tracker.read_series(run, ["loss"], first=first, last=last, points=points)
        _assert_covers(series, wanted, points)


async def _log(tracker: Tracker, run: RunRef, rows: Sequence[Row]) -> None:
    await tracker.append(run, [metric_frame(new_writer(), 1, "loss", rows)])


async def _read(
    tracker: Tracker, run: RunRef, *, first: int | None = None, last: int | None = None, points: int = 0
) -> Series:
    (series,) = await tracker.read_series(run, ["loss"], first=first, last=last, points=points)
    return series


def _assert_covers(series: Series, rows: Sequence[Row], points: int) -> None:
    """Assert that the buckets are in the order of steps, that they contain all rows and no other, and that their lows
    and highs are those of the rows."""
    assert series.total == len(rows)
    assert len(series.points) <= (points or len(rows))
    finite = [value for _, value in rows if math.isfinite(value)]
    edges = [edge for point in series.points for edge in (point.step, point.until)]
    assert edges == sorted(edges)
    assert [edges[0], edges[-1]] == [min(rows)[0], max(rows)[0]] if rows else edges == []
    assert min((p.min for p in series.points if math.isfinite(p.min)), default=None) == min(finite, default=None)
    assert max((p.max for p in series.points if math.isfinite(p.max)), default=None) == max(finite, default=None)
    for point in series.points:
        inside = [value for step, value in rows if point.step <= step <= point.until]
        assert any(value == point.last or (value != value and math.isnan(point.last)) for value in inside)
        assert math.isnan(point.min) or point.min in inside
        assert math.isnan(point.max) or point.max in inside
    if not points:
        assert sorted(map(_key, rows)) == sorted(_key((point.step, point.last)) for point in series.points)


def _key(row: Row) -> tuple[int, str]:
    return row[0], row[1].hex() if row[1] == row[1] else "nan"
