"""Output of programs: it goes to the terminal as before and is kept as the run's logs."""

import io
import logging
import sys
import threading

import pytest

from trainyard.track import frames
from trainyard.track.capture import Capture

write = print  # as programs do


class Writer:
    def __init__(self):
        self.lines, self.written = [], threading.Event()

    def append(self, kind, payload):
        assert kind is frames.Kind.LOGS
        self.lines += frames.unpack_lines(payload)
        self.written.set()

    @property
    def texts(self):
        return [(line.stream, line.text) for line in self.lines]


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Puts a terminal in the place of both streams: in the test itself, since pytest has its own before."""

    def terminal():
        out, err = Terminal(), Terminal()
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        return out, err

    return terminal


@pytest.fixture
def writer():
    return Writer()


def test_output_goes_on_and_is_kept_in_order(terminal, writer):
    out, err = terminal()
    handler = logging.StreamHandler(err)  # of before, as logging.basicConfig makes it
    capture = Capture(writer)
    write("a", 1)
    handler.emit(logging.LogRecord("x", logging.INFO, "", 0, "logged", (), None))
    sys.stdout.writelines(["b\n", "no end"])
    assert sys.stdout.isatty()
    assert sys.stdout is out
    capture.stop()
    write("after")
    assert (out.getvalue(), err.getvalue()) == ("a 1\nb\nno endafter\n", "logged\n")
    assert writer.texts == [(1, "a 1"), (2, "logged"), (1, "b"), (1, "no end")]
    assert "write" not in vars(out)


def test_what_is_printed_is_written_soon_and_with_its_time(terminal, writer):
    terminal()
    capture = Capture(writer)
    write("soon")
    assert writer.written.wait(30)
    capture.stop()
    assert writer.texts == [(1, "soon")]


def test_a_program_that_prints_fast_loses_nothing(terminal, writer):
    terminal()
    capture = Capture(writer)
    for n in range(60_000):
        write(n)
    capture.stop()
    assert [text for _, text in writer.texts] == [str(n) for n in range(60_000)]


def test_a_stream_for_both_is_kept_once(terminal, writer, monkeypatch):
    out, _ = terminal()
    monkeypatch.setattr(sys, "stderr", out)
    capture = Capture(writer)
    write("x")
    capture.stop()
    assert writer.texts == [(1, "x")]


def test_a_progress_bar_is_its_last_state(terminal, writer):
    terminal()
    capture = Capture(writer)
    for share in range(100):
        sys.stderr.write(f"\r{share} %")
    sys.stderr.write("\n")
    capture.stop()
    assert writer.texts == [(2, "99 %")]


def test_a_traceback_that_was_not_printed_is_kept(terminal, writer):
    _, err = terminal()
    capture = Capture(writer)
    capture.stop("Traceback (most recent call last):\n  File ...\nValueError: bad data\n")
    assert writer.texts[-1] == (2, "ValueError: bad data")
    assert err.getvalue() == ""


def test_a_traceback_that_was_printed_is_kept_once(terminal, writer):
    terminal()
    capture = Capture(writer)
    sys.stderr.write("Traceback (most recent call last):\nValueError: bad data\n")
    capture.stop("Traceback (most recent call last):\nValueError: bad data\n")
    assert [text for _, text in writer.texts].count("ValueError: bad data") == 1


def test_somebody_who_wraps_the_stream_once_more_keeps_working(terminal, writer):
    out, _ = terminal()
    capture = Capture(writer)
    inner = sys.stdout.write
    sys.stdout.write = lambda text: inner(text.upper())
    write("x")
    capture.stop()
    write("y")
    assert out.getvalue() == "X\nY\n"
    assert writer.texts == [(1, "X")]


def test_streams_that_are_missing_or_cannot_be_wrapped_are_left_alone(monkeypatch, writer):
    class Slotted:
        __slots__ = ()

        def write(self, text):
            return len(text)

    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", Slotted())
    capture = Capture(writer)
    sys.stderr.write("x\n")
    capture.stop()
    assert writer.texts == []


def test_an_error_of_the_terminal_is_the_programs(monkeypatch, writer):
    class Broken(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Broken())
    capture = Capture(writer)
    with pytest.raises(BrokenPipeError):
        write("x")
    capture.stop()
    assert writer.texts == []
