"""The part of the Scheduler suite (see `scheduler_suite`) about delivery: what a program writes reaches the
platform."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from trainyard_core.contracts.scheduler import Scheduler
from trainyard_core.contracts.workload import Workload
from trainyard_core.testing.receiver import Receiver
from trainyard_core.testing.scheduler_tools import (
    PATIENCE,
    SchedulerHarness,
    Submit,
    clear,
    ended,
    opened,
    shell,
    until,
)

__all__ = ["DeliveryPromises"]

_KILLER = """
import os, pathlib, sys, time, trainyard
print("line", flush=True)
print(os.environ["TRAINYARD_PARAMS"], flush=True)
while not pathlib.Path(sys.argv[1], "go").exists():
    time.sleep(0.05)
run = trainyard.init()
run.log({"loss": 0.5}, step=1)
run.log({"loss": 0.25}, step=2)
pathlib.Path(sys.argv[1], "killed").touch()
os.kill(os.getppid(), 9)
time.sleep(60)
"""


class DeliveryPromises:
    """What a program writes arrives: while it runs, after its end, and when its supervisor was killed."""

    @pytest.fixture
    def receiver(self) -> Iterator[Receiver]:
        """A server that stands for the platform."""
        with Receiver() as receiver:
            yield receiver

    async def test_output_arrives_while_the_program_runs_and_all_of_it_after_its_end(
        self, scheduler: Scheduler, submit: Submit, harness: SchedulerHarness, receiver: Receiver
    ) -> None:
        script = f"echo early; until [ -e {harness.scratch}/go ]; do sleep 0.05; done; echo late >&2; exit 2"
        workload = shell(script, url=receiver.url)
        await submit(workload)
        await until(lambda: receiver.has("early"), "the first line to arrive")
        (harness.scratch / "go").touch()
        told = await ended(scheduler, workload.ref)
        await until(lambda: receiver.has_all(told.writers), "everything to arrive")
        assert (told.code, receiver.lines()) == (2, ["early", "late"])
        assert receiver.tokens == {workload.token}

    async def test_the_end_waits_for_no_platform_and_what_was_written_arrives_once_it_is_back(
        self, harness: SchedulerHarness, receiver: Receiver
    ) -> None:
        receiver.down = True
        async with opened(harness) as scheduler:
            workload = shell("echo line; exit 2", url=receiver.url)
            await scheduler.submit(workload)
            told = await ended(scheduler, workload.ref)
            assert (told.code, receiver.lines()) == (2, [])
            receiver.down = False
            await until(lambda: receiver.has_all(told.writers), "everything to arrive")
            assert receiver.lines() == ["line"]
            await clear(scheduler, [workload.ref])

    async def test_what_a_program_wrote_whose_supervisor_was_killed_arrives(
        self, harness: SchedulerHarness, receiver: Receiver
    ) -> None:
        """Its lines, its params among them, and its metrics. The program kills its parent process, which is the
        supervisor. A scheduler whose supervisors are not the parents of programs overrides this test."""
        async with opened(harness) as scheduler:
            workload = await self._killed(scheduler, harness, receiver)
            told = await ended(scheduler, workload.ref)
            assert (told.code, told.signal, told.retryable) == (None, None, True)
        receiver.down = False
        async with opened(harness) as other:
            assert await ended(other, workload.ref) == told
            await until(lambda: receiver.has_all(told.writers), "everything to arrive")
            assert (receiver.lines(), receiver.points()["loss"]) == (["line", '{"lr": 0.5}'], 2)
            await clear(other, [workload.ref])

    async def test_shipping_leaves_the_threads_of_the_loop_to_others(
        self, harness: SchedulerHarness, receiver: Receiver
    ) -> None:
        """The scheduler may run in the process of the platform, which then needs the threads of the same loop to
        answer."""
        async with opened(harness) as scheduler:  # it is closed before the end, so it ships nothing
            workload = await self._killed(scheduler, harness, receiver)
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        receiver.answers.clear()
        receiver.down = False
        async with opened(harness) as other:
            told = await ended(other, workload.ref)
            await until(receiver.asked.is_set, "something to be shipped")
            await asyncio.wait_for(asyncio.to_thread(receiver.answers.set), PATIENCE)
            await until(lambda: receiver.has_all(told.writers), "everything to arrive")
            assert not receiver.given_up.is_set()
            await clear(other, [workload.ref])

    async def _killed(self, scheduler: Scheduler, harness: SchedulerHarness, receiver: Receiver) -> Workload:
        """Submit an attempt whose supervisor is killed while the platform is down, after its lines have arrived."""
        command = (sys.executable, "-c", _KILLER, str(harness.scratch))
        workload = shell("", command=command, params={"lr": 0.5}, url=receiver.url)
        await scheduler.submit(workload)
        await until(lambda: receiver.has('{"lr": 0.5}'), "the lines to arrive")
        receiver.down = True
        (harness.scratch / "go").touch()
        await until((harness.scratch / "killed").exists, "the program to kill its supervisor")
        return workload
