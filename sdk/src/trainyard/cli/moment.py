"""Times of the API for people and for programs: relative on a terminal, RFC 3339 in the user's time zone elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trainyard.cli import terminal

if TYPE_CHECKING:
    from trainyard.client.models import Run

__all__ = ["age", "duration", "local", "moment", "now", "seconds"]

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_FINE = 2
"""Below so many of a unit, the next smaller one is shown beside it."""


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def local(text: str | None) -> str:
    """A time of the API in the user's time zone, as RFC 3339 to the second; empty for none."""
    return datetime.fromisoformat(text).astimezone().isoformat(timespec="seconds") if text else ""


def age(text: str | None) -> str:
    """A time of the API: how long ago it was on a terminal (`3m`), `local` elsewhere."""
    if not text or not terminal.is_attached():
        return local(text)
    return duration(max(0.0, (now() - datetime.fromisoformat(text)).total_seconds()), coarse=True)


def moment(text: str | None) -> str:
    """A time of the API, and on a terminal how long ago it was."""
    return f"{local(text)}  ({age(text)} ago)" if text and terminal.is_attached() else local(text)


def seconds(run: Run) -> float | None:
    """How long a run has taken, up to now if it has not ended; None if it has not started."""
    if not run.started_at:
        return None
    end = datetime.fromisoformat(run.finished_at) if run.finished_at else now()
    return max(0.0, (end - datetime.fromisoformat(run.started_at)).total_seconds())


def duration(value: float, *, coarse: bool = False) -> str:
    """Seconds in words: `0.42s`, `42s`, `3m12s`, `5h07m`. Coarse: the largest unit alone if it is several."""
    if value < 10 and not coarse:
        return f"{value:.2g}s" if value else "0s"
    whole = round(value)
    size, unit = next((each for each in _UNITS if whole >= each[0]), _UNITS[-1])
    count, rest = divmod(whole, size)
    smaller = next((each for each in _UNITS if each[0] < size), None)
    if smaller is None or (coarse and count >= _FINE):
        return f"{count}{unit}"
    return f"{count}{unit}{rest // smaller[0]:02d}{smaller[1]}"
