"""The `instant` scheduler: an attempt has ended with code 0 as soon as it is submitted. Nothing is run.

It shows what the platform itself costs. Its memory is this process's: instances of one folder share it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trainyard_core.contracts.scheduler import Manifest, Scheduler
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation, Phase, Workload
from trainyard_core.hookspecs import Context

__all__ = ["InstantScheduler"]

_EXITS: dict[Path, dict[AttemptRef, Exit]] = {}


class InstantScheduler(Scheduler):
    """Ends everything at once."""

    name = "instant"

    def __init__(self, exits: dict[AttemptRef, Exit]) -> None:
        self._exits = exits

    @classmethod
    def from_context(cls, context: Context) -> InstantScheduler:
        """One for each folder, however many instances."""
        return cls(_EXITS.setdefault(context.folder, {}))

    def render(self, workload: Workload) -> Manifest:
        return {"run": workload.run, "attempt": workload.attempt}

    async def submit(self, workload: Workload) -> None:
        self._exits.setdefault(workload.ref, Exit(code=0))

    async def observe(self, refs: Sequence[AttemptRef]) -> list[Observation]:
        return [self._seen(ref) for ref in refs]

    def _seen(self, ref: AttemptRef) -> Observation:
        told = self._exits.get(ref)
        return Observation(ref=ref, phase=Phase.GONE if told is None else Phase.EXITED, exit=told)

    async def stop(self, ref: AttemptRef, *, grace: float) -> None:
        self._exits.setdefault(ref, Exit(reason="user"))

    async def adopt(self) -> list[AttemptRef]:
        return list(self._exits)

    async def release(self, ref: AttemptRef) -> None:
        self._exits.pop(ref, None)

    async def aclose(self) -> None:
        return
