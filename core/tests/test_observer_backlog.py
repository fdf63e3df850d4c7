"""What an observer handles next, and up to where its log is done with: by cases, and by random courses with crashes."""

from __future__ import annotations

import itertools
import random

import pytest

from trainyard_core.contracts.observer import Event
from trainyard_core.observers import backlog
from trainyard_core.observers.backlog import Backlog, Delivery, backoff


def event(number, subject="s"):
    return Event(id=number, project=subject, run="", kind="k", actor="a", at=0, data={})


def filled(*numbers, attempts=0, subject="s"):
    found = Backlog(0, attempts=attempts)
    for number in numbers:
        found.add(event(number), subject)
    return found


def test_events_of_a_subject_are_handled_one_after_the_other():
    found = filled(1, 2)
    first = found.take(0)
    assert found.take(0) is None
    found.succeed(first)
    assert (first.event.id, found.take(0).event.id) == (1, 2)


def test_events_of_different_subjects_are_handled_at_the_same_time():
    found = filled(1)
    found.add(event(2), "other")
    assert [found.take(0).event.id, found.take(0).event.id] == [1, 2]


def test_the_cursor_stays_before_the_first_event_that_is_not_finished():
    found = filled(3)
    found.add(event(5), "other")
    slow, quick = found.take(0), found.take(0)
    found.succeed(quick)
    found.pass_to(9)
    assert found.progress().cursor == 2
    found.succeed(slow)
    assert found.progress().cursor == 9
    assert found.progress() is None


def test_the_cursor_passes_a_failed_event_which_is_stored_with_all_behind_it():
    found = filled(1, 2)
    found.fail(found.take(0), "broken", 10.0)
    found.add(event(3), "s")
    reached = found.progress()
    assert reached.cursor == 3
    assert [(each.event.id, each.attempts, each.error) for each in reached.deferred] == [
        (1, 1, "broken"),
        (2, 0, ""),
        (3, 0, ""),
    ]
    assert found.take(10.5) is None
    assert found.next_due() == 11.0
    found.succeed(found.take(11.0))
    assert found.progress().finished == [1]


def test_a_failed_event_is_not_stored_beyond_the_cursor():
    """It would be read again after a crash, and be there twice."""
    found = filled(1)
    found.add(event(2), "other")
    slow, failed = found.take(0), found.take(0)
    found.fail(failed, "broken", 0.0)
    assert found.progress() is None
    found.succeed(slow)
    assert [each.event.id for each in found.progress().deferred] == [2]


def test_a_subject_that_has_caught_up_holds_the_cursor_again():
    found = filled(1)
    found.fail(found.take(0), "broken", 0.0)
    found.succeed(found.take(1.0))
    found.add(event(2), "s")
    assert found.progress().cursor == 1


def test_after_so_many_attempts_an_event_is_a_dead_letter_and_its_subject_goes_on():
    found = filled(1, 2, attempts=2)
    found.fail(found.take(0), "broken", 0.0)
    found.fail(found.take(1.0), "broken again", 1.0)
    assert found.take(1.0).event.id == 2
    (dead, _) = found.progress().deferred
    assert (dead.event.id, dead.dead, dead.attempts, dead.error) == (1, True, 2, "broken again")


def test_a_dead_letter_that_is_retried_comes_next():
    found = filled(5, 6)
    busy = found.take(0)
    found.restore([Delivery(event(2), "s", stored=True)])
    found.succeed(busy)
    assert [found.take(0).event.id] == [2]


def test_what_is_here_is_not_restored_twice():
    found = Backlog(9, attempts=0)
    found.restore([Delivery(event(2), "s", stored=True)])
    found.restore([Delivery(event(2), "s", stored=True)])
    found.succeed(found.take(0))
    found.restore([Delivery(event(2), "s", stored=True)])
    assert found.take(0) is None


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (10_000, 300)])
def test_the_wait_doubles_up_to_its_most(attempts, seconds):
    assert backoff(attempts) == seconds


def test_there_is_no_room_beyond_the_bounds(monkeypatch):
    monkeypatch.setattr(backlog, "WINDOW", 3)
    monkeypatch.setattr(backlog, "MOST_DEFERRED", 2)
    found = filled(1, 2)
    assert found.room == 1
    found.fail(found.take(0), "broken", 0.0)
    assert found.room == 0
    found.succeed(found.take(1.0))
    assert found.room == 3


def test_events_that_have_failed_can_be_left_for_later():
    found = filled(1)
    found.fail(found.take(0), "broken", 0.0)
    found.add(event(2), "other")
    assert found.take(1.0, failed=False).event.id == 2
    assert found.take(1.0, failed=False) is None
    assert found.take(1.0).event.id == 1


class Stored:
    """What the database has of an observer: its cursor and its rows, by id; and a log of events of a few subjects."""

    def __init__(self, chance, subjects, length):
        self.cursor, self.rows, self.dead = 0, {}, set()
        self.log = [event(number, chance.choice(subjects)) for number in range(1, length + 1)]

    def opened(self):
        found = Backlog(self.cursor, attempts=3)
        found.restore(
            [Delivery(each.event, each.subject, attempts=each.attempts, stored=True) for each in self.rows.values()]
        )
        return found

    def save(self, reached):
        if reached is None:
            return
        assert reached.cursor >= self.cursor
        self.cursor = reached.cursor
        for each in reached.deferred:
            assert each.event.id <= self.cursor
            self.rows.pop(each.event.id, None)
            if each.dead:
                self.dead.add(each.event.id)
            else:
                self.rows[each.event.id] = each
        self.rows = dict(sorted(self.rows.items()))
        for activity in reached.finished:
            del self.rows[activity]


@pytest.mark.parametrize("seed", range(60))
def test_no_course_with_crashes_loses_an_event_or_turns_an_order_around(seed):
    chance = random.Random(seed)
    stored = Stored(chance, ["a", "b", "c", "d"][: chance.randint(1, 4)], 60)
    poisoned = {each.id for each in stored.log if chance.random() < 0.05}
    handled, now, found, busy = {}, 0.0, stored.opened(), []
    while stored.cursor < 60 or stored.rows:
        act = chance.random()
        if act < 0.02:  # a crash: all that is not stored is gone
            found, busy = stored.opened(), []
        elif act < 0.2:
            stored.save(found.progress())
        elif act < 0.4 and found.position < 60:
            each = stored.log[found.position]
            found.add(each, each.project)
        elif act < 0.7:
            now += 1.0
            if (taken := found.take(now, failed=chance.random() < 0.8)) is not None:
                assert taken.subject not in [each.subject for each in busy]
                busy.append(taken)
        elif busy:
            done = busy.pop(chance.randrange(len(busy)))
            if done.event.id in poisoned or chance.random() < 0.1:
                found.fail(done, "broken", now)
            else:
                found.succeed(done)
                handled.setdefault(done.subject, []).append(done.event.id)
    for subject, ids in handled.items():
        wanted = [each.id for each in stored.log if each.project == subject and each.id not in stored.dead]
        assert first_times(ids, stored.dead) == wanted
        assert_only_rewinds(ids, stored, subject)
    assert poisoned <= stored.dead


def first_times(ids, dead):
    return [each for each in dict.fromkeys(ids) if each not in dead]


def assert_only_rewinds(ids, stored, subject):
    """After a crash an observer may begin further back, and goes on from there in order: nothing is left out on the
    way to the next one but what became a dead letter."""
    order = [each.id for each in stored.log if each.project == subject]
    for before, after in itertools.pairwise(ids):
        if after > before:
            between = order[order.index(before) + 1 : order.index(after)]
            assert set(between) <= stored.dead, (before, after)
