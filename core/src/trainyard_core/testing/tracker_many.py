"""The part of the Tracker suite (see `tracker_suite`) about `read_many`."""

from __future__ import annotations

import math
from typing import Literal

import pytest

from trainyard_core.contracts.tracker import RunRef, SeriesSource, Tracker
from trainyard_core.testing.tracker_tools import metric_frame, new_run, new_writer

__all__ = ["ManySeriesPromises"]


class ManySeriesPromises:
    """Series of several runs in one call, all reduced alike."""

    async def test_series_of_several_runs_are_those_of_each_in_the_order_asked_for(self, tracker: Tracker) -> None:
        runs = [new_run() for _ in range(5)]
        for number, run in enumerate(runs):
            rows = [(step, math.sin(step * (number + 1))) for step in range(100 + number)]
            await tracker.append(run, [metric_frame(new_writer(), 1, "loss", rows)])
        order = [runs[place] for place in (3, 0, 4, 1, 3)]
        for points in (0, 1, 7, 1000):
            found = await tracker.read_many([SeriesSource(run) for run in order], ["none", "loss"], points=points)
            for run, (none, loss) in zip(order, found, strict=True):
                (alone,) = await tracker.read_series(run, ["loss"], points=points)
                assert (none.name, none.total, none.step) == ("none", 0, [])
                assert (loss.name, loss.total) == ("loss", alone.total)
                columns = (loss.step, loss.until, loss.time, loss.min, loss.max, loss.last)
                assert [*zip(*columns, strict=True)] == [
                    (point.step, point.until, point.time, point.min, point.max, point.last) for point in alone.points
                ]

    async def test_each_run_has_its_own_attempts(self, tracker: Tracker) -> None:
        sources = []
        for _ in range(2):
            run, earlier, later = new_run(), new_writer(), new_writer()
            await tracker.append(run, [metric_frame(earlier, 1, "loss", [(step, 1.0) for step in range(6)])])
            await tracker.append(run, [metric_frame(later, 1, "loss", [(step, 2.0) for step in range(3, 5)])])
            sources.append(SeriesSource(run, {earlier: 1, later: 2}))
        both = [sources[0], SeriesSource(sources[1].run)]
        (first,), (second,) = await tracker.read_many(both, ["loss"])
        assert (first.step, first.last) == ([0, 1, 2, 3, 4], [1.0, 1.0, 1.0, 2.0, 2.0])
        assert second.step == [0, 1, 2, 3, 3, 4, 4, 5], "no attempt is named, so none is later than another"

    async def test_by_time_rows_are_ordered_and_limited_by_their_times(self, tracker: Tracker, run: RunRef) -> None:
        one, other = new_writer(), new_writer()
        await tracker.append(run, [metric_frame(one, 1, "loss", [(5, 0.5), (6, 0.6)], time=100)])
        await tracker.append(run, [metric_frame(other, 1, "loss", [(1, 0.1), (2, 0.2)], time=200)])
        await tracker.append(run, [metric_frame(other, 2, "loss", [(9, 0.9)], time=50)])
        ((found,),) = await tracker.read_many([SeriesSource(run)], ["loss"], by="time")
        assert (found.time, found.step) == ([50, 100, 100, 200, 200], [9, 5, 6, 1, 2])
        ((found,),) = await tracker.read_many([SeriesSource(run)], ["loss"], by="time", first=100, last=199)
        assert (found.total, found.last) == (2, [0.5, 0.6])
        ((found,),) = await tracker.read_many([SeriesSource(run)], ["loss"], by="time", points=1)
        assert (found.total, found.time, found.min, found.max, found.last) == (5, [50], [0.1], [0.9], [0.2])

    @pytest.mark.parametrize("by", ["step", "time"])
    async def test_every_spike_shows_and_what_is_no_number_hides_none(
        self, tracker: Tracker, run: RunRef, by: Literal["step", "time"]
    ) -> None:
        values = [1.0] * 10_000
        values[1234], values[5678] = 99.0, -99.0
        values[0], values[1235], values[5679], values[-1] = math.nan, math.inf, -math.inf, math.inf
        await tracker.append(run, [metric_frame(new_writer(), 1, "loss", [*enumerate(values)])])
        ((found,),) = await tracker.read_many([SeriesSource(run)], ["loss"], by=by, points=50)
        assert (found.total, len(found.min)) == (10_000, 50)
        assert (min(found.min), max(found.max), found.last[-1]) == (-99.0, 99.0, math.inf)
        assert sorted({*found.min} | {*found.max}) == [-99.0, 1.0, 99.0]
        ((whole,),) = await tracker.read_many([SeriesSource(run)], ["loss"], by=by)
        assert [*map(repr, whole.last)] == [*map(repr, values)], "NaN and infinities are values like others"
        assert math.isnan(whole.min[0]) and math.isnan(whole.max[-1])

    async def test_no_run_and_no_name_have_no_series(self, tracker: Tracker, run: RunRef) -> None:
        assert await tracker.read_many([], ["loss"]) == []
        assert await tracker.read_many([SeriesSource(run)], []) == [[]]
