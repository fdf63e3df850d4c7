"""What one observer has read and not finished: which event is handled next, what waits behind one that failed, and up
to where the log is done with. Pure: times are seconds of a clock that only grows.

Events of a subject are handled one after the other. Once one has failed, its subject is blocked until it has no more
events here: these are deferred, to be stored as rows, so that the cursor goes on past them. All others hold the cursor
back until they are finished.

A handler may end its process. A *noted* call is one whose event is stored in the list `calling` before the call: when
the process ends, the event counts as failed. Calls of events that have failed before are noted. Those of new events are
not, as that would be a write for each; but when the process before did not release the observer, the events that it may
have been handling are *suspects*: their calls are noted too, and each is to be made while there is no other.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import deque
from collections.abc import Collection, Sequence
from itertools import count
from typing import Literal, NamedTuple

from trainyard_core.contracts.observer import Event

__all__ = ["ENDED", "MOST_DEFERRED", "WINDOW", "Backlog", "Delivery", "Kind", "Progress", "backoff"]

FIRST_BACKOFF, MOST_BACKOFF = 1.0, 300.0
"""Seconds."""
WINDOW = 1000
"""Events of subjects that are not blocked, that are read and not finished."""
MOST_DEFERRED = 10_000
"""Events of blocked subjects with which an observer reads on; with more it waits until there are fewer."""
ENDED = "its process ended while it was handled"
"""The error of an event whose call was noted when the process ended."""
Kind = Literal["suspect", "failed", "new"]
"""What an event is to be handled as: one that may have ended the process before, one that has failed, or neither."""
KINDS: tuple[Kind, ...] = ("suspect", "failed", "new")


def backoff(attempts: int) -> float:
    """Seconds from a failure to the next attempt, after so many."""
    return float(min(MOST_BACKOFF, FIRST_BACKOFF * 2 ** min(attempts - 1, 30)))


class Delivery:
    """One event on its way to the handler. `stored` says that there is a row for it."""

    __slots__ = ("attempts", "dead", "due", "error", "event", "is_suspect", "stored", "subject")

    def __init__(
        self, event: Event, subject: str, *, attempts: int = 0, due: float = 0.0, error: str = "", stored: bool = False
    ) -> None:
        self.event, self.subject = event, subject
        self.attempts, self.due, self.error = attempts, due, error
        self.dead, self.is_suspect, self.stored = False, False, stored

    @property
    def kind(self) -> Kind:
        """What it is to be handled as."""
        if self.attempts:
            return "failed"
        return "suspect" if self.is_suspect else "new"


class Progress(NamedTuple):
    """What there is to be written: the cursor, deferred events that are new or changed, rows that are done with,
    and the activities whose calls are noted."""

    cursor: int
    deferred: Sequence[Delivery]
    finished: Sequence[int]
    calling: Sequence[int]


class _Subject:
    """The events of one subject, in the order of the log. `is_busy` while its first one is being handled."""

    __slots__ = ("events", "is_blocked", "is_busy", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.events: deque[Delivery] = deque()
        self.is_blocked = self.is_busy = False


class Backlog:
    """What one observer has not finished, after `position` in the log. `attempts` is after how many a failing event
    becomes a dead letter; 0: never. `ended` are the activities whose calls were noted when the process before ended:
    they count as failed, at the time `now`. Events up to `suspect_upto` are suspects, but of those after `position` no
    more than WINDOW that block nothing; 0: there are none."""

    def __init__(
        self, position: int, *, attempts: int, ended: Collection[int] = (), suspect_upto: int = 0, now: float = 0.0
    ) -> None:
        self.position = self.cursor = position
        self._attempts, self._opened_at = attempts, now
        self._suspect_upto, self._suspects_left = suspect_upto, WINDOW
        self._ended, self._calling, self._stored_calling = {*ended}, set[int](), sorted(ended)
        """Activities whose failure by the end of the process is not stored; those whose noted calls are under way; and
        both as they are stored."""
        self._subjects: dict[str, _Subject] = {}
        self._ready: dict[Kind, deque[_Subject]] = {kind: deque() for kind in KINDS}
        """Subjects that are ready, by the kind of their next event."""
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

    @property
    def names_finished_calls(self) -> bool:
        """Whether a call is stored as under way that has returned."""
        return not self._calling.union(self._ended).issuperset(self._stored_calling)

    def pass_to(self, position: int) -> None:
        """Everything up to here has been read."""
        self.position = position

    def add(self, event: Event, subject: str) -> Delivery:
        """Add an event that was read, the next one in the log. It may count as failed at once."""
        self.position = event.id
        delivery = Delivery(event, subject)
        if self._has_ended_the_process(delivery) and delivery.dead:
            return delivery
        queue = self._queue(subject)
        queue.events.append(delivery)
        if delivery.attempts:
            self._block(queue)
        delivery.is_suspect = event.id <= self._suspect_upto and (queue.is_blocked or self._suspects_left > 0)
        if queue.is_blocked:
            self._defer(delivery)
        else:
            self._pending[event.id] = None
            self._suspects_left -= 1
        if len(queue.events) > 1:
            return delivery
        if delivery.attempts:
            self._wait(queue, delivery.due)
        else:
            self._ready[delivery.kind].append(queue)
        return delivery

    def restore(self, stored: Sequence[Delivery]) -> list[Delivery]:
        """Add events that are stored as rows, unless they are here. One that is older than what its subject waits with
        is the next one. Those that count as failed at once are returned."""
        known, ended = {*self._deferred, *self._changed, *self._finished}, []
        for delivery in stored:
            if delivery.event.id in known:
                continue
            if self._has_ended_the_process(delivery):
                ended.append(delivery)
            if not delivery.dead:
                queue = self._queue(delivery.subject)
                self._block(queue)
                self._deferred[delivery.event.id] = delivery
                delivery.is_suspect = delivery.event.id <= self._suspect_upto
                _insert(queue, delivery)
                self._wait(queue, delivery.due)
        return ended

    def take(self, now: float, *kinds: Kind) -> Delivery | None:
        """The next event of one of these kinds (by default of any) to be handled, which is then being handled. None:
        there is none now. Unless it is new, its call is noted: the next `progress` is to be stored before it is
        made."""
        self._ripen(now)
        for kind in kinds or KINDS:
            if (delivery := self._next(kind, now)) is not None:
                if kind != "new":
                    self._calling.add(delivery.event.id)
                return delivery
        return None

    def has_suspects(self, now: float) -> bool:
        """Whether suspects are to be handled now. It may be so once without any."""
        self._ripen(now)
        return bool(self._ready["suspect"])

    def next_due(self) -> float | None:
        """When the next failed event is to be handled again; None: there is none."""
        return self._later[0][0] if self._later else None

    def succeed(self, delivery: Delivery) -> None:
        """An event was handled."""
        if delivery.stored:
            self._finished.append(delivery.event.id)
        self._calling.discard(delivery.event.id)
        self._ended.discard(delivery.event.id)
        self._changed.pop(delivery.event.id, None)
        self._end(delivery)

    def fail(self, delivery: Delivery, error: str, now: float) -> None:
        """An event could not be handled: its subject waits, unless that was the last attempt."""
        self._calling.discard(delivery.event.id)
        self._count(delivery, error, now)
        if delivery.dead:
            self._end(delivery)
            return
        queue = self._subjects[delivery.subject]
        queue.is_busy = False
        self._block(queue)
        self._wait(queue, delivery.due)

    def cancel(self, delivery: Delivery) -> None:
        """The call of an event was cancelled, or was not made, as nothing more is to be handled: that is no attempt."""
        self._calling.discard(delivery.event.id)

    def progress(self) -> Progress | None:
        """What is to be written now, which counts as written from here on; None: nothing."""
        self.is_changed = False
        cursor = next(iter(self._pending)) - 1 if self._pending else self.position
        deferred = [each for activity, each in self._changed.items() if activity <= cursor]
        self._ended = {activity for activity in self._ended if activity > cursor}
        calling = sorted(self._calling | self._ended)
        if cursor == self.cursor and not deferred and not self._finished and calling == self._stored_calling:
            return None
        finished, self._finished = self._finished, []
        for each in deferred:
            each.stored = True
            del self._changed[each.event.id]
        self.cursor, self._stored_calling = cursor, calling
        return Progress(cursor, deferred, finished, calling)

    def _has_ended_the_process(self, delivery: Delivery) -> bool:
        """Whether the process before ended while an event was handled, which is counted then."""
        if delivery.event.id not in self._ended:
            return False
        self._count(delivery, ENDED, self._opened_at)
        return True

    def _count(self, delivery: Delivery, error: str, now: float) -> None:
        """Count an attempt that failed."""
        delivery.attempts += 1
        delivery.error = error
        delivery.dead = 0 < self._attempts <= delivery.attempts
        delivery.due = now if delivery.dead else now + backoff(delivery.attempts)
        self._changed[delivery.event.id], self.is_changed = delivery, True

    def _ripen(self, now: float) -> None:
        """Subjects whose next event is due are ready."""
        while self._later and self._later[0][0] <= now:
            queue = heapq.heappop(self._later)[2]
            if queue.events:
                self._ready[queue.events[0].kind].append(queue)

    def _next(self, kind: Kind, now: float) -> Delivery | None:
        ready = self._ready[kind]
        while ready:
            queue = ready.popleft()
            if not queue.events or queue.is_busy or queue.events[0].due > now:
                continue
            if queue.events[0].kind == kind:
                queue.is_busy = True
                return queue.events[0]
            self._ready[queue.events[0].kind].append(queue)
        return None

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


def _insert(queue: _Subject, delivery: Delivery) -> None:
    """In the order of the log, but behind what is being handled."""
    ids = [each.event.id for each in queue.events]
    queue.events.insert(max(bisect_left(ids, delivery.event.id), int(queue.is_busy)), delivery)
