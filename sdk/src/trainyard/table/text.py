"""The first rows of a table as text, as wide as most terminals."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING

from trainyard.table.cell import cell

if TYPE_CHECKING:
    from trainyard.table.table import Column

__all__ = ["table"]

MOST_ROWS = 10
WIDTH = 100
_GAP = 2


def table(title: str, columns: Mapping[str, Column], length: int) -> str:
    """The title, how much is shown of how much there is, and the first rows and columns."""
    drawn = [_drawn(name, column) for name, column in columns.items()]
    widths = accumulate(len(lines[0]) + _GAP for lines in drawn)
    fitting = [lines for lines, end in zip(drawn, widths, strict=True) if end <= WIDTH + _GAP] or drawn[:1]
    if not length or not fitting:
        return f"{title}(no rows)"
    head = f"{title}: {min(length, MOST_ROWS)} of {length} rows, {len(fitting)} of {len(drawn)} columns"
    return "\n".join([head, *((" " * _GAP).join(row).rstrip() for row in zip(*fitting, strict=True))])


def _drawn(name: str, column: Column) -> list[str]:
    """The name and the first values of a column, of equal width; numbers are aligned to the right."""
    texts = [_printable(text) for text in (name, *(cell(name, value) for value in column.first(MOST_ROWS)))]
    width = max(map(len, texts))
    is_right = column.kind in ("integer", "number", "duration")
    return [text.rjust(width) if is_right else text.ljust(width) for text in texts]


def _printable(text: str) -> str:
    """The text without anything that a terminal would carry out."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
