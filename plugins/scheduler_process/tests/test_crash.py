"""Everything around an attempt is killed: its fork server, its scheduler's process, its runner, at random."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from trainyard.runner import failpoints, lock
from trainyard.runner.layout import fold
from trainyard_core.contracts.scheduler import Scheduler
from trainyard_core.contracts.workload import Phase, Workload
from trainyard_core.testing.scheduler_tools import clear, ended, lines_of, observed, opened, shell, until

AGENT = """
import asyncio, sys
from pathlib import Path
import msgspec
from trainyard_core.contracts.workload import Workload
from trainyard_core.hookspecs import Context
from trainyard_scheduler_process.scheduler import ProcessScheduler
from trainyard_scheduler_process.settings import Settings

async def main() -> None:
    scheduler = ProcessScheduler.from_context(Context(folder=Path(sys.argv[1]), settings=Settings(cpu=4)))
    for line in sys.stdin:
        await scheduler.submit(msgspec.json.decode(line, type=Workload))
        print("submitted", scheduler._launcher.server_pid, flush=True)

asyncio.run(main())
"""


def agent(folder: Path, **env: str) -> subprocess.Popen[str]:
    """A process that submits the workloads it reads, through a scheduler of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", AGENT, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **env},
    )


def told(workload: Workload) -> str:

    return msgspec.json.encode(workload).decode() + "\n"


async def test_the_exit_is_exact_after_all_but_the_runner_was_killed(site: Any) -> None:
    workload = shell(f"echo x > {site.scratch}/up; until [ -e {site.scratch}/go ]; do sleep 0.05; done; exit 42")
    with agent(site.folder) as process:
        assert process.stdin and process.stdout
        process.stdin.write(told(workload))
        process.stdin.flush()
        word, server = (await asyncio.to_thread(process.stdout.readline)).split()
        assert word == "submitted"
        os.kill(int(server), signal.SIGKILL)
        process.kill()

    async def up() -> bool:
        return bool(lines_of(site.scratch / "up"))

    await until(up, "the program to be up")
    (site.scratch / "go").touch()
    async with opened(site) as scheduler:
        assert (await ended(scheduler, workload.ref)).code == 42
        await clear(scheduler, [workload.ref])


async def test_the_fork_server_ends_with_its_scheduler_and_harms_no_runner(site: Any) -> None:
    workload = shell(f"until [ -e {site.scratch}/go ]; do sleep 0.05; done; exit 7")
    with agent(site.folder) as process:
        assert process.stdin and process.stdout
        process.stdin.write(told(workload))
        process.stdin.flush()
        server = int((await asyncio.to_thread(process.stdout.readline)).split()[1])
        handle = os.pidfd_open(server)
        process.kill()
    await _end_of(handle)
    (site.scratch / "go").touch()
    async with opened(site) as scheduler:
        assert (await ended(scheduler, workload.ref)).code == 7
        await clear(scheduler, [workload.ref])


async def test_a_killed_fork_server_is_replaced(site: Any) -> None:
    async with opened(site) as scheduler:
        first, second = shell("exit 1"), shell("exit 2")
        await scheduler.submit(first)
        os.kill(scheduler._launcher.server_pid, signal.SIGKILL)
        await scheduler.submit(second)
        assert (await ended(scheduler, first.ref)).code == 1
        assert (await ended(scheduler, second.ref)).code == 2
        await clear(scheduler, [first.ref, second.ref])


async def test_without_a_fork_server_a_fresh_interpreter_does(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainyard.runner.forkclient.ForkServer.launch", lambda *_: False)
    async with opened(site) as scheduler:
        workload = shell("exit 9")
        await scheduler.submit(workload)
        assert (await ended(scheduler, workload.ref)).code == 9
        await clear(scheduler, [workload.ref])


@pytest.mark.parametrize("point", failpoints.POINTS)
async def test_a_runner_killed_at_any_point_ends_the_attempt_once(
    site: Any, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(failpoints.VARIABLE, f"{point}:{site.scratch}/marker")
    async with opened(site) as scheduler:
        workload = shell(f"echo x >> {site.scratch}/starts; exit 5")
        await scheduler.submit(workload)
        exit_ = await ended(scheduler, workload.ref)
        assert (exit_.code, exit_.reason) in {(5, ""), (None, "lost")}
        assert lines_of(site.scratch / "starts") in ([], ["x"])
        if exit_.code == 5:
            assert lines_of(site.scratch / "starts") == ["x"]

        async def killed() -> bool:
            return bool((site.scratch / "marker").exists())

        await until(killed, f"the runner to meet {point}")
        await clear(scheduler, [workload.ref])


async def test_random_kills_neither_lose_nor_double_an_attempt(site: Any) -> None:
    """Agents that submit, and runners, are killed at random; a last scheduler finds an end for every attempt."""
    chance = random.Random(20)
    workloads = [shell(f"echo $$ >> {site.scratch}/{number}; sleep 0.05; exit 3") for number in range(20)]
    for start in range(0, 20, 5):
        with agent(site.folder) as process:
            assert process.stdin and process.stdout
            process.stdin.write("".join(told(workload) for workload in workloads[start : start + 5]))
            process.stdin.flush()
            for _ in range(chance.randrange(6)):
                await asyncio.to_thread(process.stdout.readline)
            process.kill()
        _kill_some(site.root, workloads[: start + 5], chance)
    async with opened(site) as scheduler:
        await asyncio.gather(*(scheduler.submit(workload) for workload in workloads))
        for number, workload in enumerate(workloads):
            exit_ = await ended(scheduler, workload.ref)
            assert (exit_.code, exit_.reason) in {(3, ""), (None, "lost")}
            assert len(lines_of(site.scratch / str(number))) <= 1
        await clear(scheduler, [workload.ref for workload in workloads])


async def test_a_runner_killed_leaves_no_child_that_lives_on(site: Any) -> None:
    async with opened(site) as scheduler:
        script = (
            f"(setsid sh -c 'echo x > {site.scratch}/up; sleep 1000') & (trap '' TERM HUP; sleep 1000) & sleep 1000"
        )
        workload = shell(script)
        await scheduler.submit(workload)

        async def up() -> bool:
            return bool(lines_of(site.scratch / "up"))

        await until(up, "the children to be up")
        await _kill_runner(scheduler, site.root, workload)
        assert (await ended(scheduler, workload.ref)).reason == "lost"
        await clear(scheduler, [workload.ref])


async def _kill_runner(scheduler: Scheduler, root: Path, workload: Workload) -> None:
    await observed(scheduler, workload.ref, Phase.RUNNING)
    owner = lock.owner(fold(root, workload.run, workload.attempt))
    assert owner is not None
    os.kill(owner.pid, signal.SIGKILL)


def _kill_some(root: Path, workloads: list[Workload], chance: random.Random) -> None:
    for workload in workloads:
        folder = fold(root, workload.run, 1)
        owner = lock.owner(folder)
        if owner is not None and lock.probe(folder) is lock.Held.LIVE and chance.random() < 0.5:
            try:
                os.kill(owner.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


async def _end_of(handle: int) -> None:
    """Until the process of this pidfd has ended."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(handle, over.set)
    try:
        await asyncio.wait_for(over.wait(), 30)
    finally:
        loop.remove_reader(handle)
        os.close(handle)
