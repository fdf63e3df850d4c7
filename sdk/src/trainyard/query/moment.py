"""Times in queries: which microseconds a written moment is. Pure; now comes in, everything is UTC.

A written moment is a period: a day, an hour, a month, down to the microsecond. Before, after and equal follow from
that: after `2026-01-31` begins with the first of February. `-7d` is a point; equal to it means since then.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from trainyard.query.tree import When

__all__ = ["WORDS", "is_moment", "is_offset", "span"]

SECOND = 1_000_000
_ISO = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:[T ](?P<hour>\d\d)(?::(?P<minute>\d\d)"
    r"(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,6}))?)?)?(?P<zone>Z|[-+]\d\d:?\d\d)?)?)?)?",
    re.IGNORECASE | re.ASCII,
)
_OFFSET = re.compile(r"-(\d{1,5})([smhdw])", re.ASCII)
_UNITS = {"s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND, "d": 86_400 * SECOND, "w": 7 * 86_400 * SECOND}
_PARTS = ("year", "month", "day", "hour", "minute", "second", "fraction")
_PERIODS = ("hour", "day", "week", "month", "year")
WORDS = ("now", "today", "yesterday", *(f"{which}_{period}" for which in ("this", "last") for period in _PERIODS))
"""The words for moments. `last_month` is the month before this one; the last thirty days are `-30d`."""


def is_moment(text: str) -> bool:
    """Whether `span` understands it."""
    try:
        span(When(text), 0)
    except ValueError:
        return False
    return True


def is_offset(when: When) -> bool:
    """Whether it is so long ago, such as `-7d`: a point, whose equal means everything since."""
    return _OFFSET.fullmatch(when.text.lower()) is not None


def span(when: When, now: int) -> tuple[int, int]:
    """From when (included) to when (excluded) it is, in microseconds since 1970 UTC. Raises ValueError."""
    text = when.text.lower()
    if text == "now":
        return now, now + 1
    if offset := _OFFSET.fullmatch(text):
        at = now - int(offset[1]) * _UNITS[offset[2]]
        return at, at + 1
    if text in WORDS:
        return _named(text, datetime.fromtimestamp(now // SECOND, UTC))
    return _absolute(when.text)


def _named(word: str, now: datetime) -> tuple[int, int]:
    which, _, period = {"today": "this_day", "yesterday": "last_day"}.get(word, word).partition("_")
    start = _floor(now, period)
    if which == "this":
        return _micros(start), _micros(_after(start, period))
    return _micros(_floor(start - timedelta(seconds=1), period)), _micros(start)


def _floor(at: datetime, period: str) -> datetime:
    hour = at.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    starts = {
        "hour": hour,
        "day": day,
        "week": day - timedelta(days=day.weekday()),
        "month": day.replace(day=1),
        "year": day.replace(day=1, month=1),
    }
    return starts[period]


def _after(start: datetime, period: str) -> datetime:
    """The start of the period after the one that starts then."""
    if period == "year":
        return start.replace(year=start.year + 1)
    if period == "month":
        return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    return start + {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}[period]


def _absolute(text: str) -> tuple[int, int]:
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no moment")
    given = [name for name in _PARTS if found[name] is not None]
    year, month, day, hour, minute, second = (
        int(found[name] or first) for name, first in zip(_PARTS[:-1], "111000", strict=True)
    )
    start = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    begin = _micros(start) - _zone(found["zone"]) + int((found["fraction"] or "").ljust(6, "0"))
    return begin, begin + _length(start, given[-1])


def _length(start: datetime, finest: str) -> int:
    """How long the period is that was written to this part."""
    if finest in ("year", "month"):
        if start.year == datetime.max.year:
            raise ValueError("the year 9999 has no end")
        return _micros(_after(start, finest)) - _micros(start)
    return {"day": 86_400, "hour": 3600, "minute": 60, "second": 1}.get(finest, 0) * SECOND or 1


def _zone(written: str | None) -> int:
    """How far that zone is ahead of UTC."""
    if not written or written in "Zz":
        return 0
    hours, minutes = int(written[1:3]), int(written[-2:])
    return (-1 if written[0] == "-" else 1) * (hours * 60 + minutes) * 60 * SECOND


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
