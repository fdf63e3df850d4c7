"""Runs that are only tracked and fall silent: maintenance finds them, and the policy may give them up."""

from __future__ import annotations

from pathlib import Path

import pytest
from web import Web, token_of

from trainyard.client import AsyncClient
from trainyard.track.shipper import SLOWEST
from trainyard_core.lifecycle import Reason
from trainyard_core.registry import Registry
from trainyard_core.runtime import Runtime
from trainyard_core.settings import Settings
from trainyard_core.testing.factories import Arrange, HandClock
from trainyard_core.testing.frames import metric

W = "a" * 32


@pytest.fixture
async def listening(database_url, tmp_path: Path):
    """A platform that gives silent runs up after 100 seconds, and a run that is only tracked."""
    settings = Settings(data=tmp_path / "data", database=database_url, tracked_silence=100)
    clock = HandClock()
    async with Runtime.open(settings, Registry.load(["tracker_folder"]), clock=clock) as runtime:
        arrange = await Arrange(runtime.database, clock=clock, policy=runtime.policy).ground()
        yield runtime, arrange


async def told(arrange, run):
    row = await arrange.row(run)
    return row["status"], row["reason"]


async def test_a_silent_run_is_unreachable_then_lost_and_one_that_speaks_is_neither(listening):
    runtime, arrange = listening
    maintainer = runtime.maintainer()
    web = Web(runtime, arrange, await token_of(runtime, "admin", role="admin", at=arrange.clock.now()), AsyncClient)
    run, mute = (await web.tracked()).id, (await web.tracked()).id
    for seq in range(1, 4):
        await arrange.listen(40)
        await web.admin.runs.append(run, metric(W, seq, {"loss": [1.0]}))
        await maintainer.once()
    assert await told(arrange, run) == ("running", "")
    assert await told(arrange, mute) == ("failed", Reason.LOST)
    await arrange.listen(60)
    await maintainer.once()
    assert await told(arrange, run) == ("running", Reason.UNREACHABLE)
    await web.admin.runs.append(run, metric(W, 4, {"loss": [1.0]}))
    await maintainer.once()
    assert await told(arrange, run) == ("running", "")
    await arrange.listen(100)
    await maintainer.once()
    assert await told(arrange, run) == ("failed", Reason.LOST)
    await web.admin.aclose()
    await web.bare.aclose()


async def test_without_a_limit_silence_is_no_end(arrange, web):
    run = (await web.tracked()).id
    await web.arrange.listen(1e6)
    await web.runtime.maintainer().once()
    assert (await web.admin.runs.get(run)).status == "running"


async def test_the_time_in_which_nobody_listened_is_no_silence(listening):
    runtime, arrange = listening
    maintainer, listener = runtime.maintainer(), runtime.uptime_recorder()
    web = Web(runtime, arrange, await token_of(runtime, "admin", role="admin", at=arrange.clock.now()), AsyncClient)
    run = (await web.tracked()).id
    await listener.once()
    arrange.clock.turn(1000)
    await maintainer.once()
    assert await told(arrange, run) == ("running", ""), "nobody has listened, and nobody says so yet"
    await runtime.uptime_recorder().once()
    for seconds in (5, 5):
        arrange.clock.turn(seconds)
        await listener.once()
        await maintainer.once()
    assert await told(arrange, run) == ("running", "")
    for _ in range(5):
        arrange.clock.turn(9)
        await listener.once()
        await maintainer.once()
    assert await told(arrange, run) == ("running", Reason.UNREACHABLE)
    for _ in range(5):
        arrange.clock.turn(9)
        await listener.once()
        await maintainer.once()
    assert await told(arrange, run) == ("failed", Reason.LOST)
    await web.aclose()


def test_whoever_has_the_last_frames_tries_several_times_before_they_are_given_up(tmp_path):
    """A server that was away gives them `drain` seconds from its return, and a shipper may have begun its longest
    pause a moment before that."""
    assert Settings(data=tmp_path).drain >= 3 * SLOWEST
