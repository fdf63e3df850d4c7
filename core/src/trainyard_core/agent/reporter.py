"""What an agent has seen and core does not know yet."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from trainyard_core.agent.port import AgentPort
from trainyard_core.agent.tasks import TaskTable
from trainyard_core.contracts.workload import AttemptRef, Observation, Phase

__all__ = ["Reporter"]

AGAIN = 1.0


class Reporter:
    """Tells each change once. What could not be told is told again."""

    def __init__(self, port: AgentPort, tasks: TaskTable) -> None:
        self._port, self._tasks = port, tasks
        self._seen: asyncio.Queue[Observation] = asyncio.Queue()
        self._told: dict[AttemptRef, tuple[Phase, str, str, dict[str, Any]]] = {}

    def put(self, observation: Observation) -> None:
        """This was seen."""
        self._seen.put_nowait(observation)

    def keep(self, held: Collection[AttemptRef]) -> None:
        """Forget what was told of all other attempts: they are over."""
        self._told = {ref: told for ref, told in self._told.items() if ref in held}

    async def forever(self) -> None:
        """Report what has changed, everything that waits in one go, until the session is over."""
        while self._tasks.over is None:
            batch = [await self._seen.get()]
            while not self._seen.empty():
                batch.append(self._seen.get_nowait())
            changed = [o for o in batch if self._told.get(o.ref) != _said(o)]
            if changed:
                await self._tell(changed)

    async def _tell(self, changed: list[Observation]) -> None:
        while self._tasks.over is None:
            try:
                await self._port.report(changed)
            except Exception as error:
                self._tasks.mind(error, "report")
                await asyncio.sleep(AGAIN)
            else:
                self._told.update({o.ref: _said(o) for o in changed})
                return


def _said(seen: Observation) -> tuple[Phase, str, str, dict[str, Any]]:
    return seen.phase, seen.reason, seen.message, seen.detail
