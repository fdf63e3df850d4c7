"""Durations as text, in the same form on a terminal, in tables and in notebooks. Standard library only."""

from __future__ import annotations

__all__ = ["to_coarse_text", "to_text"]

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_COARSE = 2
"""From so many of a unit on, coarse texts leave out the next smaller unit."""


def to_text(seconds: float) -> str:
    """Return two units of a duration at most: `0.42s`, `4.2s`, `42s`, `3m12s`, `5h07m`."""
    for digits, limit in ((2, 1), (1, 10)):
        if (rounded := round(seconds, digits)) < limit:
            return f"{rounded:g}s"
    count, unit, rest = _split(round(seconds))
    return f"{count}{unit}{rest}"


def to_coarse_text(seconds: float) -> str:
    """Return whole seconds, or the largest unit alone if there are several of it: `42s`, `1m12s`, `3m`, `5h`."""
    count, unit, rest = _split(round(seconds))
    return f"{count}{unit}" if count >= _COARSE else f"{count}{unit}{rest}"


def _split(seconds: int) -> tuple[int, str, str]:
    """The number of the largest unit, the unit, and the rest in the next smaller unit, which seconds have not."""
    at = next((at for at, (size, _) in enumerate(_UNITS) if seconds >= size), len(_UNITS) - 1)
    size, unit = _UNITS[at]
    count, rest = divmod(seconds, size)
    if at + 1 == len(_UNITS):
        return count, unit, ""
    smaller_size, smaller_unit = _UNITS[at + 1]
    return count, unit, f"{rest // smaller_size:02d}{smaller_unit}"
