"""The part of the Tracker suite (see `tracker_suite`) about `read_events`, and about gaps."""

from __future__ import annotations

from typing import Any

import pytest

from trainyard_core.contracts.tracker import RunRef, Tracker
from trainyard_core.contracts.tracker_events import RecordedEvent
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

__all__ = ["EventPromises"]


class EventPromises:
    """Events come back as they were appended, page by page; gaps are counted and show nowhere."""

    async def test_events_come_back_in_order_with_all_that_they_say(self, tracker: Tracker, run: RunRef) -> None:
        assert await read_all_events(tracker, run) == []
        writer = new_writer()
        events = [
            {"type": "params", "time": 1, "values": {"lr": 0.1, "deep": {"a": [1, None, "ü"]}}},
            {"type": "event", "time": 2, "name": "epoch", "step": 3, "data": {"n": 1}},
            {"type": "unheard", "time": 2},
        ]
        sent = [
            event_frame(writer, 1, *events[:2]),
            log_frame(writer, 2, [(3, "a line")]),
            metric_frame(writer, 3, "loss", [(1, 1.0)]),
            gap_frame(writer, 4),
            event_frame(writer, 5, events[2]),
        ]
        assert await tracker.append(run, sent) == 5
        found = await read_all_events(tracker, run)
        assert [dict(event.data) for event in found] == events
        assert [(event.kind, event.name, event.time, event.writer) for event in found] == [
            ("params", "", 1, writer), ("event", "epoch", 2, writer), ("unheard", "", 2, writer)
        ]  # fmt: skip
        assert [line.text for line in await read_all_lines(tracker, run)] == ["a line"]
        assert await tracker.series_names(run) == ["loss"]

    async def test_events_are_there_for_another_instance_and_go_with_the_run(
        self, harness: TrackerHarness, run: RunRef
    ) -> None:
        async with opened(harness) as one:
            await one.append(run, [event_frame(new_writer(), 1, {"type": "tags", "time": 1, "tags": ["x"]})])
        async with opened(harness) as other:
            assert [event.data["tags"] for event in await read_all_events(other, run)] == [["x"]]
            await other.delete_run(run)
            assert await read_all_events(other, run) == []

    @pytest.mark.parametrize("limit", [1, 3, 1000])
    async def test_pages_skip_and_repeat_nothing_while_the_run_grows(
        self, tracker: Tracker, run: RunRef, limit: int
    ) -> None:
        writers, cursor = [new_writer() for _ in range(3)], ""
        seen: list[RecordedEvent] = []
        for seq in range(1, 6):
            for writer in writers:
                told = [{"type": "event", "time": seq, "name": f"{seq}.{part}"} for part in range(3)]
                await tracker.append(run, [event_frame(writer, seq, *told)])
            page = await tracker.read_events(run, cursor=cursor, limit=limit)
            seen, cursor = seen + page.events, page.cursor
        seen += await read_all_events(tracker, run, cursor=cursor, limit=limit)
        for writer in writers:
            names = [event.name for event in seen if event.writer == writer]
            assert names == [f"{seq}.{part}" for seq in range(1, 6) for part in range(3)]
        assert len(seen) == 45

    async def test_of_several_writers_the_earliest_event_comes_first(self, tracker: Tracker, run: RunRef) -> None:
        for times in ((1, 4, 2), (3, 5)):
            told = [{"type": "event", "time": time} for time in times]
            await tracker.append(run, [event_frame(new_writer(), 1, *told)])
        assert [event.time for event in await read_all_events(tracker, run)] == [1, 3, 4, 2, 5]

    async def test_a_kind_and_names_choose(self, tracker: Tracker, run: RunRef) -> None:
        events = [
            {"type": "artifact", "time": 1, "name": "model"},
            {"type": "event", "time": 2, "name": "model"},
            {"type": "params", "time": 3, "values": {"lr": 1, "model": "cnn"}},
            {"type": "event", "time": 4, "name": "other"},
        ]
        await tracker.append(run, [event_frame(new_writer(), 1, *events)])

        async def times(**chosen: Any) -> list[int]:
            return [event.time for event in await read_all_events(tracker, run, limit=1, **chosen)]

        assert await times(kind="event") == [2, 4]
        assert await times(names=["model"]) == [1, 2, 3]
        assert await times(kind="event", names=["other", "lr"]) == [4]
        assert await times(kind="none") == []
        page = await tracker.read_events(run, kind="artifact", limit=1)
        assert ([event.time for event in page.events], page.more) == ([1], False), "no other event of the kind follows"

    async def test_what_a_later_attempt_has_recorded_again_is_left_out(self, tracker: Tracker, run: RunRef) -> None:
        earlier, later = new_writer(), new_writer()
        told = [{"type": "event", "time": step, "name": "epoch", "step": step} for step in range(4)]
        rest = [{"type": "event", "time": 9, "name": "other", "step": 3}, {"type": "params", "time": 9, "values": {}}]
        await tracker.append(run, [event_frame(earlier, 1, *told, *rest)])
        again = [{"type": "event", "time": 10 + step, "name": "epoch", "step": step} for step in (2, 3)]
        await tracker.append(run, [event_frame(later, 1, *again)])

        async def found(attempts: dict[str, int]) -> list[tuple[str, int]]:
            events = await read_all_events(tracker, run, limit=2, attempts=attempts)
            return [(event.name, event.time) for event in events]

        kept = [("epoch", 0), ("epoch", 1), ("other", 9), ("", 9), ("epoch", 12), ("epoch", 13)]
        assert await found({earlier: 1, later: 2}) == kept
        assert len(await found({})) == 8

    async def test_a_cursor_that_is_not_ours_and_a_limit_below_one_are_refused(
        self, tracker: Tracker, run: RunRef
    ) -> None:
        await tracker.append(run, [event_frame(new_writer(), 1, {"type": "event", "time": 1})])
        for cursor in ("nonsense", "{}", "ü", "eyJ4IjoxfQ"):
            with pytest.raises(ValueError):
                await tracker.read_events(run, cursor=cursor)
        with pytest.raises(ValueError):
            await tracker.read_events(run, limit=0)
