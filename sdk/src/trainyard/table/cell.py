"""One value of a table or of a run as people read it, in a notebook and on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from trainyard import duration

__all__ = ["cell", "is_shown", "shortened"]

MOST_CHARS = 60


def cell(name: str, value: object) -> str:
    """A value of the column of that name, in one line."""
    return shortened(_text(name, value))


def is_shown(value: object) -> bool:
    """Whether there is something to show."""
    return value is not None and value != "" and value != []


def shortened(text: str) -> str:
    """The text in at most `MOST_CHARS` characters."""
    return text if len(text) <= MOST_CHARS else text[: MOST_CHARS - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if name in ("id", "run"):
        return str(value)[-8:]
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, timedelta):
        return duration.to_text(value.total_seconds())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) and _are_texts(value) else str(value)


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)
