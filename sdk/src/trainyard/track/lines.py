"""Bytes of one output stream become lines. Pure but for the state that it holds, which is bounded.

A line ends with LF or CR LF. A progress bar overwrites itself with CR: only its last state is kept, and shown at
most once in `BAR_SECONDS` while it moves. A line over `MAX_LINE` bytes is cut there and the rest of it dropped.
Bytes that are not UTF-8 become U+FFFD.
"""

from __future__ import annotations

import codecs

from trainyard.track.frames import Line

__all__ = ["BAR_SECONDS", "MAX_LINE", "Splitter"]

MAX_LINE = 64 * 1024
BAR_SECONDS = 1.0


class Splitter:
    """Cuts one stream (1 stdout, 2 stderr) into lines. `at` is microseconds since 1970 and stamps the lines; `now`
    is a monotonic clock in seconds and paces the bars."""

    def __init__(self, stream: int) -> None:
        self._stream = stream
        self._rest = b""
        self._bar = b""
        self._shown = b""
        self._shown_at = 0.0
        self._skipping = False

    def feed(self, data: bytes, at: int, now: float) -> list[Line]:
        """The lines that `data` completes."""
        first, *others = data.split(b"\n")
        lines: list[Line] = []
        self._take(first, at, now, lines)
        for part in others:
            self._end_line(at, lines)
            self._take(part, at, now, lines)
        return lines

    def tick(self, at: int, now: float) -> list[Line]:
        """The bar as it stands, when it moved and the last showing is long enough ago."""
        if not self._bar or self._bar == self._shown or now - self._shown_at < BAR_SECONDS:
            return []
        self._shown, self._shown_at = self._bar, now
        return [self._line(self._bar, at)]

    @property
    def due(self) -> float | None:
        """When `tick` has something to show; None while no bar waits."""
        return self._shown_at + BAR_SECONDS if self._bar and self._bar != self._shown else None

    def finish(self, at: int) -> list[Line]:
        """What was left without a line end."""
        lines: list[Line] = []
        if self._rest or self._bar:
            self._end_line(at, lines)
        return lines

    def _take(self, part: bytes, at: int, now: float, lines: list[Line]) -> None:
        """Add a piece without LF to the current line."""
        if self._skipping:
            return
        if b"\r" in part:
            *states, part = (self._rest + part).split(b"\r")
            self._rest = b""
            self._move(states, now)
        self._rest += part
        if len(self._rest) > MAX_LINE:
            lines.append(self._line(self._rest[:MAX_LINE], at, cut=True))
            self._rest, self._bar, self._shown, self._skipping = b"", b"", b"", True

    def _move(self, states: list[bytes], now: float) -> None:
        visible = [state for state in states if state]
        if not visible:
            return
        if not self._bar:
            self._shown_at = now
        self._bar = visible[-1][:MAX_LINE]

    def _end_line(self, at: int, lines: list[Line]) -> None:
        """LF came: the line is what was written last, a bar that was already shown in that state excepted."""
        text = self._rest or self._bar
        repeated = not self._rest and self._bar and self._bar == self._shown
        if not self._skipping and not repeated:
            lines.append(self._line(text, at))
        self._rest, self._bar, self._shown, self._skipping = b"", b"", b"", False

    def _line(self, data: bytes, at: int, *, cut: bool = False) -> Line:
        text = _before_half_character(data) if cut else data.decode("utf-8", "replace")
        return Line(at, self._stream, text, cut)


def _before_half_character(data: bytes) -> str:
    return codecs.getincrementaldecoder("utf-8")("replace").decode(data)
