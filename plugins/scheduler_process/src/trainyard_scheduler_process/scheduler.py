"""The `process` scheduler: attempts as processes of this machine, each supervised by its own small runner.

It adapts the contract to attempts' folders: what a folder means is the runner's (`docs/runner.md`), what is done to
folders is `attempts`. An instance holds a warm fork server, sockets and deliveries, nothing that matters: any number
of instances, in any number of processes, may share one root. Linux only.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec

from trainyard.runner import address
from trainyard.runner.delivery import Delivery
from trainyard.runner.layout import Folder, fold
from trainyard_core.contracts.scheduler import (
    AttemptStream,
    Capacity,
    Facts,
    Manifest,
    Scheduler,
    SchedulerRefused,
    SupportsCapacity,
    SupportsExec,
    SupportsFacts,
    SupportsLogs,
    SupportsProxy,
    SupportsWatch,
)
from trainyard_core.contracts.workload import AttemptRef, Observation, Phase, Workload
from trainyard_core.hookspecs import Context
from trainyard_scheduler_process import attempt_streams, attempts
from trainyard_scheduler_process.check import FACTS
from trainyard_scheduler_process.launcher import Launcher, runner_environment
from trainyard_scheduler_process.machine import Machine, machine_of
from trainyard_scheduler_process.manifest import manifest_of, secrets_of
from trainyard_scheduler_process.watch import watch

__all__ = ["ProcessScheduler"]

_log = logging.getLogger(__name__)
_TIDY_SECONDS = 3600.0


class ProcessScheduler(
    Scheduler, SupportsFacts, SupportsWatch, SupportsCapacity, SupportsExec, SupportsLogs, SupportsProxy
):
    """Attempts as processes of this machine. See the module."""

    name = "process"

    def __init__(self, root: Path, machine: Machine, launcher: Launcher) -> None:
        self._root = root
        self._machine = machine
        self._launcher = launcher
        self._delivery = Delivery()
        self._identity = _identity(root)
        self._warned = False
        self._tidy_at = 0.0

    @classmethod
    def from_context(cls, context: Context) -> ProcessScheduler:
        """A scheduler on `<folder>/attempts`, whose runs report to the context's URL from now on, also those that
        live already."""
        root = (context.folder / "attempts").resolve()
        root.mkdir(parents=True, exist_ok=True)
        machine = machine_of(context.settings, os.environ)
        if context.url:
            address.publish(root, context.url)
        return cls(root, machine, Launcher(runner_environment(os.environ)))

    def render(self, workload: Workload) -> Manifest:
        return manifest_of(workload, self._machine.devices)

    async def submit(self, workload: Workload) -> None:
        manifest = self.render(workload)
        folder = self._folder(workload.ref)
        private = attempts.Private(workload.token, secrets_of(workload))
        await asyncio.to_thread(attempts.submit, folder, manifest, private, self._launcher.launch)

    async def observe(self, refs: Sequence[AttemptRef]) -> list[Observation]:
        folders = [fold(self._root, ref.run, ref.attempt) for ref in refs if self._is_ours(ref)]
        seen = await asyncio.to_thread(self._look_at, folders)
        for folder, observation in zip(folders, seen, strict=True):
            if observation is not None and observation.phase is Phase.EXITED:
                self._delivery.deliver(folder)
        return [observation for observation in seen if observation is not None]

    def _look_at(self, folders: Sequence[Folder]) -> list[Observation | None]:
        """What each folder tells. None of them is gone for lying in a root that was taken away, as by an unmount: what
        was there may come back."""
        seen = [_look(folder) for folder in folders]
        if not any(one is not None and one.phase is Phase.GONE for one in seen) or self._is_in_place():
            return seen
        return [None if one is None or one.phase is Phase.GONE else one for one in seen]

    def _is_in_place(self) -> bool:
        """Whether the root is the folder that this instance began with. That it is not is told once."""
        if _identity(self._root) == self._identity:
            return True
        if not self._warned:
            self._warned = True
            _log.error(
                "%s is not the folder that it was: the attempts in it cannot be told of. Mount it again; if they are"
                " lost, restart this agent and they are tried again.",
                self._root,
            )
        return False

    async def stop(self, ref: AttemptRef, *, grace: float) -> None:
        await asyncio.to_thread(attempts.request_stop, self._folder(ref), grace)

    async def adopt(self) -> list[AttemptRef]:
        if time.monotonic() >= self._tidy_at:
            self._tidy_at = time.monotonic() + _TIDY_SECONDS
            await asyncio.to_thread(attempts.tidy, self._root)
        folders = await asyncio.to_thread(lambda: list(attempts.attempts_in(self._root)))
        return [AttemptRef(folder.run, folder.attempt) for folder in folders]

    async def release(self, ref: AttemptRef) -> None:
        folder = self._folder(ref)
        self._delivery.forget(folder)
        await asyncio.to_thread(attempts.release, folder)

    async def aclose(self) -> None:
        await self._delivery.aclose()
        await asyncio.to_thread(self._launcher.close)

    def facts(self) -> Facts:
        return FACTS

    async def capacity(self) -> Capacity:
        return self._machine.capacity

    def logs(self, ref: AttemptRef, *, tail: int, follow: bool) -> AsyncIterator[bytes]:
        return attempt_streams.log_of(self._folder(ref), tail=tail, follow=follow)

    async def exec(self, ref: AttemptRef, command: Sequence[str]) -> AttemptStream:
        return await attempt_streams.start(self._folder(ref), command)

    async def proxy(self, ref: AttemptRef, port: int) -> AttemptStream:
        return await attempt_streams.connect(self._folder(ref), port)

    def watch(self) -> AsyncIterator[Observation]:
        return watch(self, self._root / ".watch")

    def _folder(self, ref: AttemptRef) -> Folder:
        try:
            return fold(self._root, ref.run, ref.attempt)
        except ValueError as error:
            raise SchedulerRefused(str(error)) from error

    def _is_ours(self, ref: AttemptRef) -> bool:
        try:
            fold(self._root, ref.run, ref.attempt)
        except ValueError:
            return False
        return True


def _identity(root: Path) -> tuple[int, int] | None:
    """What tells a folder from another one of its name; None when there is none."""
    try:
        told = root.stat()
    except OSError:
        return None
    return told.st_dev, told.st_ino


def _look(folder: Folder) -> Observation | None:
    """What can be told now. Trouble with one folder is recorded and says nothing of its attempt."""
    try:
        return attempts.look(folder)
    except (OSError, ValueError, KeyError, msgspec.MsgspecError) as error:
        _log.warning("cannot tell how %s/%s is: %s", folder.run, folder.attempt, error)
        return None
