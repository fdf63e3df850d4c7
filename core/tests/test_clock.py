"""The machine's clock is set, ahead or back: nothing stands still, and nobody is given up for it."""

from __future__ import annotations

import pytest

from trainyard_core.api.limits import Buckets
from trainyard_core.clock import SECOND, SystemClock
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.db import uptime
from trainyard_core.errors import RateLimited
from trainyard_core.lifecycle import Status
from trainyard_core.policy import Policy
from trainyard_core.uptime import BREAK, Uptime
from trainyard_core.work.uptime import UptimeRecorder

DAY = 24 * 3600


class Walls:
    """The times that a machine shows, one after the other."""

    def __init__(self, *seconds: float) -> None:
        self._seconds = iter(seconds)

    def __call__(self) -> int:
        return int(next(self._seconds) * SECOND)


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ((100, 101, 100.5, 101.5), (100, 101, 101, 101.5)),
        ((100, 100 + DAY, 100 + DAY + 1), (100, 100 + DAY, 100 + DAY + 1)),
        ((DAY, 100, 101, 99.5), (DAY, 100, 101, 101)),
        ((100, 95, 94.9, 95), (100, 100, 94.9, 95)),
    ],
    ids=["corrected", "ahead", "back", "just too far"],
)
def test_a_small_step_back_is_waited_out_and_every_other_is_followed(shown, told):
    clock = SystemClock(Walls(*shown))
    assert [clock.now() for _ in shown] == [int(each * SECOND) for each in told]


async def heard(arrange) -> Uptime:
    return await arrange.database.read(uptime.get)


def listener_of(arrange) -> UptimeRecorder:
    return UptimeRecorder(arrange.database, arrange.clock, arrange.policy)


async def test_hearing_goes_on_over_several_listeners_and_begins_anew_after_a_break(arrange):
    one, began = listener_of(arrange), arrange.clock.now()
    await one.once()
    arrange.clock.turn(8)
    await one.once()
    assert await heard(arrange) == Uptime(began, began + 8 * SECOND)
    other = listener_of(arrange)
    await other.once()
    assert (await heard(arrange)).since == began + 8 * SECOND, "who has just begun has heard nothing before"
    for _ in range(3):
        arrange.clock.turn(9)
        await other.once()
    assert (await heard(arrange)).since == began + 8 * SECOND
    for jump in (BREAK / SECOND + 1, DAY, -DAY):
        at = arrange.clock.turn(jump)
        await one.once()
        assert await heard(arrange) == Uptime(at, at)


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
async def test_no_attempt_is_given_up_when_the_clock_is_set(arrange, jump):
    arrange.policy = Policy(lost_after=600.0)
    run, listener = await arrange.run(Status.RUNNING), listener_of(arrange)
    await listener.once()
    for _ in range(20):
        await arrange.orders()
        arrange.clock.turn(jump)
        assert await arrange.reconcile(run) is Status.RUNNING
        await listener.once()
        assert await arrange.reconcile(run) is Status.RUNNING


async def test_what_waits_goes_on_after_the_clock_was_set_back(arrange):
    listener = listener_of(arrange)
    await listener.once()
    retrying = await arrange.run(Status.RETRYING)
    draining = await arrange.run(Status.RUNNING)
    await arrange.report(await arrange.current(draining), Phase.EXITED, exit=Exit(code=0, writers={"a" * 32: 1}))
    timed = await arrange.run(Status.RUNNING, timeout_us=100 * SECOND)
    silent = await arrange.register("silent")
    await listener.once()
    at = arrange.clock.turn(-DAY)
    await listener.once()
    assert await arrange.reconcile(retrying) is Status.QUEUED
    rows = await arrange.database.read(lambda tx: tx.all("SELECT seen_at FROM agent WHERE name = ?", silent))
    assert rows[0]["seen_at"] == at
    await arrange.listen(61)
    assert await arrange.reconcile(draining) is Status.SUCCEEDED
    assert await arrange.reconcile(timed) is Status.RUNNING
    arrange.clock.turn(40)
    assert await arrange.reconcile(timed) is Status.STOPPING


async def test_a_restart_finds_what_an_earlier_server_wrote_ahead(arrange):
    await listener_of(arrange).once()
    run = await arrange.run(Status.RETRYING)
    arrange.clock.turn(-DAY)
    await listener_of(arrange).once()
    assert (await arrange.row(run))["wake_at"] == arrange.clock.now()


async def test_a_small_difference_of_two_servers_clocks_pulls_nothing_back(arrange):
    listener = listener_of(arrange)
    await listener.once()
    run = await arrange.run(Status.RETRYING)
    wake_at = (await arrange.row(run))["wake_at"]
    arrange.clock.turn(-9)
    await listener.once()
    assert (await arrange.row(run))["wake_at"] == wake_at


def test_who_asked_too_often_may_ask_again_after_the_clock_was_set_back():
    buckets = Buckets(rate=1, burst=1)
    buckets.take("a", at=DAY * SECOND)
    with pytest.raises(RateLimited):
        buckets.take("a", at=0)
    buckets.take("a", at=2 * SECOND)
