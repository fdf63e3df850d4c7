"""The part of the Tracker suite (see `tracker_suite`) about `read_logs`."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainyard.track import frames
from trainyard_core.contracts.tracker import LoggedLine, LogPage, RunRef, Tracker
from trainyard_core.testing.tracker_tools import (
    SHARED,
    TrackerHarness,
    log_frame,
    metric_frame,
    new_run,
    new_writer,
    opened,
    read_all_lines,
)

__all__ = ["LogPromises"]

_STEP = st.one_of(
    st.tuples(st.just("append"), st.integers(0, 2), st.integers(0, 5)),
    st.tuples(st.just("read"), st.integers(1, 4), st.integers(0, 1)),
)


class LogPromises:
    """A reader who follows cursors skips no line and reads none twice, whatever is appended meanwhile."""

    async def test_a_run_without_lines_gives_an_empty_page_and_a_cursor_that_goes_on(
        self, tracker: Tracker, run: RunRef
    ) -> None:
        page = await tracker.read_logs(run)
        assert (page.lines, page.more) == ([], False)
        await tracker.append(run, [log_frame(new_writer(), 1, [(1, "first")])])
        assert _texts(await tracker.read_logs(run, cursor=page.cursor)) == ["first"]

    async def test_a_line_comes_back_as_it_was_written(self, tracker: Tracker, run: RunRef) -> None:
        writer = new_writer()
        written = [
            frames.Line(7, 2, "tab\t\r\x00 é 漢 🚂", True),
            frames.Line(8, 1, ""),
            frames.Line(9, 1, "x" * 70_000),
        ]
        raw = frames.encode(frames.Kind.LOGS, writer, 1, frames.pack_lines(written))
        await tracker.append(run, frames.split(raw))
        page = await tracker.read_logs(run)
        assert page.lines == [
            LoggedLine(time=line.time, stream=line.stream, text=line.text, cut=line.cut, writer=writer)
            for line in written
        ]

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
    async def test_pages_of_any_size_add_up_to_all_lines(self, tracker: Tracker, run: RunRef, limit: int) -> None:
        writer = new_writer()
        await tracker.append(run, [log_frame(writer, n, [(n, f"{n}.{i}") for i in range(n)]) for n in range(1, 6)])
        lines = await read_all_lines(tracker, run, limit=limit)
        assert [line.text for line in lines] == [f"{n}.{i}" for n in range(1, 6) for i in range(n)]

    async def test_more_tells_whether_lines_follow_now(self, tracker: Tracker, run: RunRef) -> None:
        await tracker.append(run, [log_frame(new_writer(), 1, [(1, "a"), (2, "b")])])
        assert (await tracker.read_logs(run, limit=1)).more
        assert not (await tracker.read_logs(run, limit=2)).more

    async def test_reading_again_from_a_cursor_gives_the_same_lines(self, tracker: Tracker, run: RunRef) -> None:
        for writer in (new_writer(), new_writer()):
            await tracker.append(run, [log_frame(writer, 1, [(n, f"{writer}{n}") for n in range(5)])])
        first = await tracker.read_logs(run, limit=3)
        again = [await tracker.read_logs(run, cursor=first.cursor, limit=4) for _ in range(2)]
        assert again[0] == again[1]

    async def test_lines_that_are_there_are_ordered_by_time_across_writers(self, tracker: Tracker, run: RunRef) -> None:
        await tracker.append(run, [log_frame(new_writer(), 1, [(1, "a"), (4, "d"), (5, "e")])])
        await tracker.append(run, [log_frame(new_writer(), 1, [(2, "b"), (3, "c"), (6, "f")])])
        assert [line.text for line in await read_all_lines(tracker, run, limit=2)] == list("abcdef")

    async def test_lines_of_one_time_come_in_the_same_order_each_time(self, tracker: Tracker, run: RunRef) -> None:
        for name in "ab":
            await tracker.append(run, [log_frame(new_writer(), 1, [(1, f"{name}1"), (1, f"{name}2"), (2, f"{name}3")])])
        whole = [line.text for line in await read_all_lines(tracker, run)]
        assert sorted(whole[:4]) == ["a1", "a2", "b1", "b2"]
        for name in "ab":
            assert [text for text in whole if text.startswith(name)] == [f"{name}1", f"{name}2", f"{name}3"]
        assert [line.text for line in await read_all_lines(tracker, run, limit=6)] == whole

    async def test_a_writer_keeps_its_order_when_its_clock_jumps_back(self, tracker: Tracker, run: RunRef) -> None:
        writer = new_writer()
        await tracker.append(run, [log_frame(writer, 1, [(100, "a"), (50, "b")]), log_frame(writer, 2, [(1, "c")])])
        await tracker.append(run, [log_frame(new_writer(), 1, [(60, "x")])])
        lines = await read_all_lines(tracker, run, limit=1)
        assert [line.text for line in lines if line.writer == writer] == ["a", "b", "c"]
        assert len(lines) == 4

    async def test_a_cursor_misses_no_late_writer_and_no_older_line(self, tracker: Tracker, run: RunRef) -> None:
        await tracker.append(run, [log_frame(new_writer(), 1, [(100, "old")])])
        cursor = (await tracker.read_logs(run)).cursor
        await tracker.append(run, [log_frame(new_writer(), 1, [(1, "late")])])
        assert _texts(await tracker.read_logs(run, cursor=cursor)) == ["late"]

    async def test_a_cursor_is_good_in_another_instance(self, harness: TrackerHarness, run: RunRef) -> None:
        async with opened(harness) as one, opened(harness) as other:
            await one.append(run, [log_frame(new_writer(), 1, [(1, "a"), (2, "b")])])
            page = await one.read_logs(run, limit=1)
            assert _texts(await other.read_logs(run, cursor=page.cursor)) == ["b"]

    async def test_metrics_between_the_lines_do_not_show(self, tracker: Tracker, run: RunRef) -> None:
        writer = new_writer()
        metric = metric_frame(writer, 2, "loss", [(1, 1.0)])
        await tracker.append(run, [log_frame(writer, 1, [(1, "a")]), metric, log_frame(writer, 3, [(3, "b")])])
        assert [line.text for line in await read_all_lines(tracker, run, limit=1)] == ["a", "b"]

    async def test_tail_gives_the_last_lines_and_a_cursor_at_the_end(self, tracker: Tracker, run: RunRef) -> None:
        writer = new_writer()
        await tracker.append(run, [log_frame(writer, n, [(n, f"{n}a"), (n, f"{n}b")]) for n in range(1, 9)])
        page = await tracker.read_logs(run, limit=3, tail=True)
        assert _texts(page) == ["7b", "8a", "8b"]
        assert not page.more
        await tracker.append(run, [log_frame(writer, 9, [(9, "9a")])])
        assert _texts(await tracker.read_logs(run, cursor=page.cursor)) == ["9a"]

    async def test_tail_looks_at_every_writer(self, tracker: Tracker, run: RunRef) -> None:
        await tracker.append(run, [log_frame(new_writer(), 1, [(n, str(n)) for n in (1, 3, 5)])])
        await tracker.append(run, [log_frame(new_writer(), 1, [(n, str(n)) for n in (2, 4, 6)])])
        assert _texts(await tracker.read_logs(run, limit=4, tail=True)) == ["3", "4", "5", "6"]
        assert _texts(await tracker.read_logs(run, limit=100, tail=True)) == ["1", "2", "3", "4", "5", "6"]

    @pytest.mark.parametrize("cursor", ["nonsense", "é", "AAAA", "-1", "0", "=", "[]", '{"a":1}', "A" * 5000])
    async def test_a_cursor_that_is_not_ours_is_refused(self, tracker: Tracker, run: RunRef, cursor: str) -> None:
        await tracker.append(run, [log_frame(new_writer(), 1, [(1, "a")])])
        with pytest.raises(ValueError):
            await tracker.read_logs(run, cursor=cursor)

    async def test_following_cursors_while_two_writers_append_at_once_gives_each_line_once(
        self, harness: TrackerHarness, run: RunRef
    ) -> None:
        writers = (new_writer(), new_writer())
        async with opened(harness) as one, opened(harness) as other, opened(harness) as reads:
            appends = asyncio.gather(_chatter(one, run, writers[0]), _chatter(other, run, writers[1]))
            lines: list[LoggedLine] = []
            cursor, over = "", False
            while not over:
                over = appends.done()
                page = await reads.read_logs(run, cursor=cursor, limit=5)
                lines, cursor = lines + page.lines, page.cursor
                over = over and not page.more
            await appends
        for writer in writers:
            assert [line.text for line in lines if line.writer == writer] == [str(n) for n in range(60)]

    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        suppress_health_check=SHARED,
    )
    @given(steps=st.lists(_STEP, max_size=15))
    async def test_any_mix_of_growth_and_reading_gives_each_line_once_in_its_writers_order(
        self, harness: TrackerHarness, steps: list[tuple[str, int, int]]
    ) -> None:
        run, writers, seqs = new_run(), [new_writer() for _ in range(3)], [0, 0, 0]
        seen: list[LoggedLine] = []
        written: list[list[str]] = [[], [], []]
        cursor = ""
        async with opened(harness) as one, opened(harness) as other:
            for kind, number, count in steps:
                if kind == "read":
                    page = await (one, other)[count].read_logs(run, cursor=cursor, limit=number)
                    seen, cursor = seen + page.lines, page.cursor
                    continue
                seqs[number] += 1
                texts = [f"{seqs[number]}.{i}" for i in range(count)]
                lines = [(100 * seqs[number] + i, text) for i, text in enumerate(texts)]
                await one.append(run, [log_frame(writers[number], seqs[number], lines)])
                written[number] += texts
            seen += await read_all_lines(other, run, limit=2, cursor=cursor)
        for writer, texts in zip(writers, written, strict=True):
            assert [line.text for line in seen if line.writer == writer] == texts


async def _chatter(tracker: Tracker, run: RunRef, writer: str) -> None:
    """Append sixty lines, three in each frame."""
    for n in range(20):
        await tracker.append(run, [log_frame(writer, n + 1, [(n, str(3 * n + i)) for i in range(3)])])


def _texts(page: LogPage) -> list[str]:
    return [line.text for line in page.lines]
