"""When a run's own token is renewed, and what is made of each answer."""

from __future__ import annotations

import math

import pytest

from trainyard.track import renewal
from trainyard.track.renewal import Renewal, expiry_of
from trainyard.track.wire import Answer, Unreachable

NOW = 1_000_000.0


class Clock:
    def __init__(self):
        self.now = NOW

    def time(self):
        return self.now

    monotonic = time


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(renewal, "time", made)
    return made


@pytest.fixture
def asked():
    return []


def token(expires_in, number=1):
    return f"tyr.run.1.{int(NOW + expires_in)}.s{number}"


def renewing(tmp_path, asked, *answers):
    left = list(answers)

    def ask(used):
        asked.append(used)
        answer = left.pop(0)
        if isinstance(answer, str):
            return Answer(200, {"token": answer}, 0.0)
        if answer is None:
            raise Unreachable("down")
        return Answer(answer, {}, 0.0)

    return Renewal(tmp_path / "token", ask)


def test_it_is_due_when_half_of_the_time_that_was_left_is_over(tmp_path, clock, asked):
    old, new = token(100), token(150, 2)
    renews = renewing(tmp_path, asked, new)
    assert renews.fresh(old) == old
    clock.now += 49
    assert renews.fresh(old) == old
    assert asked == []
    clock.now += 2
    assert renews.fresh(old) == new
    assert asked == [old]
    assert (tmp_path / "token").read_text() == new
    assert [path.name for path in tmp_path.iterdir()] == ["token"]
    assert renews.fresh(new) == new
    assert asked == [old]


def test_a_server_whose_clock_is_a_day_behind_is_not_asked_with_each_request(tmp_path, clock, asked):
    known = token(-5)
    renews = renewing(tmp_path, asked, token(-5, 2), token(-5, 3))
    for _ in range(10):
        known = renews.fresh(known)
    assert (known, len(asked)) == (token(-5, 2), 1)
    clock.now += 61
    assert renews.fresh(known) == token(-5, 3)


def test_one_that_has_expired_is_renewed_at_once(tmp_path, clock, asked):
    renews = renewing(tmp_path, asked, token(100, 2))
    assert renews.fresh(token(-5)) == token(100, 2)


def test_a_server_that_is_away_is_asked_again_with_growing_pauses(tmp_path, clock, asked):
    old = token(-5)
    renews = renewing(tmp_path, asked, None, 503, None, token(100, 2))
    times = []
    for _ in range(80):
        if renews.fresh(old) != old:
            break
        if len(asked) > len(times):
            times.append(clock.now - NOW)
        clock.now += 0.5
    assert times == [0.0, 1.0, 3.0]
    assert len(asked) == 4


@pytest.mark.parametrize("status", [401, 403, 404, 409])
def test_a_refusal_is_not_asked_for_again(tmp_path, clock, asked, status):
    old = token(-5)
    renews = renewing(tmp_path, asked, status)
    for _ in range(5):
        assert renews.fresh(old) == old
        clock.now += 1000
    assert asked == [old]


def test_other_tokens_are_never_renewed(tmp_path, clock, asked):
    renews = renewing(tmp_path, asked)
    clock.now += 1e9
    assert renews.fresh("ty.secret") == "ty.secret"
    assert renews.replacement("ty.secret") == ""
    assert asked == []


@pytest.mark.parametrize("text", ["", "ty.x", "tyr.", "tyr.a.1.x.s", "tyr.a.1.12", "plain"])
def test_what_is_no_runs_token_never_expires(text):
    assert expiry_of(text) == math.inf


def test_the_token_is_in_no_repr(tmp_path, clock, asked):
    renews = renewing(tmp_path, asked)
    renews.fresh(token(100))
    assert "tyr." not in repr(renews)
