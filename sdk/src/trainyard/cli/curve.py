"""A small curve on one line: the lowest and the highest value of each bucket as a band of dots, so that every spike is
there at any width; and the same over several lines. A braille character holds two buckets by four levels. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

__all__ = ["Range", "chart", "curve"]

Range = tuple[float, float]
_BLANK = 0x2800
_LEFT = [sum(bit for level, bit in enumerate((0x40, 0x04, 0x02, 0x01)) if dots >> level & 1) for dots in range(16)]
_RIGHT = [sum(bit for level, bit in enumerate((0x80, 0x20, 0x10, 0x08)) if dots >> level & 1) for dots in range(16)]
"""The bits of a braille character for each set of levels, of its left and of its right column."""


def curve(ranges: Sequence[Range], width: int, bounds: Range | None = None) -> str:
    """The band, at most `width` characters wide, from the lowest to the highest of its values, or between `bounds`. A
    bucket without a finite value is blank."""
    buckets = _merged(ranges, 2 * width)
    finite = [value for pair in buckets for value in pair if math.isfinite(value)]
    if not finite:
        return "·" * -(-len(buckets) // 2)
    low, high = bounds or (min(finite), max(finite))
    span = high - low
    columns = [_levels(pair, low, span) for pair in buckets] + [0] * (len(buckets) % 2)
    pairs = zip(columns[::2], columns[1::2], strict=True)
    return "".join(chr(_BLANK + _LEFT[left] + _RIGHT[right]) for left, right in pairs)


def chart(ranges: Sequence[Range], width: int, height: int) -> list[str]:
    """The band over `height` lines, the highest values above, at most `width` characters wide. Buckets are joined to
    those before them. Nothing without a finite value."""
    buckets = _merged(ranges, 2 * width)
    finite = [value for pair in buckets for value in pair if math.isfinite(value)]
    if not finite:
        return []
    low, span = min(finite), max(finite) - min(finite)
    columns = _joined([_span(pair, low, span, 4 * height) for pair in buckets])
    columns += [0] * (len(columns) % 2)
    pairs = [*zip(columns[::2], columns[1::2], strict=True)]
    shifts = range(4 * height - 4, -1, -4)
    lines = ("".join(chr(_BLANK + _LEFT[a >> n & 15] + _RIGHT[b >> n & 15]) for a, b in pairs) for n in shifts)
    return [line.rstrip(chr(_BLANK)) for line in lines]


def _joined(spans: Sequence[range]) -> list[int]:
    """Levels as bits, each from where the one before it ends."""
    found, before = [], range(0)
    for levels in spans:
        lowest, end = levels.start, levels.stop
        if levels and before:
            lowest, end = min(lowest, before.stop - 1), max(end, before.start + 1)
        found.append((1 << end) - (1 << lowest) if levels else 0)
        before = levels
    return found


def _merged(ranges: Sequence[Range], most: int) -> list[Range]:
    """At most that many buckets, all of the same size but for one: neighbours become one."""
    count = min(len(ranges), most)
    groups = [ranges[at * len(ranges) // count : (at + 1) * len(ranges) // count] for at in range(count)]
    return [(_least(low for low, _ in group), -_least(-high for _, high in group)) for group in groups]


def _least(values: Iterable[float]) -> float:
    return min((value for value in values if math.isfinite(value)), default=math.nan)


def _levels(pair: Range, low: float, span: float) -> int:
    """The levels that a range covers, as bits, the lowest level first."""
    return sum(1 << level for level in _span(pair, low, span, 4))


def _span(pair: Range, low: float, span: float, levels: int) -> range:
    """Those of so many levels that a range covers; none when it is not finite."""
    if not all(map(math.isfinite, pair)):
        return range(0)
    first, last = (_level(value, low, span, levels) for value in pair)
    return range(first, last + 1)


def _level(value: float, low: float, span: float, levels: int) -> int:
    share = (value - low) / span if span and math.isfinite(span) else 0.5
    return min(levels - 1, int(share * levels))
