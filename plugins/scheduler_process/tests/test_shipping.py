"""What a program wrote reaches the platform, also when the runner, or the platform, was away."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

from trainyard.runner import address, lock
from trainyard.runner.layout import fold
from trainyard.track import spool
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.testing.receiver import Receiver
from trainyard_core.testing.scheduler_tools import clear, ended, observed, opened, shell, until


async def all_of(runtime: Receiver, told: Exit) -> None:
    """Until the platform has every frame that the exit promises."""
    await until(lambda: runtime.has_all(told.writers), "the platform to have every frame")


async def test_release_ends_a_runner_that_cannot_deliver(site: Any, runtime: Any) -> None:
    runtime.down = True
    async with opened(site) as scheduler:
        workload = shell("echo line", url=runtime.url)
        await scheduler.submit(workload)
        await ended(scheduler, workload.ref)
        await scheduler.release(workload.ref)
        assert not fold(site.root, workload.run, 1).path.exists()


async def test_two_schedulers_deliver_once(site: Any, runtime: Any) -> None:
    runtime.down = True
    async with opened(site) as one, opened(site) as other:
        workload = shell("echo line; sleep 1000", url=runtime.url)
        await one.submit(workload)
        folder = fold(site.root, workload.run, 1)

        await until(lambda: spool.pending(folder.spool) > 0, "the line to be in the spool")
        owner = lock.owner(folder)
        assert owner is not None
        os.kill(owner.pid, signal.SIGKILL)
        runtime.down = False
        told, again = await asyncio.gather(ended(one, workload.ref), ended(other, workload.ref))
        assert told == again
        await all_of(runtime, told)
        await clear(one, [workload.ref])


async def test_watch_tells_of_a_runner_that_was_killed(site: Any) -> None:
    async with opened(site) as scheduler:
        workload = shell("sleep 1000")
        await scheduler.submit(workload)
        await observed(scheduler, workload.ref, Phase.RUNNING)
        owner = lock.owner(fold(site.root, workload.run, 1))
        assert owner is not None
        os.kill(owner.pid, signal.SIGKILL)
        stream = scheduler.watch()
        async with asyncio.timeout(30):
            async for seen in stream:
                if seen.phase is Phase.EXITED:
                    assert seen.reason == "lost"
                    break
        await stream.aclose()
        await clear(scheduler, [workload.ref])


async def test_a_life_whose_server_moves_in_the_middle_loses_nothing(site: Any, runtime: Any, moved: Any) -> None:
    script = f"echo early; until [ -e {site.scratch}/go ]; do sleep 0.05; done; echo late"
    workload = shell(script, url=runtime.url)
    scheduler = site.make_scheduler(runtime.url)
    await scheduler.submit(workload)

    await until(lambda: runtime.has("early"), "the first line to arrive")
    await scheduler.aclose()
    runtime.down = True
    (site.scratch / "go").touch()
    scheduler = site.make_scheduler(moved.url)
    told = await ended(scheduler, workload.ref)
    await all_of(moved, told)
    assert moved.lines() == ["early", "late"]
    assert moved.tokens == {workload.token}
    await clear(scheduler, [workload.ref])
    await scheduler.aclose()


async def test_what_a_killed_runner_left_is_delivered_to_a_server_that_moves(
    site: Any, runtime: Any, moved: Any
) -> None:
    runtime.down = True
    scheduler = site.make_scheduler(runtime.url)
    workload = shell("echo line; sleep 1000", url=runtime.url)
    await scheduler.submit(workload)
    folder = fold(site.root, workload.run, 1)

    await until(lambda: spool.pending(folder.spool) > 0, "the line to be in the spool")
    owner = lock.owner(folder)
    assert owner is not None
    os.kill(owner.pid, signal.SIGKILL)
    told = await ended(scheduler, workload.ref)
    address.publish(site.root, moved.url)
    await all_of(moved, told)
    await clear(scheduler, [workload.ref])
    await scheduler.aclose()


async def test_a_scheduler_that_knows_no_server_leaves_the_address_as_it_is(site: Any, runtime: Any) -> None:
    for url in (runtime.url, ""):
        await site.make_scheduler(url).aclose()
    assert (site.root / ".server").read_text() == runtime.url
