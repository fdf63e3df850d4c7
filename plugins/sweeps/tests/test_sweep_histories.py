"""What is kept of the metrics of trials while they run: read once, and from there on."""

from __future__ import annotations

import math

import pytest
from early_stopping import begin, policy, served
from hypothesis import given
from hypothesis import strategies as st

from trainyard_core.contracts.tracker import Point, Series
from trainyard_core.directing import directors
from trainyard_core.testing.background import until
from trainyard_sweeps.histories import Histories, LoggedPoints
from trainyard_sweeps.history import History

STEPS = st.integers(min_value=0, max_value=30)
POINTS = st.lists(st.tuples(STEPS, st.floats(allow_nan=True, allow_infinity=True)), max_size=20)


class Shelf:
    """What reads series: it has one run, and keeps a book of what was asked of it."""

    def __init__(self, **series: dict[int, float]) -> None:
        self.rows = {name: [*values.items()] for name, values in series.items()}
        self.asked: list[tuple[list[str], int | None]] = []

    def log(self, name: str, step: int, value: float) -> None:
        """One row more; several of a step stay in the order in which they came."""
        self.rows.setdefault(name, []).append((step, value))

    def retry(self, name: str, values: dict[int, float]) -> None:
        """A second attempt has logged these, and what the first one has from there on does not count any more."""
        self.rows[name] = [row for row in self.rows[name] if row[0] < min(values)] + [*values.items()]

    async def read_series(self, run, names, *, first=None, attempt=0):
        self.asked.append(([*names], first))
        found = []
        for name in names:
            rows = sorted((row for row in self.rows.get(name, []) if row[0] >= (first or 0)), key=lambda row: row[0])
            buckets = [Point(step=step, until=step, time=step, min=v, max=v, last=v) for step, v in rows]
            found.append(Series(name=name, total=len(buckets), points=buckets))
        return found


async def test_what_has_grown_is_read_from_the_last_step_that_is_known():
    shelf = Shelf(loss={1: 0.9, 2: 0.8}, accuracy={})
    histories = Histories(["loss", "accuracy"])
    assert await histories.refresh([LoggedPoints("a", 2)], shelf) == {"a"}
    shelf.log("loss", 2, 0.7)
    shelf.log("loss", 3, 0.6)
    shelf.log("accuracy", 1, 0.5)
    assert await histories.refresh([LoggedPoints("a", 5)], shelf) == {"a"}
    assert shelf.asked == [(["loss", "accuracy"], None), (["loss"], 2), (["accuracy"], None)]
    assert histories.of("a")["loss"].steps == [1, 2, 3]
    assert histories.of("a")["loss"].values == [0.9, 0.7, 0.6]
    assert histories.of("a")["accuracy"].values == [0.5]


async def test_a_trial_that_is_tried_again_is_heard_of_from_its_start():
    shelf = Shelf(loss={1: 0.9, 2: 0.8, 3: 0.7})
    histories = Histories(["loss"])
    await histories.refresh([LoggedPoints("a", 3)], shelf)
    shelf.log("loss", 1, 0.5)
    await histories.refresh([LoggedPoints("a", 4)], shelf)
    assert histories.of("a")["loss"].values == [0.5, 0.8, 0.7]
    assert [first for _, first in shelf.asked] == [None, 3, None]


@pytest.mark.parametrize(
    ("again", "total"),
    [({2: 0.3, 3: 0.2, 4: 0.1}, 4), ({0: 0.5}, 1), ({3: 0.1}, 3)],
    ids=["more points than before", "fewer", "as many"],
)
async def test_points_that_a_later_attempt_has_logged_again_are_forgotten(again, total):
    shelf = Shelf(loss={1: 0.9, 2: 0.8, 3: 0.7})
    histories = Histories(["loss"])
    await histories.refresh([LoggedPoints("a", 3)], shelf)
    shelf.retry("loss", again)
    assert await histories.refresh([LoggedPoints("a", total, attempt=2)], shelf) == {"a"}
    assert histories.of("a")["loss"].steps == [step for step, _ in shelf.rows["loss"]]
    assert histories.of("a")["loss"].values == [value for _, value in shelf.rows["loss"]]


async def test_nothing_is_read_of_a_trial_that_has_logged_nothing():
    shelf = Shelf()
    histories = Histories(["loss"])
    await histories.refresh([LoggedPoints("a", 0)], shelf)
    assert (shelf.asked, histories.of("a")) == ([], {})


async def test_what_has_not_grown_is_not_read():
    shelf = Shelf(loss={1: 0.9})
    histories = Histories(["loss"])
    await histories.refresh([LoggedPoints("a", 1)], shelf)
    assert await histories.refresh([LoggedPoints("a", 1)], shelf) == set()
    assert len(shelf.asked) == 1


@given(whole=st.dictionaries(STEPS, st.floats(allow_nan=False, allow_infinity=False), max_size=20), cut=STEPS)
def test_a_history_that_was_read_on_is_the_one_that_is_read_at_once(whole, cut):
    points = sorted(whole.items())
    history = History((step, 5.0 if step == cut else value) for step, value in points if step <= cut)
    history.average(30)
    history.extend((step, value) for step, value in points if step >= cut)
    at_once = History(points)
    assert (history.steps, history.values) == (at_once.steps, at_once.values)
    assert history.average(30) == at_once.average(30)


@given(POINTS, POINTS)
def test_steps_rise_and_values_are_finite_whatever_comes(first, second):
    history = History(first)
    history.extend(second)
    assert history.steps == sorted(set(history.steps))
    assert len(history.steps) == len(history.values)
    assert all(math.isfinite(value) for value in history.values)


async def test_a_sweep_that_nobody_wakes_is_forgotten_here_and_known_again_when_it_is_woken(
    database_url, tmp_path, monkeypatch
):
    async with served(database_url, tmp_path / "data") as web:
        monkeypatch.setattr(directors, "IDLE", 0.05)
        sweep, _ = await begin(web, policy("median", minSamples=1), trials=2, parallel=2)

        async def forgotten():
            return not web.runtime.directors.knows(sweep)

        await until(forgotten)
        web.runtime.directors.wake(sweep)
        assert web.runtime.directors.knows(sweep)
