"""Frames survive a round trip, and a cut or flipped byte is always noticed."""

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainyard.track import frames

WRITER = "0190d5a4c0de7000800000000000abcd"


def block(values: list[float]) -> frames.Block:
    rows = len(values)
    return frames.Block(("loss",), array("q", range(rows)), array("q", range(rows)), [array("d", values)])


def log_frame(seq: int) -> bytes:
    return frames.encode(frames.Kind.LOGS, WRITER, seq, frames.pack_lines([frames.Line(seq, 1, "x" * seq)]))


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=50))
def test_metrics_come_back_as_they_were(values):
    (back,) = frames.unpack_metrics(frames.pack_metrics([block(values)]))
    assert list(back.values[0]) == values
    assert list(back.steps) == list(range(len(values)))


def test_a_summary_counts_numbers_apart_from_nan_and_infinity():
    payload = frames.pack_metrics([block([1.0, math.nan, -2.0, math.inf, 0.5])])
    (summary,) = frames.summarize(payload)
    assert summary == frames.Summary("loss", 4, 0.5, -2.0, 1.0, 5, 3, last_time=4)


ORDERS = {
    "steps that rise": ([(3, 30), (10, 40)], 1),
    "steps that fall": ([(10, 30), (3, 40)], 0),
    "equal steps: the later one": ([(7, 50), (7, 40), (2, 60)], 0),
    "equal steps and times: the one that was logged last": ([(7, 50), (7, 50), (2, 60)], 1),
    "steps below 0": ([(-1, 10), (-2, 20)], 0),
}


@pytest.mark.parametrize(("rows", "last"), ORDERS.values(), ids=ORDERS)
def test_the_last_value_is_that_of_the_highest_step_and_of_equals_the_latest(rows, last):
    steps, times = (array("q", column) for column in zip(*rows, strict=True))
    values = array("d", [n / 10 for n in range(len(rows))])
    payload = frames.pack_metrics([frames.Block(("acc",), steps, times, [values])])
    (found,) = frames.summarize(payload)
    assert (found.last_step, found.last_time, found.last) == (steps[last], times[last], values[last])
    assert frames.first_steps(payload) == {"acc": min(steps)}


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=8))
def test_any_rows_have_the_last_value_of_the_last_of_them_in_order(rows):
    """The order that readers have: step, then time, then as logged."""
    last = max(range(len(rows)), key=lambda row: (*rows[row], row))
    steps, times = (array("q", column) for column in zip(*rows, strict=True))
    columns = [array("d", range(len(rows))), array("d", range(10, 10 + len(rows)))]
    one, other = frames.summarize(frames.pack_metrics([frames.Block(("a", "b"), steps, times, columns)]))
    assert (one.last, other.last) == (last, last + 10)
    assert {(each.last_step, each.last_time) for each in (one, other)} == {rows[last]}


def test_values_whose_sum_overflows_are_still_finite():
    (summary,) = frames.summarize(frames.pack_metrics([block([1e308, 1e308])]))
    assert summary.finite == 2
    assert summary.max == 1e308


def test_split_returns_the_frames_in_order():
    data = b"".join(frames.encode(frames.Kind.GAP, WRITER, n, frames.pack_gap(frames.Gap(n, 0, 0))) for n in (1, 2, 3))
    assert [f.seq for f in frames.split(data)] == [1, 2, 3]
    assert b"".join(f.raw for f in frames.split(data)) == data


@given(st.data())
def test_any_cut_leaves_the_whole_frames_before_it(data):
    parts = [log_frame(n) for n in (1, 2, 3)]
    stream = b"".join(parts)
    cut = data.draw(st.integers(0, len(stream)))
    found, end = frames.scan(stream[:cut])
    assert end <= cut
    assert stream[:end] == b"".join(f.raw for f in found)
    assert len(found) == sum(1 for n in (1, 2, 3) if sum(map(len, parts[:n])) <= cut)


@given(st.data())
def test_any_flipped_bit_is_refused(data):
    frame = bytearray(log_frame(7))
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(frames.FrameError):
        frames.split(bytes(frame))


def test_invalid_text_is_kept_readable():
    line = frames.Line(1, 2, b"\xff ok".decode("utf-8", "surrogateescape"), True)
    (back,) = frames.unpack_lines(frames.pack_lines([line]))
    assert back.cut
    assert back.text.endswith(" ok")
