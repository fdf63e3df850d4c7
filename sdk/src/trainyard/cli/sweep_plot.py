"""A staircase drawn in a terminal: the best value so far over the numbers of trials. A braille character holds two by
four dots. Pure; nothing here knows a sweep."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

__all__ = ["improvements", "is_log", "plot"]

DECADES = 2.0
"""From so many powers of ten on, the axis is logarithmic."""
LEAST_WIDTH = 24
_BLANK = 0x2800
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bits of a braille character, by column and row."""

Point = tuple[int, float]


def improvements(values: Sequence[Point], *, highest: bool) -> list[Point]:
    """The points that are better than all before them, by number."""
    found: list[Point] = []
    for number, value in sorted(values):
        if not found or (value > found[-1][1] if highest else value < found[-1][1]):
            found.append((number, value))
    return found


def is_log(values: Sequence[float]) -> bool:
    """Whether the values span decades, so that their logarithms are drawn."""
    low, high = min(values), max(values)
    return low > 0 and math.log10(high) - math.log10(low) >= DECADES


def plot(steps: Sequence[Point], *, last: int, width: int, height: int = 8) -> list[str]:
    """A staircase from its first step up to the number `last`, in lines of at most `width` characters, with the ends of
    both axes. Nothing when there is no step, or no room."""
    if not steps or width < LEAST_WIDTH:
        return []
    values = [value for _, value in steps]
    low, high = min(values), max(values)
    labels = _labels(low, high, height)
    margin = max(map(len, labels))
    grid = _Grid(width - margin - 2, height)
    first, last = steps[0][0], max(last, steps[-1][0])
    scale = _Scale(low, high, log=is_log(values))
    columns = [_column(number, first, last, grid.columns) for number, _ in steps]
    rows = [round((1 - scale(value)) * (grid.rows - 1)) for value in values]
    for place, (column, row) in enumerate(zip(columns, rows, strict=True)):
        until = columns[place + 1] if place + 1 < len(columns) else grid.columns - 1
        grid.across(column, until, row)
        if place:
            grid.down(column, rows[place - 1], row)
    drawn = [f"{label:>{margin}} ┤{line}" for label, line in zip(labels, grid.lines(), strict=True)]
    ends = f"{first}{last:>{max(1, width - margin - 2 - len(str(first)))}}" if last > first else str(first)
    return [*drawn, f"{'':{margin}}  {ends}"]


def _labels(low: float, high: float, height: int) -> list[str]:
    """The highest value at the top, the lowest at the bottom; one in the middle when they are the same."""
    labels = [""] * height
    if low == high:
        labels[height // 2] = f"{low:.4g}"
        return labels
    labels[0], labels[-1] = f"{high:.4g}", f"{low:.4g}"
    return labels


class _Scale:
    """From a value to its share of the height, from 0 to 1."""

    def __init__(self, low: float, high: float, *, log: bool) -> None:
        self._log = log
        self._low, self._high = self._of(low), self._of(high)

    def __call__(self, value: float) -> float:
        if self._low == self._high:
            return 0.5
        half = self._high / 2 - self._low / 2  # the whole span of two huge numbers is no number
        return (self._of(value) / 2 - self._low / 2) / half

    def _of(self, value: float) -> float:
        return math.log10(value) if self._log else value


def _column(number: int, first: int, last: int, columns: int) -> int:
    return round((number - first) / (last - first) * (columns - 1)) if last > first else 0


class _Grid:
    """Dots, two columns and four rows to a character."""

    def __init__(self, width: int, height: int) -> None:
        self.columns, self.rows = 2 * width, 4 * height
        self._cells = [[_BLANK] * width for _ in range(height)]

    def across(self, start: int, end: int, row: int) -> None:
        for column in range(start, end + 1):
            self._dot(column, row)

    def down(self, column: int, start: int, end: int) -> None:
        for row in range(min(start, end), max(start, end) + 1):
            self._dot(column, row)

    def lines(self) -> Iterator[str]:
        for cells in self._cells:
            yield "".join(map(chr, cells)).rstrip(chr(_BLANK))

    def _dot(self, column: int, row: int) -> None:
        self._cells[row // 4][column // 2] |= _DOTS[column % 2][row % 4]
