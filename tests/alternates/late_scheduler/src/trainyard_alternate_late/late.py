"""The `late` scheduler: tells the truth, but late and in part, as a busy cluster does.

Half of the answers to `observe` and half of the list of `adopt` are left out, at random. Programs run under the
runner, through the folder that `docs/runner.md` specifies; each runner is a fresh interpreter.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from trainyard.runner import lock, tombstone
from trainyard.runner.delivery import Delivery
from trainyard.runner.layout import Folder, fold, write_json, write_whole
from trainyard_alternate_late.attempt_folder import locked, look, start, stop_before_start
from trainyard_core.contracts.scheduler import AttemptDiagnosis, Manifest, Scheduler, SchedulerRefused
from trainyard_core.contracts.workload import AttemptRef, Observation, Phase, Workload
from trainyard_core.hookspecs import Context

__all__ = ["LateScheduler"]


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
        await asyncio.to_thread(start, folder.path)
        await locked(folder)

    async def observe(self, refs: Sequence[AttemptRef]) -> list[Observation]:
        seen = [await asyncio.to_thread(look, self._folder(ref)) for ref in refs]
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
        await asyncio.to_thread(stop_before_start, folder)

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
