"""Bytes become lines: ends of lines, bars, long lines, bytes that are no text."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainyard.track.frames import Line
from trainyard.track.lines import BAR_SECONDS, MAX_LINE, Splitter


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]


def all_of(*chunks: bytes) -> list[Line]:
    """Every line of the chunks, fed at one moment."""
    splitter = Splitter(1)
    lines = [line for chunk in chunks for line in splitter.feed(chunk, 7, 0.0)]
    return lines + splitter.finish(7)


CASES = {
    "lines": ((b"a\nb\n",), ["a", "b"]),
    "no end at the end": ((b"a\nb",), ["a", "b"]),
    "empty lines": ((b"\n\na\n",), ["", "", "a"]),
    "nothing": ((), []),
    "windows": ((b"a\r\nb\r\n",), ["a", "b"]),
    "windows, cut between": ((b"a\r", b"\nb"), ["a", "b"]),
    "a bar": ((b"1%\r2%\r3%\n",), ["3%"]),
    "a bar in pieces": ((b"1", b"%\r2%", b"\r3%", b"\n"), ["3%"]),
    "a bar that clears itself": ((b"1%\r2%\r\n",), ["2%"]),
    "a bar without end": ((b"1%\r2%\r",), ["2%"]),
    "not UTF-8": ((b"a\xff\xfeb\n",), ["a\ufffd\ufffdb"]),
    "a character in two pieces": (("é\n".encode()[:1], "é\n".encode()[1:]), ["é"]),
}


@pytest.mark.parametrize(("chunks", "expected"), CASES.values(), ids=CASES)
def test_lines(chunks: tuple[bytes, ...], expected: list[str]) -> None:
    assert texts(all_of(*chunks)) == expected


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=8))
def test_pieces_make_no_difference(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[a:b] for a, b in pairwise(edges)]
    assert texts(all_of(*pieces)) == texts(all_of(data))


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=50)))
def test_text_comes_out_as_it_went_in(lines: list[str]) -> None:
    assert texts(all_of("".join(f"{line}\n" for line in lines).encode())) == lines


def test_a_moving_bar_is_shown_once_a_second_in_its_last_state() -> None:
    splitter = Splitter(2)
    shown = []
    for tenth in range(35):
        now = 100 + tenth / 10
        shown += splitter.feed(f"{tenth}\r".encode(), 7, now)
        shown += splitter.tick(7, now)
    assert len(shown) == 3
    assert texts(splitter.finish(7)) == ["34"]


def test_a_bar_that_was_shown_is_not_repeated_at_its_end() -> None:
    splitter = Splitter(1)
    splitter.feed(b"100%\r", 7, 10.0)
    assert splitter.due == 10.0 + BAR_SECONDS
    assert texts(splitter.tick(7, 11.0)) == ["100%"]
    assert splitter.due is None
    assert splitter.feed(b"\n", 7, 12.0) == []


def test_a_long_line_is_cut_and_says_so_and_the_next_line_is_whole() -> None:
    cut, after = all_of(b"x" * (MAX_LINE + 5), b"x" * 100, b"x\nnext\n")
    assert (len(cut.text), cut.cut) == (MAX_LINE, True)
    assert (after.text, after.cut) == ("next", False)


def test_a_cut_never_splits_a_character() -> None:
    (line,) = all_of("é".encode() * MAX_LINE)
    assert set(line.text) == {"é"}


def test_an_endless_line_takes_bounded_memory() -> None:
    splitter = Splitter(1)
    chunk = b"x" * 65536
    tracemalloc.start()
    try:
        lines = [line for _ in range(1600) for line in splitter.feed(chunk, 7, 0.0)]
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert len(lines) == 1


@pytest.mark.parametrize("end", [b"\r", b""])
def test_a_long_bar_takes_bounded_memory(end: bytes) -> None:
    splitter = Splitter(1)
    for _ in range(100):
        splitter.feed(b"y" * 65536 + end, 7, 0.0)
    assert all(len(line.text) <= MAX_LINE for line in splitter.finish(7))
