"""A table as wide as the terminal: no line wraps, long cells are cut, and columns that do not fit are left out from
the right. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from trainyard.cli.output import Styled, cells, clean, cut

__all__ = ["Fitted", "fit"]

WIDEST = 32
"""Characters of a cell on a terminal; a longer one is cut."""
NARROWEST = 8
"""The least that a cell is cut to so that the first columns fit."""
GAP = 2


class Fitted(NamedTuple):
    """The lines of a table and the headings of the columns that are left out."""

    lines: list[str]
    left_out: list[str]


def fit(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, *, kept: int = 1) -> Fitted:
    """The table in at most `width` characters (None: no limit). The first `kept` columns always stay: their cells are
    cut instead."""
    grid = [[clean(cell) for cell in row] for row in (headings, *rows)]
    if width is None:
        return Fitted(_lines(grid, _widths(grid)), [])
    widths = [min(WIDEST, each) for each in _widths(grid)]
    count = len(widths)
    while count > kept and _whole(widths[:count]) > width:
        count -= 1
    shown = _narrowed(widths[:count], width)
    return Fitted(_lines([row[:count] for row in grid], shown), list(headings[count:]))


def _widths(grid: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cells, column)) for column in zip(*grid, strict=True)]


def _whole(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _narrowed(widths: Sequence[int], width: int) -> list[int]:
    """The widths, the widest column made narrower until all fit, or cannot."""
    found = list(widths)
    while _whole(found) > width and max(found) > NARROWEST:
        found[found.index(max(found))] -= 1
    return found


def _lines(grid: Sequence[Sequence[str]], widths: Sequence[int]) -> list[str]:
    return [Styled((" " * GAP).join(map(_cell, row, widths)).rstrip()) for row in grid]


def _cell(text: str, width: int) -> str:
    shown = cut(text, width)
    return shown + " " * (width - cells(shown))
