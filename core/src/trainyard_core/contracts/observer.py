"""Observers: named readers of the activity log, told of what has happened after it was committed.

Delivery. Each event is given at least once, also across a kill of the server between the commit and the call. Events of
one subject come in the order of the log; those of different subjects may overtake each other and may be handled at the
same time. After a kill the events of a subject may begin again further back, and go on from there in order.

Holder. One process at a time reads for an observer, under a lease. One that was frozen writes nothing about the
observer's place any more, but a call that was under way may still have its effect outside: as ids grow, the other side
can refuse an event whose `id` is smaller than the last one of the same subject.

Place. An observer's place in the log is stored under its name. A new observer begins at the end of the log (`start` is
"end") or with the oldest activity that is kept ("beginning"). It has its place before the server answers its first
request, so that whatever is accepted from then on reaches it. While its plugin is gone the place stays, and activities
after it are kept up to a bound (`work.activity_retention.MOST_BEHIND`).

Raises. An event whose handler raises is given again after 1, 2, 4 ... seconds, at most 5 minutes. Until then later
events of its subject wait; those of other subjects do not, unless 10,000 events wait already. With `attempts` above 0
it becomes a dead letter after so many tries, which an admin sees and may retry, and its subject goes on; a dead letter
that is retried comes out of order. What `subject` raises counts as raised by the handler.

Concurrency. At most `parallel` events are handled at once, half of them such as have failed before. The handler is
called on the event loop of a worker and is cancelled after `timeout` seconds, which counts as an error; it is cancelled
as well, and that counts as nothing, when the process ends or has lost the observer.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from trainyard_core.contracts.platform import Platform

__all__ = ["Event", "Observer", "run_of"]


NAME = re.compile(r"[a-z0-9_-]{1,60}")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One activity: its place in the log, what it is about (`run` is empty for what belongs to no run), its kind, who
    did it, when (microseconds since 1970 UTC), and what is told of it."""

    id: int
    project: str
    run: str
    kind: str
    actor: str
    at: int
    data: Mapping[str, Any]


def run_of(event: Event) -> str:
    """The usual subject: the run, or else the project."""
    return event.run or event.project


class Observer(msgspec.Struct, frozen=True, kw_only=True):
    """A reader of the log. `name` is unique within the plugin and stays the same for ever. `kinds` are the kinds of
    activities that it is given (empty: all), `projects` likewise. `subject` says what an event is about, for the
    order."""

    name: str
    handle: Callable[[Platform, Event], Awaitable[None]]
    kinds: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    subject: Callable[[Event], str] = run_of
    start: Literal["end", "beginning"] = "end"
    attempts: int = 0
    parallel: int = 16
    timeout: float = 30.0

    def __post_init__(self) -> None:
        """Raises ValueError."""
        said = f"observer '{self.name}': "
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{said}`name` has 1 to 60 small letters, digits, `_` and `-`")
        if self.start not in ("end", "beginning"):
            raise ValueError(f"{said}`start` is {self.start!r}; write 'end' or 'beginning'")
        for field in ("kinds", "projects"):
            if isinstance(getattr(self, field), str):
                raise ValueError(f"{said}`{field}` is one text; write a tuple of names")
        for field, least in (("parallel", 1), ("attempts", 0)):
            if getattr(self, field) < least:
                raise ValueError(f"{said}`{field}` is {getattr(self, field)}; the least is {least}")
        if self.timeout <= 0:
            raise ValueError(f"{said}`timeout` is {self.timeout:g} s; give more than 0")
