"""What an observer handles with care after a process has ended without releasing it: by cases, and by random courses in
which events end the process."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from test_observer_backlog import Stored, event, first_times

from trainyard_core.observers import backlog
from trainyard_core.observers.backlog import ENDED, Backlog, Delivery


def after_a_death(*numbers, ended=(), suspect_upto=9, attempts=0):
    """The backlog after the end of a process, with these events of a subject each."""
    found = Backlog(0, attempts=attempts, ended=ended, suspect_upto=suspect_upto, now=10.0)
    for number in numbers:
        found.add(event(number), f"s{number}")
    return found


def kinds(found, now=10.0):
    """The ids of the events that are to be handled now, by kind."""
    taken = iter(lambda: found.take(now), None)
    return [(each.kind, each.event.id) for each in taken]


def test_events_up_to_the_end_of_the_log_at_the_death_are_suspects():
    found = after_a_death(8, 9, 10)
    assert found.has_suspects(10.0)
    assert kinds(found) == [("suspect", 8), ("suspect", 9), ("new", 10)]
    assert not found.has_suspects(10.0)


def test_after_a_clean_stop_there_are_no_suspects():
    assert kinds(after_a_death(8, 9, suspect_upto=0)) == [("new", 8), ("new", 9)]


def test_no_more_events_are_suspects_than_a_process_has_in_its_window(monkeypatch):
    monkeypatch.setattr(backlog, "WINDOW", 2)
    assert kinds(after_a_death(1, 2, 3)) == [("suspect", 1), ("suspect", 2), ("new", 3)]


def test_events_that_wait_behind_a_failed_one_are_suspects_and_do_not_use_up_the_window(monkeypatch):
    monkeypatch.setattr(backlog, "WINDOW", 1)
    found = Backlog(0, attempts=0, suspect_upto=9)
    found.restore([Delivery(event(1), "s", attempts=1, due=99.0, stored=True)])
    found.add(event(2), "s")
    found.add(event(3), "other")
    found.add(event(4), "s")
    assert kinds(found) == [("suspect", 3)]
    for number, kind in ((1, "failed"), (2, "suspect"), (4, "suspect")):
        taken = found.take(99.0)
        assert (taken.event.id, taken.kind) == (number, kind)
        found.succeed(taken)


def test_stored_events_that_have_not_failed_are_suspects_too():
    found = Backlog(5, attempts=0, suspect_upto=5)
    found.restore([Delivery(event(3), "s", stored=True), Delivery(event(4), "t", attempts=1, stored=True)])
    assert kinds(found) == [("suspect", 3), ("failed", 4)]


def test_the_calls_of_suspects_and_failed_events_are_noted_and_those_of_new_ones_are_not():
    found = after_a_death(1, 10)
    assert found.progress() is None
    suspect, new = found.take(10.0), found.take(10.0)
    assert found.progress().calling == [1]
    found.fail(new, "broken", 10.0)
    found.succeed(suspect)
    assert found.names_finished_calls
    assert found.progress().calling == []
    assert not found.names_finished_calls
    found.take(11.0)
    assert found.progress().calling == [10]


def test_a_call_that_was_cancelled_is_not_noted_any_more():
    found = after_a_death(1)
    found.cancel(found.take(10.0))
    assert found.progress() is None


def test_an_event_in_whose_noted_call_the_process_ended_has_failed():
    found = after_a_death(1, 2, ended=[1])
    assert kinds(found) == [("suspect", 2)]
    assert found.next_due() == 11.0
    assert kinds(found, 11.0) == [("failed", 1)]


def test_its_failure_is_known_for_as_long_as_it_is_not_stored():
    found = after_a_death(1, 2, ended=[2])
    held = found.take(10.0)
    assert found.progress().calling == [1, 2]
    found.succeed(held)
    reached = found.progress()
    assert ([(each.event.id, each.attempts, each.error) for each in reached.deferred], reached.calling) == (
        [(2, 1, ENDED)],
        [],
    )


def test_with_its_last_attempt_it_is_a_dead_letter():
    found = after_a_death(1, 2, ended=[1], attempts=1)
    assert kinds(found) == [("suspect", 2)]
    found = Backlog(5, attempts=3, ended=[4], suspect_upto=5, now=10.0)
    (letter,) = found.restore([Delivery(event(4), "s", attempts=2, stored=True), Delivery(event(5), "s", stored=True)])
    assert (letter.dead, letter.attempts, letter.error) == (True, 3, ENDED)
    assert kinds(found) == [("suspect", 5)]
    assert found.progress().deferred == [letter]


def test_an_event_that_comes_behind_others_of_its_subject_waits_for_them():
    found = Backlog(0, attempts=0, ended=[2], suspect_upto=9, now=10.0)
    for number in (1, 2):
        found.add(event(number), "s")
    first = found.take(10.0)
    found.succeed(first)
    assert first.event.id == 1
    assert kinds(found, 10.5) == []
    assert kinds(found, 11.0) == [("failed", 2)]


def test_what_was_finished_in_spite_of_its_note_is_forgotten():
    found = after_a_death(ended=[3])
    found.pass_to(9)
    reached = found.progress()
    assert (reached.cursor, reached.deferred, reached.calling) == (9, [], [])


class Process(Stored):
    """A database and the processes on it, one after the other. `kills` counts the deaths by each event."""

    def __init__(self, chance, killing):
        super().__init__(chance, ["a", "b", "c", "d"], 60)
        self.calling, self.kills, self.order = [], Counter(), {}
        self.killing = {each.id for each in self.log if chance.random() < killing}
        self._chance = chance
        self._start(0.0)

    def save(self, reached):
        super().save(reached)
        if reached is not None:
            self.calling = reached.calling

    def turn(self, now):
        """Read an event, or begin or end a call; the process may die of that."""
        act = self._chance.random()
        if act < 0.1:
            self.save(self.found.progress())
        elif act < 0.4 and self.found.position < 60:
            each = self.log[self.found.position]
            self.found.add(each, each.project)
        elif act < 0.7:
            self._begin(now)
        elif self.busy:
            done = self.busy.pop(self._chance.randrange(len(self.busy)))
            self.found.succeed(done)
            self.order.setdefault(done.subject, []).append(done.event.id)

    def _start(self, now):
        self.found = Backlog(
            self.cursor, attempts=3, ended=self.calling, suspect_upto=self.log[-1].id if self.kills else 0, now=now
        )
        rows = [Delivery(each.event, each.subject, attempts=each.attempts, stored=True) for each in self.rows.values()]
        self.found.restore(rows)
        self.busy, self.alone = [], False

    def _begin(self, now):
        has_suspects = self.found.has_suspects(now)
        if self.busy and (has_suspects or self.alone):
            return
        if self.alone and not has_suspects:
            self.save(self.found.progress())
        self.alone = has_suspects
        kinds = ("suspect",) if has_suspects else ("failed", "new")
        if (taken := self.found.take(now, *kinds)) is None:
            return
        if taken.kind != "new":
            self.save(self.found.progress())
        self.busy.append(taken)
        if taken.event.id in self.killing:
            self.kills[taken.event.id] += 1
            self._start(now)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("window", [3, 1000])
def test_events_that_end_the_process_become_dead_letters_and_no_others_do(seed, window, monkeypatch):
    monkeypatch.setattr(backlog, "WINDOW", window)
    process, now = Process(random.Random(seed), 0.1), 0.0
    while process.cursor < 60 or process.rows:
        now += 0.1
        process.turn(now)
        assert sum(process.kills.values()) <= 60 * 4, "it goes round and round"
    assert process.dead == process.killing
    for subject, ids in process.order.items():
        wanted = [each.id for each in process.log if each.project == subject and each.id not in process.killing]
        assert first_times(ids, process.killing) == wanted
    if window > 60:  # all that may have been in flight is suspect: a first death is not counted, each later one is
        assert all(kills <= 4 for kills in process.kills.values())
