"""Events as a tracker gives them back, and a function that makes a page of them out of a run's event frames.

An event is a JSON object with a `type`, such as `params`, `artifact` or `event`, the time (microseconds since 1970 UTC)
at which the program recorded it, and whatever else belongs to its type. `trainyard.track.frames.unpack_events` reads
those of a frame.

Order. The events of one writer come in the order of its frames and, within a frame, as they are there. Of those that
several writers have at the moment of a call, the next one is always that of the writer whose next event has the
earliest time. An event that arrives later comes after the cursors that were returned before it.

Attempts. Of the events of one type and name that have a `step`, those that an attempt has recorded at and after the
first step of a later attempt are left out, as points of series are. Events without a step all count.
"""

from __future__ import annotations

import base64
import heapq
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

__all__ = ["EventPage", "EventSource", "RecordedEvent", "page_of_events"]

_WRITER = re.compile("[0-9a-f]{32}")


class RecordedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event. `kind` is its `type`; `name` is what it is about, empty where it has no name; `data` is the whole
    event."""

    kind: str
    name: str = ""
    time: int
    writer: str
    data: Mapping[str, Any]


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """Events in a stable order, and the cursor that continues after them. `more` tells that there are further ones
    now."""

    events: list[RecordedEvent]
    cursor: str
    more: bool = False


EventSource = Callable[[int], Iterable[Mapping[str, Any]]]
"""The events of one writer from its event of that number on; the first one is number 0."""


class _Item(NamedTuple):
    time: int
    writer: str
    event: Mapping[str, Any]


def page_of_events(
    sources: Mapping[str, EventSource],
    *,
    kind: str = "",
    names: Sequence[str] = (),
    cursor: str = "",
    limit: int = 1000,
    attempts: Mapping[str, int] = {},
) -> EventPage:
    """The next events of a run, whose writers' events are given; see `Tracker.read_events`. Raises ValueError for a
    cursor that is not ours, and for a limit below 1."""
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least one event")
    read, counts = _decode(cursor), _counts(sources, attempts)
    streams = [_items(writer, sources[writer](read.get(writer, 0))) for writer in sorted(sources)]
    taken: list[RecordedEvent] = []
    for time, writer, event in heapq.merge(*streams, key=lambda item: item.time):
        if _matches(event, kind, names) and counts(writer, event):
            if len(taken) == limit:
                return EventPage(events=taken, cursor=_encode(read), more=True)
            told = RecordedEvent(kind=event["type"], name=name_of(event), time=time, writer=writer, data=event)
            taken.append(told)
        read[writer] = read.get(writer, 0) + 1
    return EventPage(events=taken, cursor=_encode(read))


def name_of(event: Mapping[str, Any]) -> str:
    """What an event is about; empty when it says no name."""
    name = event.get("name")
    return name if isinstance(name, str) else ""


def _items(writer: str, events: Iterable[Mapping[str, Any]]) -> Iterator[_Item]:
    """Events with their times; one whose time is none has that of the event before it."""
    time = 0
    for event in events:
        said = event.get("time")
        time = said if isinstance(said, int) else time
        yield _Item(time, writer, event)


def _matches(event: Mapping[str, Any], kind: str, names: Sequence[str]) -> bool:
    if kind and event["type"] != kind:
        return False
    values = event.get("values")
    return not names or name_of(event) in names or (isinstance(values, Mapping) and not values.keys().isdisjoint(names))


def _counts(
    sources: Mapping[str, EventSource], attempts: Mapping[str, int]
) -> Callable[[str, Mapping[str, Any]], bool]:
    """Whether an event of a writer counts: no later attempt has recorded its step again."""
    if len({attempts.get(writer, 0) for writer in sources}) < 2:
        return lambda writer, event: True
    firsts: dict[tuple[str, str], dict[int, int]] = {}
    for writer, source in sources.items():
        of = attempts.get(writer, 0)
        for event in source(0):
            if (step := _step(event)) is not None:
                known = firsts.setdefault((event["type"], name_of(event)), {})
                known[of] = min(step, known.get(of, step))

    def counts(writer: str, event: Mapping[str, Any]) -> bool:
        step, of = _step(event), attempts.get(writer, 0)
        if step is None:
            return True
        known = firsts.get((event["type"], name_of(event)), {})
        return step < min((first for attempt, first in known.items() if attempt > of), default=step + 1)

    return counts


def _step(event: Mapping[str, Any]) -> int | None:
    step = event.get("step")
    return step if isinstance(step, int) else None


def _encode(read: Mapping[str, int]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(dict(read), order="sorted")).decode().rstrip("=")


def _decode(cursor: str) -> dict[str, int]:
    """How many events of each writer were read."""
    if not cursor:
        return {}
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        read = msgspec.json.decode(text, type=dict[str, int])
    except (ValueError, msgspec.DecodeError):
        read = {"": -1}
    if any(not _WRITER.fullmatch(writer) or count < 0 for writer, count in read.items()):
        raise ValueError(f"{cursor[:80]!r} is no cursor of events; start again without one")
    return read
