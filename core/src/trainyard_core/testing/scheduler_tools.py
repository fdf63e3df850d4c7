"""Helpers of the Scheduler suite: the harness, workloads of portable programs, and functions that wait.

A program is a `sh` script. It writes files below the harness's `scratch`, which programs see under the same path. A
program that is alive holds a lock together with its children; tests try to take that lock.
"""

from __future__ import annotations

import asyncio
import fcntl
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol, runtime_checkable

from trainyard_core.contracts.scheduler import Manifest, Scheduler
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation, Phase, Workload

__all__ = [
    "CrowdedHarness",
    "Replaced",
    "SchedulerHarness",
    "Submit",
    "clear",
    "ended",
    "is_free",
    "lines_of",
    "observed",
    "opened",
    "shell",
    "until",
]

PATIENCE = 30.0
"""Seconds after which a condition that did not come true fails its test."""
Submit = Callable[[Workload], Awaitable[AttemptRef]]
"""Submits a workload, which is cleared away at the end of the test."""


class SchedulerHarness(Protocol):
    """What an implementation provides for its tests."""

    scratch: Path
    """A folder that programs see under the same path."""

    def make_scheduler(self) -> Scheduler:
        """Make a new instance on the same storage, as another process would, or this one after a crash."""


@runtime_checkable
class CrowdedHarness(Protocol):
    """A harness of a scheduler that accepts attempts which it cannot start yet."""

    def crowded(self) -> AbstractContextManager[None]:
        """Within the block nothing more is started, though it is accepted; what was accepted starts after it."""


@asynccontextmanager
async def opened(harness: SchedulerHarness) -> AsyncIterator[Scheduler]:
    """A new instance, which is closed at the end."""
    scheduler = harness.make_scheduler()
    try:
        yield scheduler
    finally:
        await scheduler.aclose()


class Replaced(Scheduler):
    """A scheduler that makes a new instance for each call. An implementation that keeps necessary state in memory
    fails."""

    def __init__(self, harness: SchedulerHarness) -> None:
        self._harness = harness
        self.name = "replaced"

    def render(self, workload: Workload) -> Manifest:
        return self._harness.make_scheduler().render(workload)

    async def submit(self, workload: Workload) -> None:
        async with opened(self._harness) as scheduler:
            await scheduler.submit(workload)

    async def observe(self, refs: Sequence[AttemptRef]) -> list[Observation]:
        async with opened(self._harness) as scheduler:
            return await scheduler.observe(refs)

    async def stop(self, ref: AttemptRef, *, grace: float) -> None:
        async with opened(self._harness) as scheduler:
            await scheduler.stop(ref, grace=grace)

    async def adopt(self) -> list[AttemptRef]:
        async with opened(self._harness) as scheduler:
            return await scheduler.adopt()

    async def release(self, ref: AttemptRef) -> None:
        async with opened(self._harness) as scheduler:
            await scheduler.release(ref)

    async def aclose(self) -> None:
        return


def shell(script: str, *, attempt: int = 1, run: str = "", **more: object) -> Workload:
    """Return a workload of a new run that runs `script` with `sh`."""
    workload = Workload(
        run=run or str(uuid.uuid4()),
        attempt=attempt,
        project="suite",
        command=("sh", "-c", script),
        token="a-secret-of-the-suite",
    )
    fields = {name: getattr(workload, name) for name in workload.__struct_fields__}
    return Workload(**{**fields, **more})


async def until(condition: Callable[[], Awaitable[bool] | bool], what: str) -> None:
    """Check `condition` again and again until it is true. Fails with `what` after PATIENCE seconds."""
    deadline = time.monotonic() + PATIENCE
    while not (await found if isinstance(found := condition(), Awaitable) else found):
        assert time.monotonic() < deadline, f"waited {PATIENCE} s for: {what}"
        await asyncio.sleep(0.01)


async def observed(scheduler: Scheduler, ref: AttemptRef, *phases: Phase) -> Observation:
    """Return the first observation of `ref` in one of `phases`. A scheduler may report an attempt late."""
    seen: list[Observation] = []

    async def look() -> bool:
        seen[:] = [one for one in await scheduler.observe([ref]) if one.phase in phases]
        return bool(seen)

    await until(look, f"{ref} to be {' or '.join(phases)}")
    assert seen[0].ref == ref
    return seen[0]


async def ended(scheduler: Scheduler, ref: AttemptRef) -> Exit:
    """Wait until `ref` has ended and return its exit."""
    observation = await observed(scheduler, ref, Phase.EXITED)
    assert observation.exit is not None, "EXITED carries an exit"
    assert observation.exit.code is None or observation.exit.signal is None, "a code or a signal, not both"
    return observation.exit


async def clear(scheduler: Scheduler, refs: Sequence[AttemptRef]) -> None:
    """End and release these attempts, so that a test leaves nothing behind."""
    for ref in refs:
        await scheduler.stop(ref, grace=0)
    for ref in refs:
        await observed(scheduler, ref, Phase.EXITED, Phase.GONE)
        await scheduler.release(ref)


def lines_of(path: Path) -> list[str]:
    """Return the lines that programs appended to a file; none when there is no file."""
    return path.read_text().splitlines() if path.exists() else []


def is_free(path: Path) -> bool:
    """Return whether no living process holds the lock on this file, which scripts take by `exec 9>FILE; flock 9`."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
