"""What one observer has read and not finished: which event is handled next, what waits behind one that failed, and up
to where the log is done with. Pure: times are seconds of a clock that only grows.

Events of a subject are handled one after the other. Once one has failed, its subject is blocked until it has no more
events here: these are deferred, to be stored as rows, so that the cursor goes on past them. All others hold the cursor
back until they are finished.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

from trainyard_core.contracts.observer import Event

__all__ = ["MOST_DEFERRED", "WINDOW", "Backlog", "Delivery", "Progress", "backoff"]

FIRST_BACKOFF, MOST_BACKOFF = 1.0, 300.0
"""Seconds."""
WINDOW = 1000
"""Events of subjects that are not blocked, that are read and not finished."""
MOST_DEFERRED = 10_000
"""Events of blocked subjects with which an observer reads on; with more it waits until there are fewer."""


def backoff(attempts: int) -> float:
    """Seconds from a failure to the next attempt, after so many."""
    return float(min(MOST_BACKOFF, FIRST_BACKOFF * 2 ** min(attempts - 1, 30)))


class Delivery:
    """One event on its way to the handler. `stored` says that there is a row for it."""

    __slots__ = ("attempts", "dead", "due", "error", "event", "stored", "subject")

    def __init__(
        self, event: Event, subject: str, *, attempts: int = 0, due: float = 0.0, error: str = "", stored: bool = False
    ) -> None:
        self.event, self.subject = event, subject
        self.attempts, self.due, self.error = attempts, due, error
        self.dead, self.stored = False, stored


class Progress(NamedTuple):
    """What there is to be written: the cursor, deferred events that are new or changed, and rows that are done with."""

    cursor: int
    deferred: Sequence[Delivery]
    finished: Sequence[int]


class _Subject:
    """The events of one subject, in the order of the log. `is_busy` while its first one is being handled."""

    __slots__ = ("events", "is_blocked", "is_busy", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.events: deque[Delivery] = deque()
        self.is_blocked = self.is_busy = False


class Backlog:
    """What one observer has not finished, after `position` in the log. `attempts` is after how many a failing event
    becomes a dead letter; 0: never."""

    def __init__(self, position: int, *, attempts: int) -> None:
        self.position = self.cursor = position
        self._attempts = attempts
        self._subjects: dict[str, _Subject] = {}
        self._ready: deque[_Subject] = deque()
        self._failed: deque[_Subject] = deque()
        """Subjects that are ready: those whose next event is new, and those whose next one has failed before."""
        self._later: list[tuple[float, int, _Subject]] = []
        self._order = count()
        self._pending: dict[int, None] = {}
        """Ids that hold the cursor back, ascending."""
        self._deferred: dict[int, Delivery] = {}
        self._changed: dict[int, Delivery] = {}
        self._finished: list[int] = []
        self.is_changed = False
        """Whether events were handled, or failed, since the last `progress`."""

    @property
    def room(self) -> int:
        """How many more events may be added."""
        return 0 if len(self._deferred) >= MOST_DEFERRED else max(0, WINDOW - len(self._pending))

    def pass_to(self, position: int) -> None:
        """Everything up to here has been read."""
        self.position = position

    def add(self, event: Event, subject: str) -> None:
        """Add an event that was read, the next one in the log."""
        self.position = event.id
        delivery, queue = Delivery(event, subject), self._queue(subject)
        queue.events.append(delivery)
        if queue.is_blocked:
            self._defer(delivery)
        else:
            self._pending[event.id] = None
        if len(queue.events) == 1:
            self._ready.append(queue)

    def restore(self, stored: Sequence[Delivery]) -> None:
        """Add events that are stored as rows, unless they are here. One that is older than what its subject waits with
        is the next one."""
        known = {*self._deferred, *self._changed, *self._finished}
        for delivery in stored:
            if delivery.event.id not in known:
                queue = self._queue(delivery.subject)
                self._block(queue)
                self._deferred[delivery.event.id] = delivery
                _insert(queue, delivery)
                self._wait(queue, delivery.due)

    def take(self, now: float, *, failed: bool = True) -> Delivery | None:
        """The next event to be handled, which is then being handled: one that has failed before, if `failed` allows it,
        else a new one. None: there is none now."""
        while self._later and self._later[0][0] <= now:
            queue = heapq.heappop(self._later)[2]
            (self._failed if queue.events and queue.events[0].attempts else self._ready).append(queue)
        return (_next(self._failed, now) if failed else None) or _next(self._ready, now)

    def next_due(self) -> float | None:
        """When the next failed event is to be handled again; None: there is none."""
        return self._later[0][0] if self._later else None

    def succeed(self, delivery: Delivery) -> None:
        """An event was handled."""
        if delivery.stored:
            self._finished.append(delivery.event.id)
        self._changed.pop(delivery.event.id, None)
        self._end(delivery)

    def fail(self, delivery: Delivery, error: str, now: float) -> None:
        """An event could not be handled: its subject waits, unless that was the last attempt."""
        delivery.attempts += 1
        delivery.error = error
        if self._attempts and delivery.attempts >= self._attempts:
            delivery.dead, delivery.due = True, now
            self._changed[delivery.event.id] = delivery
            self._end(delivery)
            return
        queue = self._subjects[delivery.subject]
        queue.is_busy, self.is_changed = False, True
        self._block(queue)
        delivery.due = now + backoff(delivery.attempts)
        self._changed[delivery.event.id] = delivery
        self._wait(queue, delivery.due)

    def progress(self) -> Progress | None:
        """What is to be written now, which counts as written from here on; None: nothing."""
        self.is_changed = False
        cursor = next(iter(self._pending)) - 1 if self._pending else self.position
        deferred = [each for activity, each in self._changed.items() if activity <= cursor]
        if cursor == self.cursor and not deferred and not self._finished:
            return None
        finished, self._finished = self._finished, []
        for each in deferred:
            each.stored = True
            del self._changed[each.event.id]
        self.cursor = cursor
        return Progress(cursor, deferred, finished)

    def _queue(self, subject: str) -> _Subject:
        if subject not in self._subjects:
            self._subjects[subject] = _Subject(subject)
        return self._subjects[subject]

    def _end(self, delivery: Delivery) -> None:
        """An event is done with; its subject goes on."""
        queue = self._subjects[delivery.subject]
        queue.events.popleft()
        queue.is_busy, self.is_changed = False, True
        self._pending.pop(delivery.event.id, None)
        self._deferred.pop(delivery.event.id, None)
        if not queue.events:
            del self._subjects[delivery.subject]
        else:
            self._wait(queue, queue.events[0].due)

    def _block(self, queue: _Subject) -> None:
        """From now on the events of a subject are deferred."""
        if not queue.is_blocked:
            queue.is_blocked = True
            for delivery in queue.events:
                self._pending.pop(delivery.event.id, None)
                self._defer(delivery)

    def _defer(self, delivery: Delivery) -> None:
        self._deferred[delivery.event.id] = self._changed[delivery.event.id] = delivery

    def _wait(self, queue: _Subject, due: float) -> None:
        heapq.heappush(self._later, (due, next(self._order), queue))


def _next(ready: deque[_Subject], now: float) -> Delivery | None:
    while ready:
        queue = ready.popleft()
        if queue.events and not queue.is_busy and queue.events[0].due <= now:
            queue.is_busy = True
            return queue.events[0]
    return None


def _insert(queue: _Subject, delivery: Delivery) -> None:
    """In the order of the log, but behind what is being handled."""
    ids = [each.event.id for each in queue.events]
    queue.events.insert(max(bisect_left(ids, delivery.event.id), int(queue.is_busy)), delivery)
