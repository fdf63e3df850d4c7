"""Times of the API for people and for programs: relative on a terminal, RFC 3339 in the user's time zone elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trainyard import duration
from trainyard.cli import terminal

if TYPE_CHECKING:
    from trainyard.client.models import RunRecord

__all__ = ["age", "local", "moment", "now", "seconds"]


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
    return duration.to_coarse_text(max(0.0, (now() - datetime.fromisoformat(text)).total_seconds()))


def moment(text: str | None) -> str:
    """A time of the API, and on a terminal how long ago it was."""
    return f"{local(text)}  ({age(text)} ago)" if text and terminal.is_attached() else local(text)


def seconds(run: RunRecord) -> float | None:
    """How long a run has taken, up to now if it has not ended; None if it has not started."""
    if not run.started_at:
        return None
    end = datetime.fromisoformat(run.finished_at) if run.finished_at else now()
    return max(0.0, (end - datetime.fromisoformat(run.started_at)).total_seconds())
