"""The `late` scheduler: tells the truth, but late and in part, as a busy cluster does.

Half of the answers to `observe` and half of the list of `adopt` are left out, at random. Programs run under the
runner, through the folder that `docs/runner.md` specifies; each runner is a fresh interpreter.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from trainyard.runner import finish, lock, tombstone
from trainyard.runner.delivery import Delivery
from trainyard.runner.environ import base_of
from trainyard.runner.layout import Folder, fold, read_json, write_json, write_whole
from trainyard_core.contracts.scheduler import AttemptDiagnosis, Manifest, Scheduler, SchedulerRefused
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation, Phase, Workload
from trainyard_core.hookspecs import Context

__all__ = ["LateScheduler"]

_START_SECONDS = 20.0


class LateScheduler(Scheduler):
    """Answers late and lists incompletely. `chance` decides what is left out."""

    name = "late"

    def __init__(self, root: Path, chance: random.Random) -> None:
        self._root = root
        self._chance = chance
        self._delivery = Delivery()

    @classmethod
    def from_context(cls, context: Context) -> LateScheduler:
        """On `<folder>/late`."""
        root = context.folder / "late"
        root.mkdir(parents=True, exist_ok=True)
        return cls(root, random.Random())

    def render(self, workload: Workload) -> Manifest:
        self._folder(workload.ref)
        if not workload.command and not workload.args:
            raise SchedulerRefused("there is no command: give `container.command`")
        told: Manifest = msgspec.to_builtins(workload)
        del told["token"]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}

    async def submit(self, workload: Workload) -> None:
        folder, manifest = self._folder(workload.ref), self.render(workload)
        if folder.tombstone.exists() or folder.lock.exists():
            return
        folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(folder.token, workload.token.encode())
        write_json(folder.workload, manifest)
        await asyncio.to_thread(_start, folder.path)
        await asyncio.wait_for(_locked(folder), _START_SECONDS)

    async def observe(self, refs: Sequence[AttemptRef]) -> list[Observation]:
        seen = [await asyncio.to_thread(_look, self._folder(ref)) for ref in refs]
        for one in seen:
            if one is not None and one.phase is Phase.EXITED:
                self._delivery.deliver(self._folder(one.ref))
        return [one for one in seen if one is not None and self._chance.random() < 0.5]

    async def stop(self, ref: AttemptRef, *, grace: float) -> None:
        folder = self._folder(ref)
        if folder.tombstone.exists() or folder.exit.exists():
            return
        folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_json(folder.stop, {"grace": grace})
        await asyncio.to_thread(_take_before_start, folder)

    async def diagnose(self, ref: AttemptRef) -> list[AttemptDiagnosis]:
        folder = self._folder(ref)
        if await asyncio.to_thread(lock.probe, folder) is not lock.Held.DEAD or folder.exit.exists():
            return []
        return [
            AttemptDiagnosis("its runner is gone", f"nobody holds {folder.lock.name}", "wait: it is counted as lost")
        ]

    async def adopt(self) -> list[AttemptRef]:
        found = [path.parent for path in self._root.glob("[!.]*/*/lock") if self._chance.random() < 0.5]
        return [AttemptRef(path.parent.name, int(path.name)) for path in found]

    async def release(self, ref: AttemptRef) -> None:
        folder = self._folder(ref)
        self._delivery.forget(folder)
        if folder.path.exists():
            tombstone.entomb(folder)
            folder.path.rename(folder.tombstone.with_name(f"{folder.tombstone.name}.{time.time_ns()}"))

    async def aclose(self) -> None:
        await self._delivery.aclose()

    def _folder(self, ref: AttemptRef) -> Folder:
        try:
            return fold(self._root, ref.run, ref.attempt)
        except ValueError as error:
            raise SchedulerRefused(str(error)) from error


def _start(path: Path) -> None:
    command = [sys.executable, "-P", "-m", "trainyard.runner", "--detach", str(path)]
    subprocess.run(command, env=base_of(os.environ), stdin=subprocess.DEVNULL, check=True)


async def _locked(folder: Folder) -> None:
    while lock.probe(folder) is lock.Held.NEVER:
        await asyncio.sleep(0.01)


def _take_before_start(folder: Folder) -> None:
    """No runner starts what was stopped before."""
    handle = lock.claim_for_nobody(folder)
    if handle is not None:
        finish.conclude(folder, finish.End(reason="user", message="Stopped before it started."))
        os.close(handle)


def _look(folder: Folder) -> Observation | None:
    ref = AttemptRef(folder.run, folder.attempt)
    held = lock.probe(folder)
    if held is lock.Held.DEAD:
        finish.bury(folder)
    if folder.exit.exists():
        told = msgspec.json.decode(folder.exit.read_bytes(), type=Exit)
        return Observation(ref=ref, phase=Phase.EXITED, exit=told)
    started = read_json(folder.started)
    if held is lock.Held.NEVER:
        return Observation(ref=ref, phase=Phase.GONE) if finish.is_gone(folder) else None
    if started is None:
        return Observation(ref=ref, phase=Phase.STARTING)
    return Observation(ref=ref, phase=Phase.RUNNING, started_at=started["started_at"])
