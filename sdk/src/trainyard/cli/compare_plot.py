"""The curves of `yard compare --plot`: one metric of several runs, over the same steps and on one scale. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainyard.cli.curve import Range, curve

if TYPE_CHECKING:
    from trainyard.client.models import RunSeries

__all__ = ["curves"]

_NOTHING = (math.nan, math.nan)


def curves(found: Sequence[RunSeries], width: int) -> list[str]:
    """A curve of each series, `width` characters wide; empty for one without points."""
    steps = [step for each in found for step in (*each.step, *each.until)]
    values = [float(value) for each in found for value in (*each.min, *each.max)]
    finite = [value for value in values if math.isfinite(value)]
    if not steps or not finite:
        return ["" for _ in found]
    first, span, bounds = min(steps), max(steps) - min(steps) + 1, (min(finite), max(finite))
    return [curve(_ranges(each, first, span, 2 * width), width, bounds) if each.step else "" for each in found]


def _ranges(series: RunSeries, first: int, span: int, count: int) -> list[Range]:
    """The lowest and the highest value in each of so many parts of the steps that all series have together."""
    count = min(count, span)
    parts: list[Range] = [_NOTHING] * count
    for step, until, low, high in zip(series.step, series.until, series.min, series.max, strict=True):
        for part in range((step - first) * count // span, (until - first) * count // span + 1):
            known = parts[part]
            lows = [value for value in (known[0], float(low)) if math.isfinite(value)]
            highs = [value for value in (known[1], float(high)) if math.isfinite(value)]
            parts[part] = (min(lows, default=math.nan), max(highs, default=math.nan))
    return parts
