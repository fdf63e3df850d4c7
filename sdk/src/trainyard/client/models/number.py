"""Numbers on the wire."""

from __future__ import annotations

import math

__all__ = ["Number", "on_wire"]

Number = float | str
"""A number on the wire: a JSON number, or one of "NaN", "Infinity", "-Infinity"; a client reads them as floats."""


def on_wire(value: float) -> Number:
    """A number as it travels."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
