"""Numbers on the wire."""

from __future__ import annotations

__all__ = ["Number"]

Number = float | str
"""A number on the wire: a JSON number, or one of "NaN", "Infinity", "-Infinity"."""
